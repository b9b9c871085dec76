//! Artifacts: outputs of one execution of a task; and tags, by which they are found.

use std::collections::BTreeSet;

use bytes::Bytes;
use prost::Message;

use super::{Catalog, dataset_key, in_dataset, missing, required};
use crate::admin::error::AdminError;
use crate::proto::core::Literal;
use crate::proto::datacatalog::{
    AddTagRequest, Artifact, ArtifactData, Dataset, GetArtifactRequest, UpdateArtifactRequest, get_artifact_request,
    update_artifact_request,
};
use crate::proto_time;
use crate::stores::{EntityKey, InDataset, ObjectUri, Tables};

/// How a request names an artifact.
enum Handle<'a> {
    Id(&'a str),
    Tag(&'a str),
}

impl Catalog {
    /// `CreateArtifact`: the data goes to the object store first.
    ///
    /// # Errors
    /// `NotFound` without its dataset, `AlreadyExists` if there is one of that id, `InvalidArgument` if it lacks a part.
    pub(super) fn create_artifact(&self, artifact: Option<Artifact>) -> Result<(), AdminError> {
        let mut artifact = artifact.ok_or_else(|| AdminError::missing("artifact"))?;
        let dataset = dataset_key(artifact.dataset.as_ref())?;
        required("artifact.id", &artifact.id)?;
        with_data(&artifact.data)?;
        let key = in_dataset(&dataset, &artifact.id);
        let of = self.database.read(|tables| tables.datasets.get(&dataset).cloned())?;
        partitioned(&artifact, &of.ok_or_else(|| missing("Dataset", &dataset, ""))?)?;
        self.put(&key, &artifact.data)?;
        artifact.data = names(artifact.data);
        artifact.tags.clear();
        artifact.created_at = Some(proto_time::timestamp(self.clock.now()));
        self.database.write(|tables| Ok(tables.artifacts.insert(key, artifact)?))
    }

    /// `GetArtifact`, with its data and tags.
    ///
    /// # Errors
    /// `NotFound`; `Internal` if its data cannot be read.
    pub(super) fn artifact(&self, request: &GetArtifactRequest) -> Result<Artifact, AdminError> {
        let dataset = dataset_key(request.dataset.as_ref())?;
        let handle = match &request.query_handle {
            Some(get_artifact_request::QueryHandle::ArtifactId(id)) => Handle::Id(id),
            Some(get_artifact_request::QueryHandle::TagName(tag)) => Handle::Tag(tag),
            None => return Err(AdminError::missing("query_handle")),
        };
        let (key, mut artifact) = self.database.read(|tables| {
            let key = find(tables, &dataset, &handle)?;
            let artifact = tables.artifacts.get(&key).cloned();
            let mut artifact = artifact.ok_or_else(|| missing("Artifact", &dataset, &key.name))?;
            let first = in_dataset(&dataset, "");
            let tags = tables.tags.iter_from(&first);
            let tags = tags.take_while(|(tag, _)| tag.dataset == dataset).map(|(_, tag)| tag);
            artifact.tags = tags.filter(|tag| tag.artifact_id == key.name).cloned().collect();
            Ok::<_, AdminError>((key, artifact))
        })??;
        for data in &mut artifact.data {
            data.value = Some(self.get(&key, &data.name)?);
        }
        Ok(artifact)
    }

    /// `UpdateArtifact`: other data and metadata in the place of an artifact's own; answers with its id.
    ///
    /// # Errors
    /// As [`Self::artifact`].
    pub(super) fn update_artifact(&self, request: UpdateArtifactRequest) -> Result<String, AdminError> {
        let dataset = dataset_key(request.dataset.as_ref())?;
        let handle = match &request.query_handle {
            Some(update_artifact_request::QueryHandle::ArtifactId(id)) => Handle::Id(id),
            Some(update_artifact_request::QueryHandle::TagName(tag)) => Handle::Tag(tag),
            None => return Err(AdminError::missing("query_handle")),
        };
        with_data(&request.data)?;
        let key = self.database.read(|tables| find(tables, &dataset, &handle))??;
        self.put(&key, &request.data)?;
        self.database.write(|tables| {
            let row = tables.artifacts.get(&key).cloned();
            let mut artifact = row.ok_or_else(|| missing("Artifact", &dataset, &key.name))?;
            artifact.data = names(request.data);
            artifact.metadata = request.metadata;
            tables.artifacts.put(key.clone(), artifact);
            Ok::<_, AdminError>(())
        })?;
        Ok(key.name)
    }

    /// `AddTag`.
    ///
    /// # Errors
    /// `NotFound` without its dataset or artifact, `AlreadyExists` if the dataset has a tag of that name.
    pub(super) fn add_tag(&self, request: AddTagRequest) -> Result<(), AdminError> {
        let tag = request.tag.ok_or_else(|| AdminError::missing("tag"))?;
        let dataset = dataset_key(tag.dataset.as_ref())?;
        required("tag.name", &tag.name)?;
        required("tag.artifact_id", &tag.artifact_id)?;
        self.database.write(|tables| {
            if tables.datasets.get(&dataset).is_none() {
                return Err(missing("Dataset", &dataset, ""));
            }
            if tables.artifacts.get(&in_dataset(&dataset, &tag.artifact_id)).is_none() {
                return Err(missing("Artifact", &dataset, &tag.artifact_id));
            }
            Ok(tables.tags.insert(in_dataset(&dataset, &tag.name), tag)?)
        })
    }

    fn place(&self, key: &InDataset, data: &str) -> ObjectUri {
        let InDataset { dataset, name } = key;
        let folders = [
            &self.config.prefix,
            &dataset.project,
            &dataset.domain,
            &dataset.name,
            &dataset.version,
            name,
        ];
        let folders: Vec<&str> = folders.map(String::as_str).into();
        ObjectUri {
            scheme: self.config.storage.scheme.clone(),
            bucket: self.config.storage.container.clone(),
            key: format!("{}/{data}/data.pb", folders.join("/")),
        }
    }

    fn put(&self, key: &InDataset, data: &[ArtifactData]) -> Result<(), AdminError> {
        for data in data {
            let uri = self.place(key, &data.name);
            let content: Bytes = data.value.clone().unwrap_or_default().encode_to_vec().into();
            let put = self.objects.put_uri(&uri, content);
            put.map_err(|error| AdminError::internal(format!("unable to store artifact data in {uri}: {error}")))?;
        }
        Ok(())
    }

    fn get(&self, key: &InDataset, data: &str) -> Result<Literal, AdminError> {
        let uri = self.place(key, data);
        let internal = |why: String| AdminError::internal(format!("unable to read artifact data from {uri}: {why}"));
        let content = self.objects.get_uri(&uri).map_err(|error| internal(error.to_string()))?;
        let content = content.ok_or_else(|| internal("not found".to_owned()))?;
        Literal::decode(content).map_err(|error| internal(error.to_string()))
    }
}

/// The key of the artifact that a request means.
fn find(tables: &Tables, dataset: &EntityKey, handle: &Handle<'_>) -> Result<InDataset, AdminError> {
    match handle {
        Handle::Id(id) => {
            let key = in_dataset(dataset, id);
            let known = tables.artifacts.get(&key).is_some();
            known.then_some(key).ok_or_else(|| missing("Artifact", dataset, id))
        }
        Handle::Tag(name) => {
            let tag = tables.tags.get(&in_dataset(dataset, name));
            tag.map(|tag| in_dataset(dataset, &tag.artifact_id))
                .ok_or_else(|| missing("Tag", dataset, name))
        }
    }
}

fn with_data(data: &[ArtifactData]) -> Result<(), AdminError> {
    match data {
        [] => Err(AdminError::missing("artifactData")),
        data => data.iter().try_for_each(|data| required("artifactData.name", &data.name)),
    }
}

fn names(data: Vec<ArtifactData>) -> Vec<ArtifactData> {
    let data = data.into_iter();
    data.map(|data| ArtifactData { value: None, ..data }).collect()
}

/// An artifact has a value for each partition key of its dataset, and no others.
fn partitioned(artifact: &Artifact, dataset: &Dataset) -> Result<(), AdminError> {
    let given: BTreeSet<&String> = artifact.partitions.iter().map(|partition| &partition.key).collect();
    let wanted: BTreeSet<&String> = dataset.partition_keys.iter().collect();
    match given == wanted && artifact.partitions.len() == given.len() {
        true => Ok(()),
        false => Err(AdminError::invalid("the artifact's partitions are not those of its dataset")),
    }
}
