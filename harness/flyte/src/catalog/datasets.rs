//! Datasets: one for each task, interface and cache version.

use std::collections::BTreeSet;

use super::{Catalog, dataset_key, missing};
use crate::admin::error::AdminError;
use crate::proto::datacatalog::{Dataset, DatasetId};

impl Catalog {
    /// `CreateDataset`.
    ///
    /// # Errors
    /// `AlreadyExists` if there is one of that id, `InvalidArgument` if the id lacks a part or a partition key stands there twice.
    pub(super) fn create_dataset(&self, dataset: Option<Dataset>) -> Result<(), AdminError> {
        let dataset = dataset.ok_or_else(|| AdminError::missing("dataset"))?;
        let key = dataset_key(dataset.id.as_ref())?;
        let partitions: BTreeSet<&String> = dataset.partition_keys.iter().collect();
        if partitions.len() < dataset.partition_keys.len() {
            return Err(AdminError::invalid("partition keys are not unique"));
        }
        self.database.write(|tables| Ok(tables.datasets.insert(key, dataset)?))
    }

    /// `GetDataset`.
    ///
    /// # Errors
    /// `NotFound`, or `InvalidArgument` if the id lacks a part.
    pub(super) fn dataset(&self, id: Option<&DatasetId>) -> Result<Dataset, AdminError> {
        let key = dataset_key(id)?;
        let row = self.database.read(|tables| tables.datasets.get(&key).cloned())?;
        row.ok_or_else(|| missing("Dataset", &key, ""))
    }
}
