//! A pod's containers: started in order, stopped in order.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use k8s_openapi::api::core::v1::Container;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::container::{Supervisor, is_started};
use super::context::{Assigned, PodContext, Spec};
use super::restart::{Role, init_role};
use super::sandbox;
use super::stop::{Stop, Stopper};
use super::volumes::Volumes;

/// What sidecars get at least, however long the pod's containers took to stop.
const SIDECAR_GRACE: Duration = Duration::from_secs(2);

/// A pod's containers, each under its supervisor.
pub(crate) struct Containers {
    ctx: Arc<PodContext>,
    spec: Spec,
    volumes: Arc<Volumes>,
    /// Init containers, one after the other, then the pod's containers.
    mains: Group,
    sidecars: Group,
}

/// Containers that are stopped together. A task yields whether its container succeeded in the end.
pub(super) struct Group {
    tasks: JoinSet<bool>,
    stopper: Stopper,
    stop: Stop,
}

impl Group {
    pub(super) fn new() -> Self {
        let (stopper, stop) = Stopper::new();
        Self {
            tasks: JoinSet::new(),
            stopper,
            stop,
        }
    }

    /// Puts a container under its supervisor.
    pub(super) fn start(&mut self, ctx: &Arc<PodContext>, container: Container, role: Role, volumes: &Arc<Volumes>) {
        let supervisor = Supervisor {
            ctx: ctx.clone(),
            container: Arc::new(container),
            role,
            volumes: volumes.clone(),
            stop: self.stop.clone(),
            pulled: AtomicBool::new(false),
            told: AtomicBool::new(false),
        };
        self.tasks.spawn(supervisor.run());
    }
}

impl Containers {
    pub(crate) fn new(ctx: Arc<PodContext>) -> Self {
        Self {
            spec: ctx.spec(),
            ctx,
            volumes: Arc::default(),
            mains: Group::new(),
            sidecars: Group::new(),
        }
    }

    /// Gives the pod its place in the network and its volumes.
    pub(crate) async fn prepare(&mut self) -> Arc<Volumes> {
        sandbox::create(&self.ctx).await;
        self.volumes = Arc::new(Box::pin(Volumes::mount(&self.ctx)).await);
        self.volumes.clone()
    }

    /// Runs everything in order; returns when no container will start again.
    pub(crate) async fn live(&mut self) {
        for container in self.spec.init_containers.clone().unwrap_or_default() {
            let name = container.name.clone();
            if init_role(&container) == Role::Sidecar {
                self.start(container, Role::Sidecar);
                self.started(&name).await;
                continue;
            }
            self.start(container, Role::Init);
            let ended = self.mains.tasks.join_next().await;
            if !matches!(ended, Some(Ok(true))) {
                return;
            }
        }
        for container in self.spec.containers.clone() {
            self.start(container, Role::Main);
        }
        while self.mains.tasks.join_next().await.is_some() {}
    }

    fn start(&mut self, container: Container, role: Role) {
        let group = match role {
            Role::Sidecar => &mut self.sidecars,
            _ => &mut self.mains,
        };
        group.start(&self.ctx, container, role, &self.volumes);
    }

    /// Waits until a sidecar has started.
    async fn started(&self, name: &str) {
        let mut changes = self.ctx.board.changes();
        while !is_started(&self.ctx.board.snapshot(), name) {
            // The board lives as long as the pod's context.
            drop(changes.changed().await);
        }
    }

    /// Stops what runs, sidecars last. They share the pod's grace period.
    pub(crate) async fn end(mut self) {
        let began = Instant::now();
        stop(&self.ctx, &mut self.mains, began, Duration::ZERO).await;
        let least = began.elapsed() + SIDECAR_GRACE;
        stop(&self.ctx, &mut self.sidecars, began, least).await;
    }
}

/// Stops a group and waits until it has ended. A deletion with less grace shortens the wait.
pub(super) async fn stop(ctx: &PodContext, group: &mut Group, began: Instant, least: Duration) {
    let mut updates = ctx.updates.clone();
    loop {
        let allowed = grace(&updates.borrow_and_update()).max(least);
        group.stopper.stop(began + allowed);
        tokio::select! {
            biased;
            ended = group.tasks.join_next() => if ended.is_none() { return },
            Ok(()) = updates.changed() => {}
        }
    }
}

/// How long a pod's containers may take to stop.
fn grace(assigned: &Assigned) -> Duration {
    let Assigned::Here(pod) = assigned else {
        return Duration::ZERO;
    };
    let own = pod.spec.as_ref().and_then(|spec| spec.termination_grace_period_seconds);
    let seconds = pod.metadata.deletion_grace_period_seconds.or(own).unwrap_or(30);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}
