//! What is known of a pod's containers: written by their supervisors, read by the publisher.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, ContainerState, ContainerStateWaiting, ContainerStatus, Pod};
use tokio::sync::watch;

/// What is known of a pod on its node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct State {
    /// In the spec's order.
    pub(crate) init: Vec<ContainerStatus>,
    /// In the spec's order.
    pub(crate) main: Vec<ContainerStatus>,
    /// In the order in which they were added.
    pub(crate) ephemeral: Vec<ContainerStatus>,
    /// The pod's address while it has a sandbox, and after.
    pub(crate) ip: Option<String>,
    /// Whether the pod has a sandbox with a network.
    pub(crate) sandbox: bool,
    /// When the node took the pod on.
    pub(crate) started: Timestamp,
    /// Why the node ended the pod: `reason`, `message`.
    pub(crate) failure: Option<(String, String)>,
    /// Whether the node has ended all containers for good.
    pub(crate) terminal: bool,
}

impl State {
    fn all_mut(&mut self) -> impl Iterator<Item = &mut ContainerStatus> {
        self.init.iter_mut().chain(&mut self.main).chain(&mut self.ephemeral)
    }
}

/// The present state, with news of its changes.
pub(crate) struct Board {
    state: Mutex<State>,
    changed: watch::Sender<()>,
}

impl Board {
    /// The state before anything has run. What the pod's status tells of earlier runs, on a node that was lost, is kept.
    pub(crate) fn new(pod: &Pod, now: Timestamp) -> Self {
        let spec = pod.spec.clone().unwrap_or_default();
        let status = pod.status.clone().unwrap_or_default();
        let waiting = first_reason(pod);
        let inits = spec.init_containers.unwrap_or_default();
        let first = |containers: &[Container], known: Option<Vec<ContainerStatus>>| {
            let known = known.unwrap_or_default();
            let initial = |container: &Container| initial(container, waiting, known.iter().find(|known| known.name == container.name));
            containers.iter().map(initial).collect()
        };
        let state = State {
            init: first(&inits, status.init_container_statuses),
            main: first(&spec.containers, status.container_statuses),
            ephemeral: Vec::new(),
            ip: None,
            sandbox: false,
            started: status.start_time.map_or(now, |time| time.0),
            failure: None,
            terminal: false,
        };
        Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(()),
        }
    }

    pub(crate) fn snapshot(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes whenever the state does.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    pub(crate) fn update(&self, edit: impl FnOnce(&mut State)) {
        edit(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.send_replace(());
    }

    /// Adds an ephemeral container that is about to start.
    pub(crate) fn expect_ephemeral(&self, pod: &Pod, container: &Container) {
        self.add_ephemeral(initial(container, first_reason(pod), None));
    }

    /// Adds an ephemeral container.
    pub(crate) fn add_ephemeral(&self, status: ContainerStatus) {
        self.update(|state| state.ephemeral.push(status));
    }

    /// Edits one container's status.
    pub(crate) fn container(&self, name: &str, edit: impl FnOnce(&mut ContainerStatus)) {
        self.update(|state| {
            if let Some(status) = state.all_mut().find(|status| status.name == name) {
                edit(status);
            }
        });
    }

    /// The reason that a container waits for, if it does.
    pub(crate) fn waits_for(&self, name: &str) -> Option<String> {
        let state = self.snapshot();
        let status = state
            .init
            .into_iter()
            .chain(state.main)
            .chain(state.ephemeral)
            .find(|status| status.name == name)?;
        status.state?.waiting?.reason
    }

    /// Marks a container as waiting; a run that has ended becomes its last state.
    pub(crate) fn waiting(&self, name: &str, reason: &str, message: Option<String>) {
        self.container(name, |status| {
            let before = status.state.replace(waiting(reason, message));
            if let Some(before) = before.filter(|state| state.terminated.is_some()) {
                status.last_state = Some(before);
            }
            status.ready = false;
            status.started = Some(false);
        });
    }
}

/// What a pod's containers wait for at first.
fn first_reason(pod: &Pod) -> &'static str {
    let mut inits = pod.spec.iter().flat_map(|spec| spec.init_containers.iter().flatten());
    if inits.next().is_none() {
        "ContainerCreating"
    } else {
        "PodInitializing"
    }
}

fn initial(container: &Container, reason: &str, known: Option<&ContainerStatus>) -> ContainerStatus {
    let ran = known.is_some_and(|known| known.container_id.is_some());
    ContainerStatus {
        name: container.name.clone(),
        image: container.image.clone().unwrap_or_default(),
        state: Some(waiting(reason, None)),
        ready: false,
        started: Some(false),
        restart_count: known.map_or(0, |known| known.restart_count + i32::from(ran)),
        last_state: known.and_then(|known| known.last_state.clone()),
        ..ContainerStatus::default()
    }
}

fn waiting(reason: &str, message: Option<String>) -> ContainerState {
    ContainerState {
        waiting: Some(ContainerStateWaiting {
            reason: Some(reason.to_owned()),
            message,
        }),
        ..ContainerState::default()
    }
}
