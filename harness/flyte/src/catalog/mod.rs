//! The reference datacatalog: results of tasks by dataset and tag, and reservations of results that are being computed.
//!
//! `service` puts gRPC in front of it; `crate::programs` has the command line. Rows are in the database, artifacts' data in the object store.

mod artifacts;
mod datasets;
mod reservations;
mod service;

use simnet::Clock;
use virtual_node::ContainerContext;

use crate::admin::error::AdminError;
use crate::config::CatalogConfig;
use crate::proto::datacatalog::DatasetId;
use crate::stores::{Database, DatabaseError, EntityKey, InDataset, ObjectStore, Stores};

pub(crate) use service::Service;

/// One replica; several share the stores.
pub(crate) struct Catalog {
    config: CatalogConfig,
    database: Database,
    objects: ObjectStore,
    clock: Clock,
}

impl Catalog {
    /// Starts a replica.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub(crate) fn start(context: &ContainerContext, config: CatalogConfig, stores: &Stores) -> Result<Self, DatabaseError> {
        let store = config.storage.store_id(context.host.zone());
        Ok(Self {
            database: stores.database(&config.database)?,
            objects: stores.object_store_for(&store, context),
            config,
            clock: context.clock.clone(),
        })
    }
}

/// The key that a complete id names.
///
/// # Errors
/// `InvalidArgument` if a part is missing.
fn dataset_key(id: Option<&DatasetId>) -> Result<EntityKey, AdminError> {
    let id = id.ok_or_else(|| AdminError::missing("dataset"))?;
    required("project", &id.project)?;
    required("domain", &id.domain)?;
    required("name", &id.name)?;
    required("version", &id.version)?;
    Ok(id.into())
}

fn in_dataset(dataset: &EntityKey, name: &str) -> InDataset {
    InDataset {
        dataset: dataset.clone(),
        name: name.to_owned(),
    }
}

fn required(field: &str, value: &str) -> Result<(), AdminError> {
    match value {
        "" => Err(AdminError::missing(field)),
        _ => Ok(()),
    }
}

/// What a call answers that asks for something that is not there.
fn missing(kind: &str, key: &EntityKey, name: &str) -> AdminError {
    AdminError::not_found(format!(
        "missing entity of type {kind} with identifier project:\"{}\" name:\"{}\" domain:\"{}\" version:\"{}\" {name}",
        key.project, key.name, key.domain, key.version
    ))
}
