//! The catalog's calls and what they refuse.

use std::time::Duration;

use flyte::client::channel;
use flyte::proto::core::Literal;
use flyte::proto::datacatalog::data_catalog_client::DataCatalogClient;
use flyte::proto::datacatalog::*;
use tonic::Code;

use super::bench::Bench;
use super::plane::code;

fn dataset(name: &str) -> DatasetId {
    DatasetId {
        project: "team1".to_owned(),
        domain: "development".to_owned(),
        name: name.to_owned(),
        version: "v1".to_owned(),
        ..DatasetId::default()
    }
}

fn data(names: &[&str]) -> Vec<ArtifactData> {
    let data = names.iter().map(|name| ArtifactData {
        name: (*name).to_owned(),
        value: Some(Literal {
            hash: format!("of {name}"),
            ..Literal::default()
        }),
    });
    data.collect()
}

fn by_tag(tag: &str) -> GetArtifactRequest {
    GetArtifactRequest {
        dataset: Some(dataset("one")),
        query_handle: Some(get_artifact_request::QueryHandle::TagName(tag.to_owned())),
    }
}

#[tokio::test(start_paused = true)]
async fn results_are_kept_by_tag_and_refusals_have_their_codes() {
    let bench = Bench::start(&[]).await;
    bench.catalog().await;
    let channel = channel(&bench.host(), "datacatalog.example:8089", None, Duration::from_secs(10)).unwrap();
    let mut client = DataCatalogClient::new(channel);
    let make = |id: DatasetId| CreateDatasetRequest {
        dataset: Some(Dataset {
            id: Some(id),
            ..Dataset::default()
        }),
    };
    client.create_dataset(make(dataset("one"))).await.unwrap();
    assert_eq!(code(&client.create_dataset(make(dataset("one"))).await), "AlreadyExists");
    assert_eq!(code(&client.create_dataset(make(dataset(""))).await), "InvalidArgument");
    let get = |name| GetDatasetRequest {
        dataset: Some(dataset(name)),
    };
    assert_eq!(code(&client.get_dataset(get("one")).await), "OK");
    assert_eq!(code(&client.get_dataset(get("two")).await), "NotFound");

    let artifact = |name, data: &[&str]| CreateArtifactRequest {
        artifact: Some(Artifact {
            id: "a".to_owned(),
            dataset: Some(dataset(name)),
            data: self::data(data),
            ..Artifact::default()
        }),
    };
    assert_eq!(code(&client.create_artifact(artifact("two", &["o0"])).await), "NotFound");
    assert_eq!(code(&client.create_artifact(artifact("one", &[])).await), "InvalidArgument");
    assert_eq!(code(&client.create_artifact(artifact("one", &["o0", "o1"])).await), "OK");
    assert_eq!(code(&client.create_artifact(artifact("one", &["o0"])).await), "AlreadyExists");
    let tag = |artifact: &str| AddTagRequest {
        tag: Some(Tag {
            name: "t".to_owned(),
            artifact_id: artifact.to_owned(),
            dataset: Some(dataset("one")),
        }),
    };
    assert_eq!(code(&client.get_artifact(by_tag("t")).await), "NotFound");
    assert_eq!(code(&client.add_tag(tag("b")).await), "NotFound");
    assert_eq!(code(&client.add_tag(tag("a")).await), "OK");
    assert_eq!(code(&client.add_tag(tag("a")).await), "AlreadyExists");
    let found = client.get_artifact(by_tag("t")).await.unwrap().into_inner().artifact.unwrap();
    assert_eq!((found.data, found.tags.len()), (data(&["o0", "o1"]), 1));
    let update = UpdateArtifactRequest {
        dataset: Some(dataset("one")),
        query_handle: Some(update_artifact_request::QueryHandle::TagName("t".to_owned())),
        data: data(&["o2"]),
        metadata: None,
    };
    assert_eq!(client.update_artifact(update).await.unwrap().into_inner().artifact_id, "a");
    let found = client.get_artifact(by_tag("t")).await.unwrap().into_inner().artifact.unwrap();
    assert_eq!(found.data, data(&["o2"]));
    let listed = client.list_datasets(ListDatasetsRequest::default()).await;
    assert_eq!(listed.unwrap_err().code(), Code::Unimplemented);

    let reserve = |owner: &str| GetOrExtendReservationRequest {
        reservation_id: Some(ReservationId {
            dataset_id: Some(dataset("one")),
            tag_name: "u".to_owned(),
        }),
        owner_id: owner.to_owned(),
        heartbeat_interval: Some(prost_types::Duration { seconds: 10, nanos: 0 }),
    };
    let mut owners = Vec::new();
    for (owner, pause) in [("a", 0), ("b", 0), ("a", 20), ("b", 20), ("b", 40), ("a", 0)] {
        tokio::time::sleep(Duration::from_secs(pause)).await;
        let answer = client.get_or_extend_reservation(reserve(owner)).await.unwrap();
        owners.push(answer.into_inner().reservation.unwrap().owner_id);
    }
    assert_eq!(
        owners,
        ["a", "a", "a", "a", "b", "b"],
        "it lasts for three heartbeats, and who asks in time keeps it"
    );
    for (owner, next) in [("a", "b"), ("b", "a")] {
        let request = ReleaseReservationRequest {
            reservation_id: reserve(owner).reservation_id,
            owner_id: owner.to_owned(),
        };
        client.release_reservation(request).await.unwrap();
        let answer = client.get_or_extend_reservation(reserve("a")).await.unwrap();
        assert_eq!(answer.into_inner().reservation.unwrap().owner_id, next);
    }
}
