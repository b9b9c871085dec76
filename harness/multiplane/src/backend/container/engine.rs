//! The docker engine, as far as testcontainers does not cover it: the world's network and volume.

use std::collections::HashMap;

use testcontainers::bollard::Docker;
use testcontainers::bollard::errors::Error;
use testcontainers::bollard::models::{
    EndpointSettings, NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest, VolumeCreateRequest,
};
use testcontainers::bollard::query_parameters::RemoveContainerOptionsBuilder;
use testcontainers::core::client::docker_client_instance;

use super::image::IMAGE;
use crate::backend::ledger::LABEL;
use crate::backend::{BackendError, dns_name, names};

/// The engine, for one world.
pub(super) struct Engine {
    docker: Docker,
    run: String,
    /// Of the network and the volume, and the start of the containers'.
    name: String,
}

impl Engine {
    /// Connects, and looks whether the image is there: testcontainers would try to pull it.
    pub(super) async fn connect(run: &str, world: &str) -> Result<Self, BackendError> {
        let docker = docker_client_instance().await;
        let docker = docker.map_err(|error| BackendError::World(format!("no docker engine: {error}")))?;
        let engine = Self {
            docker,
            run: run.to_owned(),
            name: format!("multiplane-{run}-{world}"),
        };
        let refused = |error: Error| BackendError::World(format!("no docker engine answers: {error}"));
        engine.docker.ping().await.map_err(refused)?;
        match engine.docker.inspect_image(IMAGE).await {
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => {
                Err(BackendError::World(format!("there is no image {IMAGE}; `make images` builds it")))
            }
            Err(error) => Err(refused(error)),
            Ok(_) => Ok(engine),
        }
    }

    /// The name of the network and of the volume.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The name of a cluster's container.
    pub(super) fn container(&self, id: &str) -> String {
        format!("{}-{}", self.name, dns_name(id))
    }

    /// What everything of the run is marked with.
    pub(super) fn labels(&self) -> HashMap<String, String> {
        HashMap::from([(LABEL.to_owned(), self.run.clone())])
    }

    pub(super) async fn create_network(&self) -> Result<(), BackendError> {
        let request = NetworkCreateRequest {
            name: self.name.clone(),
            driver: Some("bridge".to_owned()),
            labels: Some(self.labels()),
            ..NetworkCreateRequest::default()
        };
        let created = self.docker.create_network(request).await;
        created.map_err(|error| BackendError::World(format!("docker network {}: {error}", self.name)))?;
        Ok(())
    }

    pub(super) async fn create_volume(&self) -> Result<(), BackendError> {
        let request = VolumeCreateRequest {
            name: Some(self.name.clone()),
            labels: Some(self.labels()),
            ..VolumeCreateRequest::default()
        };
        let created = self.docker.create_volume(request).await;
        created.map_err(|error| BackendError::World(format!("docker volume {}: {error}", self.name)))?;
        Ok(())
    }

    /// Brings a cluster's container into the world's network, under the names that pods know it by.
    pub(super) async fn join(&self, id: &str) -> Result<(), Error> {
        let endpoint = EndpointSettings {
            aliases: Some(vec![names::api(id), names::ingress(id)]),
            ..EndpointSettings::default()
        };
        let request = NetworkConnectRequest {
            container: self.container(id),
            endpoint_config: Some(endpoint),
        };
        self.docker.connect_network(&self.name, request).await
    }

    pub(super) async fn part(&self, id: &str) -> Result<(), Error> {
        let request = NetworkDisconnectRequest {
            container: self.container(id),
            force: Some(true),
        };
        self.docker.disconnect_network(&self.name, request).await
    }

    /// Removes a cluster's container; one that is not there is gone already.
    pub(super) async fn remove(&self, id: &str) -> Result<(), Error> {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true).build();
        match self.docker.remove_container(&self.container(id), Some(options)).await {
            Err(Error::DockerResponseServerError { status_code: 404, .. }) => Ok(()),
            removed => removed,
        }
    }
}
