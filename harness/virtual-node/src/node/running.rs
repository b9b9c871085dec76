//! The containers that run now, for those who come in from outside: `exec`, `attach`, `port-forward`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::program::ContainerContext;

/// Namespace, pod and container.
type Key = (String, String, String);

/// The containers of a node that run now.
#[derive(Clone, Default)]
pub(crate) struct Running {
    by_name: Arc<Mutex<BTreeMap<Key, ContainerContext>>>,
}

/// A container's run is known until this is dropped.
pub(crate) struct Known {
    of: Running,
    key: Key,
}

impl Running {
    pub(crate) fn begin(&self, context: ContainerContext) -> Known {
        let pod = &context.pod;
        let key = (pod.namespace.clone(), pod.name.clone(), pod.container.clone());
        self.lock().insert(key.clone(), context);
        Known { of: self.clone(), key }
    }

    /// The run of a container.
    pub(crate) fn find(&self, namespace: &str, pod: &str, container: &str) -> Option<ContainerContext> {
        let key = (namespace.to_owned(), pod.to_owned(), container.to_owned());
        self.lock().get(&key).cloned()
    }

    /// A run of any of a pod's containers.
    pub(crate) fn of_pod(&self, namespace: &str, pod: &str) -> Option<ContainerContext> {
        let first = (namespace.to_owned(), pod.to_owned(), String::new());
        let all = self.lock();
        let (key, context) = all.range(first..).next()?;
        (key.0 == namespace && key.1 == pod).then(|| context.clone())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, ContainerContext>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        self.of.lock().remove(&self.key);
    }
}
