//! Containers' logs by name: the present run's, and the one before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::pod::PodContext;
use crate::program::LogBuffer;

/// All logs of a node's pods.
#[derive(Default)]
pub(crate) struct Logs {
    pods: Mutex<BTreeMap<(String, String), PodLogs>>,
}

#[derive(Default)]
struct PodLogs {
    /// Knows what a container waits for that has not run yet.
    pod: Weak<PodContext>,
    containers: BTreeMap<String, Runs>,
}

struct Runs {
    current: Arc<LogBuffer>,
    previous: Option<Arc<LogBuffer>>,
}

/// Why there is no log to show.
pub(crate) enum NoLog {
    Pod,
    /// The container has not run yet; the reason as its state gives it.
    Waiting(String),
    Previous,
}

impl Logs {
    /// The log of a new run; the run before becomes the previous one.
    pub(crate) fn begin(&self, namespace: &str, pod: &str, container: &str) -> Arc<LogBuffer> {
        let current = Arc::new(LogBuffer::default());
        let mut pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        let containers = &mut pods.entry((namespace.to_owned(), pod.to_owned())).or_default().containers;
        let previous = containers.remove(container).map(|runs| runs.current);
        let runs = Runs {
            current: current.clone(),
            previous,
        };
        containers.insert(container.to_owned(), runs);
        current
    }

    pub(crate) fn find(&self, namespace: &str, pod: &str, container: &str, previous: bool) -> Result<Arc<LogBuffer>, NoLog> {
        let pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        let logs = pods.get(&(namespace.to_owned(), pod.to_owned())).ok_or(NoLog::Pod)?;
        let Some(runs) = logs.containers.get(container) else {
            let reason = logs.pod.upgrade().and_then(|pod| pod.board.waits_for(container));
            return Err(NoLog::Waiting(reason.unwrap_or_else(|| "ContainerCreating".to_owned())));
        };
        if previous {
            return runs.previous.clone().ok_or(NoLog::Previous);
        }
        Ok(runs.current.clone())
    }

    /// Makes the pod known before its containers run.
    pub(crate) fn open(&self, pod: &Arc<PodContext>) {
        let mut pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        pods.entry((pod.namespace.clone(), pod.name.clone())).or_default().pod = Arc::downgrade(pod);
    }

    pub(crate) fn forget(&self, namespace: &str, pod: &str) {
        let mut pods = self.pods.lock().unwrap_or_else(PoisonError::into_inner);
        pods.remove(&(namespace.to_owned(), pod.to_owned()));
    }
}
