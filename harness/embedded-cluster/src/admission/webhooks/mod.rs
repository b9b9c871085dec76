//! Webhooks: programs outside of the API server that change and check writes.
//!
//! Mutating ones are called one after the other, each with what the one before made; validating ones all at once.

mod client;
pub(super) mod review;
mod webhook;

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::future::join_all;

pub(super) use webhook::Webhook;

use super::Attempt;
use super::configured::Configured;
use super::expressions::Values;
use super::matching::Seen;
use crate::apiserver::json_patch;
use crate::status::Status;
use crate::value::Value;
use review::Answer;

type Id = (String, usize);

/// What the first round of mutating webhooks leaves for a second one.
#[derive(Default)]
pub(super) struct Round {
    second: bool,
    changed: bool,
    /// Called, and to be called again if something changes after them.
    called: BTreeSet<Id>,
    /// To be called in the second round.
    due: BTreeSet<Id>,
    output: Option<Value>,
}

impl Round {
    /// Whether a second round is due, which this begins. `changed`: something else changed the object.
    pub(super) fn again(&mut self, changed: bool) -> bool {
        self.second = self.changed || changed;
        self.second
    }

    fn begin(&mut self, object: &Value) {
        if self.second && self.output.as_ref() != Some(object) {
            self.due.append(&mut self.called);
        }
    }

    fn skips(&self, hook: &Webhook) -> bool {
        self.second && !self.due.contains(&hook.id())
    }

    fn note(&mut self, hook: &Webhook, changed: bool) {
        if changed {
            self.due.append(&mut self.called);
            self.changed = true;
        }
        if hook.reinvoked {
            self.called.insert(hook.id());
        }
    }
}

/// Lets the mutating webhooks change the object.
pub(super) async fn mutate(attempt: &mut Attempt<'_>, configured: &Configured, round: &mut Round) -> Result<(), Status> {
    round.begin(attempt.object);
    for hook in &configured.mutating {
        let Some(seen) = hook.concerns(attempt)? else { continue };
        if round.skips(hook) {
            continue;
        }
        let outcome = match Box::pin(hook.ask(attempt, &seen, true)).await {
            Ok(answer) => hook.apply(attempt, &seen, answer),
            Err(failure) => hook.failed(failure).map(|()| false),
        };
        round.note(hook, *outcome.as_ref().unwrap_or(&false));
        outcome?;
    }
    round.output = Some(attempt.object.clone());
    Ok(())
}

/// Lets the validating webhooks refuse the object.
pub(super) async fn validate(attempt: &mut Attempt<'_>, configured: &Configured) -> Result<(), Status> {
    let mut concerned: Vec<(&Arc<Webhook>, Seen)> = vec![];
    for hook in &configured.validating {
        if let Some(seen) = hook.concerns(attempt)? {
            concerned.push((hook, seen));
        }
    }
    let shared = &*attempt;
    let answers = join_all(concerned.iter().map(|(hook, seen)| hook.ask(shared, seen, false))).await;
    let mut verdict = Ok(());
    for ((hook, _), answer) in concerned.iter().zip(answers) {
        let one = match answer {
            Ok(answer) => {
                answer.warnings.iter().for_each(|warning| attempt.warn(warning));
                if answer.allowed { Ok(()) } else { Err(answer.refusal(&hook.name)) }
            }
            Err(failure) => hook.failed(failure),
        };
        verdict = verdict.and(one);
    }
    verdict
}

/// Why a webhook gave no answer.
enum Failure {
    /// It is not called for this request.
    Refused(Status),
    /// It could not be called, or its answer makes no sense.
    Call(String),
}

impl Webhook {
    /// Whether the write is for this webhook to see, and as what.
    fn concerns(&self, attempt: &Attempt<'_>) -> Result<Option<Seen>, Status> {
        let Some(seen) = self.matching.seen(attempt)? else {
            return Ok(None);
        };
        if self.conditions.is_empty() {
            return Ok(Some(seen));
        }
        match self.conditions.hold(&mut Values::new(attempt, &seen, &[])) {
            Ok(true) => Ok(Some(seen)),
            Err(why) if self.fails => Err(attempt.forbid(&why)),
            Ok(false) | Err(_) => Ok(None),
        }
    }

    /// Calls the webhook.
    async fn ask(&self, attempt: &Attempt<'_>, seen: &Seen, mutating: bool) -> Result<Answer, Failure> {
        if attempt.options.dry_run && !self.dry_runs {
            let because = format!("admission webhook {:?} does not support dry run", self.name);
            return Err(Failure::Refused(Status::bad_request(because)));
        }
        let uid = attempt.server.uid();
        let question = review::question(self, attempt, seen, &uid);
        let answer = self.client.post(attempt.server, &question, self.timeout).await;
        let answer = answer.map_err(|why| Failure::Call(format!("failed to call webhook: {why}")))?;
        let invalid = |why: String| Failure::Call(format!("received invalid webhook response: {why}"));
        Answer::read(&answer, &uid, self.version, mutating).map_err(invalid)
    }

    /// What a failure means for the write.
    fn failed(&self, failure: Failure) -> Result<(), Status> {
        match failure {
            Failure::Refused(status) => Err(status),
            Failure::Call(why) if self.fails => {
                let text = format!("failed calling webhook {:?}: {why}", self.name);
                Err(Status::internal(&text).cause("", text, ""))
            }
            Failure::Call(why) => {
                tracing::warn!(webhook = self.name, why, "webhook failed, passed over");
                Ok(())
            }
        }
    }

    /// Changes the object as the answer says; tells whether that made a difference.
    fn apply(&self, attempt: &mut Attempt<'_>, seen: &Seen, answer: Answer) -> Result<bool, Status> {
        answer.warnings.iter().for_each(|warning| attempt.warn(warning));
        if !answer.allowed {
            return Err(answer.refusal(&self.name));
        }
        if answer.patch.is_empty() {
            return Ok(false);
        }
        let patch: Value = serde_json::from_slice(&answer.patch).map_err(Status::internal)?;
        if patch.as_array().is_some_and(Vec::is_empty) {
            return Ok(false);
        }
        if attempt.new_object().is_null() {
            let name = &self.name;
            let text = format!("admission webhook {name:?} attempted to modify the object, which is not supported for this operation");
            return Err(Status::internal(text));
        }
        let mut object = attempt.shown(attempt.new_object(), seen);
        let before = object.clone();
        json_patch(&mut object, &patch).map_err(Status::internal)?;
        let changed = object != before;
        attempt.replace(object, seen)?;
        Ok(changed)
    }
}
