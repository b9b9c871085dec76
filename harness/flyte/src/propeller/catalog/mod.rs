//! The catalog as a data plane uses it: results of tasks, and reservations of those that are being computed.

mod hash;
mod key;
mod source;

use jiff::Timestamp;
use simnet::Clock;
use tonic::{Code, Status};

pub(super) use key::Key;

use super::retry::Retry;
use crate::admin::fits;
use crate::client::GrpcChannel;
use crate::config::CatalogCache;
use crate::proto::core::{CatalogMetadata, LiteralMap, TaskExecutionIdentifier};
use crate::proto::datacatalog::data_catalog_client::DataCatalogClient;
use crate::proto::datacatalog::*;

/// Refusals after which a call is tried again.
const AGAIN: &[Code] = &[Code::DeadlineExceeded, Code::Unavailable, Code::Cancelled];

/// A result that the catalog had.
#[derive(Debug)]
pub(super) struct Hit {
    pub(super) outputs: LiteralMap,
    pub(super) metadata: CatalogMetadata,
}

/// The catalog over gRPC.
pub(crate) struct CatalogClient {
    client: DataCatalogClient<GrpcChannel>,
    config: CatalogCache,
    clock: Clock,
}

/// One call with its retries.
macro_rules! call {
    ($self:ident.$method:ident($request:expr)) => {{
        let request = $request;
        let call = || {
            let (mut client, request) = ($self.client.clone(), request.clone());
            async move { client.$method(request).await }
        };
        $self.retry().call(call).await
    }};
}

impl CatalogClient {
    pub(crate) fn new(channel: GrpcChannel, config: CatalogCache, clock: Clock) -> Self {
        Self {
            client: DataCatalogClient::new(channel),
            config,
            clock,
        }
    }

    fn retry(&self) -> Retry {
        Retry {
            tries: self.config.max_retries,
            pause: self.config.pause,
            codes: AGAIN,
        }
    }

    /// The result at a place, if there is one that is not too old.
    pub(super) async fn get(&self, key: &Key) -> Result<Option<Hit>, Status> {
        match self.find(key).await {
            Err(status) if status.code() == Code::NotFound => Ok(None),
            result => result,
        }
    }

    async fn find(&self, key: &Key) -> Result<Option<Hit>, Status> {
        let request = GetDatasetRequest {
            dataset: Some(key.dataset.clone()),
        };
        let dataset = call!(self.get_dataset(request))?.dataset.unwrap_or_default();
        let request = GetArtifactRequest {
            dataset: Some(key.dataset.clone()),
            query_handle: Some(get_artifact_request::QueryHandle::TagName(key.tag.clone())),
        };
        let artifact = call!(self.get_artifact(request))?.artifact.unwrap_or_default();
        if self.too_old(&artifact) {
            return Ok(None);
        }
        let source = source::read(dataset.metadata.as_ref(), artifact.metadata.as_ref(), &key.task);
        Ok(Some(Hit {
            metadata: key.metadata(artifact.tags.first(), Some(source)),
            outputs: outputs(key, artifact)?,
        }))
    }

    fn too_old(&self, artifact: &Artifact) -> bool {
        let made = artifact.created_at.as_ref();
        let made = made.and_then(|time| Timestamp::new(time.seconds, time.nanos).ok());
        let age = made.and_then(|made| std::time::Duration::try_from(self.clock.now().duration_since(made)).ok());
        !self.config.max_age.is_zero() && age.is_some_and(|age| age > self.config.max_age)
    }

    /// Keeps a result; with `overwrite` in the place of one that is there.
    pub(super) async fn put(
        &self,
        key: &Key,
        outputs: LiteralMap,
        source: &TaskExecutionIdentifier,
        overwrite: bool,
    ) -> Result<CatalogMetadata, Status> {
        let dataset = Dataset {
            id: Some(key.dataset.clone()),
            metadata: Some(source::of_dataset(source)),
            partition_keys: Vec::new(),
        };
        there_is(call!(self.create_dataset(CreateDatasetRequest {
            dataset: Some(dataset.clone())
        })))?;
        let data = outputs.literals.into_iter();
        let data: Vec<ArtifactData> = data.map(|(name, value)| ArtifactData { name, value: Some(value) }).collect();
        if overwrite {
            let request = UpdateArtifactRequest {
                dataset: Some(key.dataset.clone()),
                query_handle: Some(update_artifact_request::QueryHandle::TagName(key.tag.clone())),
                data: data.clone(),
                metadata: Some(source::of_artifact(source)),
            };
            match call!(self.update_artifact(request)) {
                // There is none yet.
                Err(status) if status.code() == Code::NotFound => {}
                answer => return Ok(key.metadata(Some(&tag(key, answer?.artifact_id)), Some(source.clone()))),
            }
        }
        let tag = tag(key, artifact_id(key, source));
        let artifact = Artifact {
            id: tag.artifact_id.clone(),
            dataset: Some(key.dataset.clone()),
            data,
            metadata: Some(source::of_artifact(source)),
            ..Artifact::default()
        };
        there_is(call!(self.create_artifact(CreateArtifactRequest {
            artifact: Some(artifact.clone())
        })))?;
        there_is(call!(self.add_tag(AddTagRequest { tag: Some(tag.clone()) })))?;
        Ok(key.metadata(Some(&tag), None))
    }

    /// Reserves the right to compute a result, or holds on to it. False if somebody else has it.
    pub(super) async fn reserve(&self, key: &Key, owner: &str, heartbeat: std::time::Duration) -> Result<bool, Status> {
        let request = GetOrExtendReservationRequest {
            reservation_id: Some(reservation_id(key)),
            owner_id: owner.to_owned(),
            heartbeat_interval: prost_types::Duration::try_from(heartbeat).ok(),
        };
        let answer = call!(self.get_or_extend_reservation(request))?;
        Ok(answer.reservation.unwrap_or_default().owner_id == owner)
    }

    /// Gives a reservation up.
    pub(super) async fn release(&self, key: &Key, owner: &str) -> Result<(), Status> {
        let request = ReleaseReservationRequest {
            reservation_id: Some(reservation_id(key)),
            owner_id: owner.to_owned(),
        };
        call!(self.release_reservation(request)).map(|_| ())
    }
}

fn reservation_id(key: &Key) -> ReservationId {
    ReservationId {
        dataset_id: Some(key.dataset.clone()),
        tag_name: key.tag.clone(),
    }
}

fn tag(key: &Key, artifact_id: String) -> Tag {
    Tag {
        name: key.tag.clone(),
        artifact_id,
        dataset: Some(key.dataset.clone()),
    }
}

/// An artifact's id. Flytepropeller draws it; one that follows from its source makes a round that is done again harmless.
fn artifact_id(key: &Key, source: &TaskExecutionIdentifier) -> String {
    let node = source.node_execution_id.clone().unwrap_or_default();
    let run = node.execution_id.unwrap_or_default();
    let attempt = source.retry_attempt;
    crate::naming::artifact_id(&format!(
        "{}/{}/{}/{}/{attempt}/{}",
        run.project, run.domain, run.name, node.node_id, key.tag
    ))
}

/// What is there already is as good as made.
fn there_is<T>(result: Result<T, Status>) -> Result<(), Status> {
    match result {
        Err(status) if status.code() != Code::AlreadyExists => Err(status),
        _ => Ok(()),
    }
}

/// An artifact's data, if it is what the task declares.
fn outputs(key: &Key, artifact: Artifact) -> Result<LiteralMap, Status> {
    let declared = &key.outputs.variables;
    let wrong = |why: String| Status::internal(format!("artifact [{}] of task [{}] {why}", artifact.id, key.task.name));
    if declared.len() != artifact.data.len() {
        return Err(wrong(format!(
            "has {} values, {} are declared",
            artifact.data.len(),
            declared.len()
        )));
    }
    let mut outputs = LiteralMap::default();
    for data in &artifact.data {
        let kind = declared.get(&data.name).and_then(|variable| variable.r#type.as_ref());
        let value = data.value.clone().unwrap_or_default();
        if !kind.is_some_and(|kind| fits(&value, kind)) {
            return Err(wrong(format!("has a value [{}] that does not fit", data.name)));
        }
        outputs.literals.insert(data.name.clone(), value);
    }
    Ok(outputs)
}
