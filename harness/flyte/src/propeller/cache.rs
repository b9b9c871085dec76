//! Tasks whose results are kept in the catalog: looked for before a task runs, put there once it has run.
//!
//! A catalog that does not answer a look-up fails the round, as in flytepropeller: the run is tried again until its failed rounds are too many. One
//! that does not take a result fails nothing.

use std::sync::PoisonError;

use super::catalog::{CatalogClient, Hit, Key};
use super::engine::Waits;
use super::events::{RoundError, system};
use super::nodes::Run;
use super::pod::of_lists;
use super::scope::Scope;
use crate::crd::{Node, NodeStatus, NodeTarget, Task};
use crate::naming;
use crate::proto::core::catalog_reservation::Status as Reservation;
use crate::proto::core::task_execution::Phase;
use crate::proto::core::{CatalogCacheStatus as Cache, LiteralMap, TaskExecutionIdentifier};
use crate::proto::event::TaskNodeMetadata;
use crate::proto::event::node_execution_event::TargetMetadata;

/// A task whose results are kept.
pub(super) struct Cached<'a> {
    catalog: &'a CatalogClient,
    key: Key,
    /// One at a time computes a result.
    serializable: bool,
    /// A result that is there is replaced.
    overwrite: bool,
}

/// What a task's node does in a round.
pub(super) enum Turn {
    /// It has ended: the result came from the catalog.
    Done,
    /// Somebody else computes the result.
    Waits,
    /// It runs; `begins` says whether from now on. `waits` is what it has to look at again.
    Runs { begins: bool, waits: Waits },
}

impl Run<'_> {
    /// Takes over a new node's result from the catalog, if it is a task's that is kept there, and reports so.
    pub(super) async fn found(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
    ) -> Result<bool, RoundError> {
        let NodeTarget::Task(id) = &node.target else { return Ok(false) };
        let Some(cached) = self.cached(scope, node, scope.task(self.object, id)?, inputs)? else {
            return Ok(false);
        };
        self.hit(scope, node, &cached, status).await
    }

    async fn hit(&self, scope: &Scope<'_>, node: &Node, cached: &Cached<'_>, status: &mut NodeStatus) -> Result<bool, RoundError> {
        let Some(target) = self.look_up(scope, node, cached, status).await? else {
            return Ok(false);
        };
        self.report_end(scope, node, status, Some(target)).await?;
        Ok(true)
    }

    /// Whether it is the node's turn: of those who want one result and compute it one at a time, each reserves the right to.
    pub(super) async fn turn(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        cached: Option<&Cached<'_>>,
        status: &mut NodeStatus,
        first: bool,
    ) -> Result<Turn, RoundError> {
        let Some(cached) = cached.filter(|cached| cached.serializable && !cached.overwrite) else {
            let waits = Waits::Watch;
            return Ok(Turn::Runs { begins: first, waits });
        };
        let waited = status.waiting;
        if waited && self.hit(scope, node, cached, status).await? {
            status.waiting = false;
            return Ok(Turn::Done);
        }
        let reserved = self.reserve(scope, node, cached, status).await?;
        // Who runs already goes on, also if the right was lost.
        status.waiting = !reserved && (first || waited);
        Ok(match status.waiting {
            true => Turn::Waits,
            false => Turn::Runs {
                begins: first || waited,
                waits: Waits::Children,
            },
        })
    }

    /// Where the results of a node's task are kept, if they are.
    pub(super) fn cached(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        task: &Task,
        inputs: &LiteralMap,
    ) -> Result<Option<Cached<'_>>, RoundError> {
        let of_task = task.template.0.metadata.clone().unwrap_or_default();
        let (Some(catalog), true) = (&self.engine.catalog, node.cache.cacheable.unwrap_or(of_task.discoverable)) else {
            return Ok(None);
        };
        let version = node.cache.version.as_ref().unwrap_or(&of_task.discovery_version);
        let mut template = task.template.0.clone();
        if scope.shares_inputs()
            && let Some(outputs) = template.interface.as_mut().and_then(|interface| interface.outputs.as_mut())
        {
            // It declares the list of what all elements write.
            *outputs = of_lists(outputs);
        }
        Ok(Some(Cached {
            catalog,
            key: Key::new(&template, version, inputs).map_err(system)?,
            serializable: node.cache.serializable.unwrap_or(of_task.cache_serializable),
            overwrite: self.object.execution_config.overwrite_cache,
        }))
    }

    /// Takes a result over from the catalog, if it is there; what to tell of it.
    async fn look_up(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        cached: &Cached<'_>,
        status: &mut NodeStatus,
    ) -> Result<Option<TargetMetadata>, RoundError> {
        if cached.overwrite {
            return Ok(None);
        }
        let found = cached.catalog.get(&cached.key).await;
        let found = found.map_err(|status| {
            let (code, message) = (status.code(), status.message());
            system(format!(
                "failed to check catalog for previous results of [{}]: {code:?}: {message}",
                node.id
            ))
        })?;
        let Some(Hit { outputs, metadata }) = found else {
            return Ok(None);
        };
        self.succeed(scope, node, status, &outputs)?;
        self.tell_element(scope, status, Cache::CacheHit);
        Ok(Some(told(TaskNodeMetadata {
            cache_status: Cache::CacheHit as i32,
            catalog_key: Some(metadata),
            ..TaskNodeMetadata::default()
        })))
    }

    /// Reserves the right to compute a result, or holds on to it. False if somebody else has it.
    async fn reserve(&self, scope: &Scope<'_>, node: &Node, cached: &Cached<'_>, status: &NodeStatus) -> Result<bool, RoundError> {
        let owner = self.owner(scope, node, status);
        let answer = cached.catalog.reserve(&cached.key, &owner, self.engine.config.reeval).await;
        answer.map_err(|status| {
            system(format!(
                "failed to reserve in the catalog: {:?}: {}",
                status.code(),
                status.message()
            ))
        })
    }

    /// What is told of a node that begins to compute.
    pub(super) fn begins(cached: Option<&Cached<'_>>) -> Option<TargetMetadata> {
        let cached = cached.filter(|cached| cached.serializable)?;
        let mut metadata = TaskNodeMetadata::default();
        match cached.overwrite {
            true => metadata.cache_status = Cache::CacheSkipped as i32,
            false => metadata.reservation_status = Reservation::ReservationAcquired as i32,
        }
        Some(told(metadata))
    }

    /// Puts a result into the catalog and gives up the right to compute it; what to tell of it.
    pub(super) async fn populate(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        cached: &Cached<'_>,
        status: &NodeStatus,
    ) -> Result<TargetMetadata, RoundError> {
        let mut metadata = TaskNodeMetadata::default();
        let (cache_status, catalog_key) = self.put(scope, node, cached, status).await?;
        metadata.cache_status = cache_status as i32;
        metadata.catalog_key = catalog_key;
        self.tell_element(scope, status, cache_status);
        if cached.serializable {
            let released = cached.catalog.release(&cached.key, &self.owner(scope, node, status)).await;
            metadata.reservation_status = match released {
                Ok(()) => Reservation::ReservationReleased as i32,
                Err(_) if cached.overwrite => Reservation::ReservationDisabled as i32,
                Err(_) => Reservation::ReservationAcquired as i32,
            };
        }
        Ok(told(metadata))
    }

    async fn put(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        cached: &Cached<'_>,
        status: &NodeStatus,
    ) -> Result<(Cache, Option<crate::proto::core::CatalogMetadata>), RoundError> {
        if !cached.key.has_outputs() {
            return Ok((Cache::CacheDisabled, None));
        }
        let outputs = self.engine.data.read(&status.output_reference).map_err(system)?.unwrap_or_default();
        let source = TaskExecutionIdentifier {
            task_id: Some(cached.key.task().clone()),
            node_execution_id: Some(self.node_id(scope.unique(&node.id))),
            retry_attempt: status.attempts,
        };
        Ok(match cached.catalog.put(&cached.key, outputs, &source, cached.overwrite).await {
            Ok(metadata) => (Cache::CachePopulated, Some(metadata)),
            Err(_) => (Cache::CachePutFailure, Some(cached.key.of_task())),
        })
    }

    /// Who holds a reservation: an attempt of a node.
    fn owner(&self, scope: &Scope<'_>, node: &Node, status: &NodeStatus) -> String {
        naming::pod_name(&self.object.execution_id.name, &scope.unique(&node.id), status.attempts)
    }

    /// Says of an array's element where its result is from, or that it is kept.
    fn tell_element(&self, scope: &Scope<'_>, status: &NodeStatus, cache: Cache) {
        let Some((element, collected)) = scope.element.and_then(|element| Some((element, element.collected?))) else {
            return;
        };
        let mut collected = collected.lock().unwrap_or_else(PoisonError::into_inner);
        let mut resource = self.resource(scope, element.index, status.attempts, Phase::Succeeded);
        resource.cache_status = cache as i32;
        collected
            .retain(|other| (other.index, other.retry_attempt, other.phase) != (resource.index, resource.retry_attempt, resource.phase));
        collected.push(resource);
    }
}

fn told(metadata: TaskNodeMetadata) -> TargetMetadata {
    TargetMetadata::TaskNodeMetadata(metadata)
}
