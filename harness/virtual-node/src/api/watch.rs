//! A watch that goes on for ever.

use std::fmt::Debug;
use std::time::Duration;

use futures::{Stream, TryStreamExt};
use k8s_openapi::serde::de::DeserializeOwned;
use kube::runtime::WatchStreamExt;
use kube::runtime::utils::Backoff;
use kube::runtime::watcher::{self, Config, Event};
use kube::{Api, Resource};

use super::Lean;

/// Lists and watches for ever, without managed fields; a failure is yielded and followed by a pause that grows.
pub(crate) fn watch<K>(api: Api<Lean<K>>, config: Config) -> impl Stream<Item = watcher::Result<Event<K>>> + Send
where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    watcher::watcher(api, config).backoff(Pause::default()).map_ok(bare)
}

fn bare<K>(event: Event<Lean<K>>) -> Event<K> {
    match event {
        Event::Apply(object) => Event::Apply(object.0),
        Event::Delete(object) => Event::Delete(object.0),
        Event::Init => Event::Init,
        Event::InitApply(object) => Event::InitApply(object.0),
        Event::InitDone => Event::InitDone,
    }
}

/// How long a watch waits before it tries again: 800 ms, doubled up to 30 s, as client-go's reflectors have it but without jitter: runs must
/// repeat. A watch without a pause tries again at once for ever, and virtual time stands still.
#[derive(Debug, Default)]
pub struct Pause {
    failures: u32,
}

impl Iterator for Pause {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let pause = Duration::from_millis(800) * 2u32.pow(self.failures.min(6));
        self.failures += 1;
        Some(pause.min(Duration::from_secs(30)))
    }
}

impl Backoff for Pause {
    fn reset(&mut self) {
        self.failures = 0;
    }
}
