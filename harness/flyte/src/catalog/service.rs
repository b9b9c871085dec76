//! The gRPC service. Lists are not served.

use std::sync::Arc;

use tonic::{Request, Response, Status, async_trait};

use super::Catalog;
use crate::proto::datacatalog::data_catalog_server::DataCatalog;
use crate::proto::datacatalog::*;

/// The service over one replica's state.
#[derive(Clone)]
pub(crate) struct Service(pub(crate) Arc<Catalog>);

type Answer<T> = Result<Response<T>, Status>;

#[async_trait]
impl DataCatalog for Service {
    async fn create_dataset(&self, request: Request<CreateDatasetRequest>) -> Answer<CreateDatasetResponse> {
        self.0.create_dataset(request.into_inner().dataset)?;
        Ok(Response::new(CreateDatasetResponse {}))
    }

    async fn get_dataset(&self, request: Request<GetDatasetRequest>) -> Answer<GetDatasetResponse> {
        let dataset = Some(self.0.dataset(request.into_inner().dataset.as_ref())?);
        Ok(Response::new(GetDatasetResponse { dataset }))
    }

    async fn create_artifact(&self, request: Request<CreateArtifactRequest>) -> Answer<CreateArtifactResponse> {
        self.0.create_artifact(request.into_inner().artifact)?;
        Ok(Response::new(CreateArtifactResponse {}))
    }

    async fn get_artifact(&self, request: Request<GetArtifactRequest>) -> Answer<GetArtifactResponse> {
        let artifact = Some(self.0.artifact(&request.into_inner())?);
        Ok(Response::new(GetArtifactResponse { artifact }))
    }

    async fn add_tag(&self, request: Request<AddTagRequest>) -> Answer<AddTagResponse> {
        self.0.add_tag(request.into_inner())?;
        Ok(Response::new(AddTagResponse {}))
    }

    async fn update_artifact(&self, request: Request<UpdateArtifactRequest>) -> Answer<UpdateArtifactResponse> {
        let artifact_id = self.0.update_artifact(request.into_inner())?;
        Ok(Response::new(UpdateArtifactResponse { artifact_id }))
    }

    async fn get_or_extend_reservation(&self, request: Request<GetOrExtendReservationRequest>) -> Answer<GetOrExtendReservationResponse> {
        let reservation = Some(self.0.reserve(request.into_inner())?);
        Ok(Response::new(GetOrExtendReservationResponse { reservation }))
    }

    async fn release_reservation(&self, request: Request<ReleaseReservationRequest>) -> Answer<ReleaseReservationResponse> {
        self.0.release(&request.into_inner())?;
        Ok(Response::new(ReleaseReservationResponse {}))
    }

    async fn list_artifacts(&self, _: Request<ListArtifactsRequest>) -> Answer<ListArtifactsResponse> {
        Err(Status::unimplemented("method ListArtifacts not implemented"))
    }

    async fn list_datasets(&self, _: Request<ListDatasetsRequest>) -> Answer<ListDatasetsResponse> {
        Err(Status::unimplemented("method ListDatasets not implemented"))
    }
}
