//! What all parts of one pod's work share.

use std::ops::Deref;
use std::sync::{Arc, LazyLock};

use k8s_openapi::api::core::v1::{Container, Pod, PodSpec};
use kube::ResourceExt;
use tokio::sync::watch;

use super::board::Board;
use crate::node::{NodeContext, Severity};

/// A pod as the API server last showed it.
#[derive(Clone)]
pub(crate) enum Assigned {
    Here(Arc<Pod>),
    /// Removed from the API server; this was its last state.
    Gone(Arc<Pod>),
}

impl Assigned {
    /// Marks the pod as gone; false if it was so marked.
    pub(crate) fn release(&mut self) -> bool {
        match self {
            Self::Here(pod) => {
                *self = Self::Gone(pod.clone());
                true
            }
            Self::Gone(_) => false,
        }
    }

    pub(crate) fn pod(&self) -> &Arc<Pod> {
        match self {
            Self::Here(pod) | Self::Gone(pod) => pod,
        }
    }
}

/// The spec of a pod, which it shares.
pub(crate) struct Spec(Arc<Pod>);

impl Deref for Spec {
    type Target = PodSpec;

    fn deref(&self) -> &PodSpec {
        static EMPTY: LazyLock<PodSpec> = LazyLock::new(PodSpec::default);
        self.0.spec.as_ref().unwrap_or(&EMPTY)
    }
}

/// What all parts of one pod's work share.
pub(crate) struct PodContext {
    pub(crate) node: Arc<NodeContext>,
    pub(crate) updates: watch::Receiver<Assigned>,
    pub(crate) board: Board,
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
}

impl PodContext {
    pub(crate) fn new(node: Arc<NodeContext>, updates: watch::Receiver<Assigned>) -> Self {
        let pod = updates.borrow().pod().clone();
        Self {
            board: Board::new(&pod, node.clock.now()),
            node,
            updates,
            namespace: pod.namespace().unwrap_or_default(),
            name: pod.name_any(),
            uid: pod.uid().unwrap_or_default(),
        }
    }

    /// The pod as last seen.
    pub(crate) fn pod(&self) -> Arc<Pod> {
        self.updates.borrow().pod().clone()
    }

    /// The pod's spec as last seen.
    pub(crate) fn spec(&self) -> Spec {
        Spec(self.pod())
    }

    /// `name_namespace(uid)`, as a kubelet's messages name a pod.
    pub(crate) fn title(&self) -> String {
        format!("{}_{}({})", self.name, self.namespace, self.uid)
    }

    /// Records an event about the pod.
    pub(crate) fn event(&self, severity: Severity, reason: &'static str, message: impl Into<String>) {
        self.node.events.record(&self.pod(), None, severity, reason, message.into());
    }

    /// Records an event about a container.
    pub(crate) fn container_event(&self, container: &Container, severity: Severity, reason: &'static str, message: impl Into<String>) {
        let pod = self.pod();
        let mut inits = pod.spec.iter().filter_map(|spec| spec.init_containers.as_ref()).flatten();
        let mut ephemeral = pod.spec.iter().filter_map(|spec| spec.ephemeral_containers.as_ref()).flatten();
        let list = match () {
            () if inits.any(|init| init.name == container.name) => "initContainers",
            () if ephemeral.any(|other| other.name == container.name) => "ephemeralContainers",
            () => "containers",
        };
        let field = format!("spec.{list}{{{}}}", container.name);
        self.node.events.record(&pod, Some(field), severity, reason, message.into());
    }
}
