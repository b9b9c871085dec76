//! The containers that run now, for those who come in from outside: `exec`, `attach`, `port-forward`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::program::ContainerContext;
use crate::shell::Stdin;

/// Namespace, pod and container.
type Key = (String, String, String);

/// The containers of a node that run now.
#[derive(Clone, Default)]
pub(crate) struct Running {
    by_name: Arc<Mutex<BTreeMap<Key, Run>>>,
}

struct Run {
    context: ContainerContext,
    /// Where clients' input goes, of a container that reads it.
    stdin: Option<Stdin>,
}

/// A container's run is known until this is dropped.
pub(crate) struct Known {
    of: Running,
    key: Key,
}

impl Running {
    pub(crate) fn begin(&self, context: ContainerContext, stdin: Option<Stdin>) -> Known {
        let pod = &context.pod;
        let key = (pod.namespace.clone(), pod.name.clone(), pod.container.clone());
        self.lock().insert(key.clone(), Run { context, stdin });
        Known { of: self.clone(), key }
    }

    /// The run of a container.
    pub(crate) fn find(&self, namespace: &str, pod: &str, container: &str) -> Option<ContainerContext> {
        let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.lock().get(&key).map(|run| run.context.clone())
    }

    /// Where clients' input to a container goes, if it reads any.
    pub(crate) fn stdin(&self, namespace: &str, pod: &str, container: &str) -> Option<Stdin> {
        let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.lock().get(&key)?.stdin.clone()
    }

    /// A run of any of a pod's containers.
    pub(crate) fn of_pod(&self, namespace: &str, pod: &str) -> Option<ContainerContext> {
        let first = (namespace.to_owned(), pod.to_owned(), String::new());
        let all = self.lock();
        let (key, run) = all.range(first..).next()?;
        (key.0 == namespace && key.1 == pod).then(|| run.context.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Run>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.of.lock().remove(&self.key);
    }
}
