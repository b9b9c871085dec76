//! Waiting for a condition on objects to come true, and then to stay true.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use kube::Api;
use kube::core::Resource;
use kube::runtime::WatchStreamExt;
use kube::runtime::reflector::{self, reflector};
use kube::runtime::watcher::{self, Event};
use serde::de::DeserializeOwned;
use tokio::time::{Instant, sleep_until};
use virtual_node::Pause;

use crate::causes::causes;
use crate::report::duration;
use crate::run::progress::{Progress, Wait};
use crate::run::step::failure::{Failure, UNREACHABLE};

/// How long a condition may take to come true, and how long it must then stay so.
#[derive(Clone, Debug)]
pub(crate) struct Patience {
    pub(crate) within: Duration,
    pub(crate) hold: Duration,
    /// What waits, for those who wait with it.
    pub(crate) what: String,
    pub(crate) progress: Progress,
}

impl Patience {
    /// The same for something.
    pub(crate) fn of(&self, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ..self.clone()
        }
    }
}

/// Where a condition stands in time.
pub(crate) struct Settling {
    patience: Patience,
    start: Instant,
    /// Since when it has been true.
    since: Option<Instant>,
    /// What is wrong, and since when.
    wrong: Option<(String, Instant)>,
    /// What was wrong before that.
    before: Option<String>,
    wait: Wait,
}

/// What a look at the condition means for the wait.
pub(crate) enum Step {
    /// Go on until this instant at the latest.
    Until(Instant),
    /// It came true and stayed so.
    Settled,
    /// It did not come true in time, or did not stay so; the time that had passed since the start, and whether it had been true.
    Broken(Duration, bool),
}

impl Settling {
    pub(crate) fn new(patience: Patience) -> Self {
        let wait = patience.progress.wait();
        Self {
            patience,
            start: Instant::now(),
            since: None,
            wrong: None,
            before: None,
            wait,
        }
    }

    /// Takes a look's result.
    pub(crate) fn look(&mut self, result: &Result<(), String>) -> Step {
        let now = Instant::now();
        self.remember(result, now);
        match (result, self.since) {
            (Ok(()), None) => {
                self.since = Some(now);
                self.due(now)
            }
            (Ok(()), Some(_)) => self.due(now),
            (Err(_), Some(_)) => Step::Broken(now - self.start, true),
            (Err(_), None) if now >= self.start + self.patience.within => Step::Broken(now - self.start, false),
            (Err(_), None) => Step::Until(self.start + self.patience.within),
        }
    }

    fn due(&self, now: Instant) -> Step {
        let end = self.since.unwrap_or(now) + self.patience.hold;
        if now >= end { Step::Settled } else { Step::Until(end) }
    }

    fn remember(&mut self, result: &Result<(), String>, now: Instant) {
        let what = &self.patience.what;
        match result {
            Ok(()) => self
                .wait
                .sees(format!("{what} is so, and must stay so for {}", duration(self.patience.hold))),
            Err(why) if self.wrong.as_ref().is_some_and(|(wrong, _)| wrong == why) => {}
            Err(why) => {
                self.wait.sees(format!("{what} {why}"));
                let earlier = self.wrong.replace((why.clone(), now));
                self.before = earlier.map(|(wrong, _)| wrong).or(self.before.take());
            }
        }
    }

    /// The failure of the condition.
    pub(crate) fn broken(&self, after: Duration, held: bool, why: &str) -> Failure {
        let message = if held {
            format!("did not hold: after {}, {why}", duration(after))
        } else {
            format!("not so after {}: {why}", duration(after))
        };
        let failure = Failure::expectation(if held { "expect-not-held" } else { "expect-not-met" }, message);
        // What came to pass meanwhile is half of the story.
        let story = self.wrong.as_ref().zip(self.before.as_ref()).filter(|_| !held);
        let story = story.map(|((_, since), before)| format!("so since {}; before: {before}", duration(*since - self.start)));
        failure.details(story)
    }
}

/// Watches objects until `check` has come true and stayed so. `check` says what is wrong.
pub(crate) async fn settle<K>(
    api: Api<K>,
    config: watcher::Config,
    patience: Patience,
    check: impl Fn(&[Arc<K>]) -> Result<(), String>,
) -> Result<(), Failure>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Default + Eq + std::hash::Hash + Clone + Send + Sync,
{
    settle_in(reflector::store(), api, config, patience, check).await
}

/// [`settle`] for kinds known only at run time: the store is made by the caller.
pub(crate) async fn settle_in<K>(
    (objects, writer): (reflector::Store<K>, reflector::store::Writer<K>),
    api: Api<K>,
    config: watcher::Config,
    patience: Patience,
    check: impl Fn(&[Arc<K>]) -> Result<(), String>,
) -> Result<(), Failure>
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + Sync + 'static,
    K::DynamicType: Eq + std::hash::Hash + Clone + Send + Sync,
{
    let within = patience.within;
    let mut settling = Settling::new(patience);
    let mut events = reflector(writer, watcher::watcher(api, config).backoff(Pause::default())).boxed();
    let mut known = false;
    let mut trouble = None;
    let mut deadline = Instant::now() + within;
    loop {
        tokio::select! {
            biased;
            event = events.next() => match event {
                Some(Ok(Event::InitDone | Event::Apply(_) | Event::Delete(_))) => (known, trouble) = (true, None),
                Some(Ok(_)) => continue,
                Some(Err(error)) => trouble = Some(error),
                None => return Err(Failure::environment("api-watch", "the API server ended the watch for good")),
            },
            () = sleep_until(deadline) => {}
        }
        let result = if known {
            check(&objects.state())
        } else {
            Err(trouble.as_ref().map_or_else(|| "no answer yet".to_owned(), |error| causes(error)))
        };
        match settling.look(&result) {
            Step::Until(at) => deadline = at,
            Step::Settled => return Ok(()),
            Step::Broken(after, held) => {
                let failure = settling.broken(after, held, &result.err().unwrap_or_default());
                return Err(match trouble.filter(is_unreachable) {
                    // What is so there, nobody knows.
                    Some(error) => Failure::environment(UNREACHABLE, causes(&error)).details([failure.message]),
                    None => failure,
                });
            }
        }
    }
}

/// Whether the API server did not answer, as opposed to having refused the watch.
fn is_unreachable(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(error) | watcher::Error::WatchStartFailed(error) | watcher::Error::WatchFailed(error) => {
            !matches!(error, kube::Error::Api(_))
        }
        watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion => false,
    }
}
