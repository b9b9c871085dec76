//! Ephemeral containers: added to a pod while it runs, to look into it. Each starts once, beside all others, and ends with the pod.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::{Container, ContainerState, ContainerStateTerminated, ContainerStatus, EphemeralContainer, Pod};
use tokio::time::Instant;

use super::containers::{Group, stop};
use super::context::PodContext;
use super::restart::Role;
use super::volumes::Volumes;

/// A pod's ephemeral containers.
pub(crate) struct Ephemeral {
    ctx: Arc<PodContext>,
    group: Group,
    known: BTreeSet<String>,
}

impl Ephemeral {
    pub(crate) fn new(ctx: Arc<PodContext>) -> Self {
        Self {
            ctx,
            group: Group::new(),
            known: BTreeSet::new(),
        }
    }

    /// Starts each as soon as it is there, for as long as the pod lives.
    pub(crate) async fn live(&mut self, volumes: Arc<Volumes>) {
        let mut updates = self.ctx.updates.clone();
        loop {
            let pod = updates.borrow_and_update().pod().clone();
            for container in added(&pod) {
                if self.known.insert(container.name.clone()) {
                    self.begin(&pod, container, &volumes);
                }
            }
            if updates.changed().await.is_err() {
                // The channel ends only with the worker itself.
                return std::future::pending().await;
            }
        }
    }

    fn begin(&mut self, pod: &Pod, container: Container, volumes: &Arc<Volumes>) {
        match ran(pod, &container.name) {
            // It ran on this node before that was lost, and does not run twice.
            Some(status) => self.ctx.board.add_ephemeral(status),
            None => {
                self.ctx.board.expect_ephemeral(pod, &container);
                self.group.start(&self.ctx, container, Role::Ephemeral, volumes);
            }
        }
    }

    /// Stops those that run.
    pub(crate) async fn end(mut self) {
        stop(&self.ctx, &mut self.group, Instant::now(), Duration::ZERO).await;
    }
}

/// A pod's ephemeral containers as containers: they have all of their fields but for the target, whose processes they would see.
fn added(pod: &Pod) -> Vec<Container> {
    let all = pod.spec.iter().flat_map(|spec| spec.ephemeral_containers.iter().flatten());
    all.cloned().map(container).collect()
}

fn container(of: EphemeralContainer) -> Container {
    Container {
        args: of.args,
        command: of.command,
        env: of.env,
        env_from: of.env_from,
        image: of.image,
        image_pull_policy: of.image_pull_policy,
        name: of.name,
        security_context: of.security_context,
        stdin: of.stdin,
        stdin_once: of.stdin_once,
        termination_message_path: of.termination_message_path,
        termination_message_policy: of.termination_message_policy,
        tty: of.tty,
        volume_devices: of.volume_devices,
        volume_mounts: of.volume_mounts,
        working_dir: of.working_dir,
        ..Container::default()
    }
}

/// How a container that has run before ended, as far as the pod's status tells.
fn ran(pod: &Pod, name: &str) -> Option<ContainerStatus> {
    let known = pod.status.as_ref()?.ephemeral_container_statuses.as_ref()?;
    let mut status = known
        .iter()
        .find(|status| status.name == name && status.container_id.is_some())?
        .clone();
    let state = status.state.get_or_insert_default();
    if state.terminated.is_none() {
        let terminated = ContainerStateTerminated {
            container_id: status.container_id.clone(),
            exit_code: 137,
            message: Some("The container could not be located when the pod was terminated".to_owned()),
            reason: Some("ContainerStatusUnknown".to_owned()),
            ..ContainerStateTerminated::default()
        };
        *state = ContainerState {
            terminated: Some(terminated),
            ..ContainerState::default()
        };
    }
    Some(status)
}
