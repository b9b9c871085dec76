//! `kube` against the embedded cluster: in process and over TLS, in virtual time.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use embedded_cluster::EmbeddedCluster;
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret, ServiceAccount};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, WatchParams};
use kube::core::{ApiResource, GroupVersionKind, WatchEvent};
use kube::runtime::wait::{await_condition, conditions};
use serde_json::json;
use simnet::http::{Access, AccessService};
use simnet::{Clock, Network};

fn from_json<T: serde::de::DeserializeOwned>(value: serde_json::Value) -> T {
    serde_json::from_value(value).unwrap()
}

async fn cluster() -> EmbeddedCluster {
    EmbeddedCluster::builder("test").seed(7).start().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn create_watch_patch_delete() {
    let cluster = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let list = maps.list(&ListParams::default()).await.unwrap();
    let mut watch = maps
        .watch(&WatchParams::default(), &list.metadata.resource_version.unwrap())
        .await
        .unwrap()
        .boxed();
    let map: ConfigMap = from_json(json!({"metadata": {"name": "a"}, "data": {"k": "v"}}));
    let made = maps.create(&PostParams::default(), &map).await.unwrap();
    assert!(made.metadata.uid.is_some());
    let patch = json!({"data": {"k": "w"}});
    let patched = maps.patch("a", &PatchParams::default(), &Patch::Merge(&patch)).await.unwrap();
    assert_eq!(patched.data.unwrap()["k"], "w");
    let apply = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {"m": "n"}});
    let applied = maps.patch("a", &PatchParams::apply("me"), &Patch::Apply(&apply)).await.unwrap();
    assert_eq!(applied.data.unwrap().len(), 2);
    maps.delete("a", &DeleteParams::default()).await.unwrap();
    let mut seen = vec![];
    while let Some(event) = watch.try_next().await.unwrap() {
        let (kind, map) = match event {
            WatchEvent::Added(map) => ("added", map),
            WatchEvent::Modified(map) => ("modified", map),
            WatchEvent::Deleted(map) => ("deleted", map),
            other => panic!("{other:?}"),
        };
        if map.metadata.name.as_deref() == Some("a") {
            seen.push(kind);
        }
        if kind == "deleted" {
            break;
        }
    }
    assert_eq!(seen, ["added", "modified", "modified", "deleted"]);
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_awaited() {
    let cluster = cluster().await;
    let client = cluster.client();
    let accounts: Api<ServiceAccount> = Api::default_namespaced(client.clone());
    await_condition(accounts, "default", |a: Option<&ServiceAccount>| a.is_some())
        .await
        .unwrap();
    let pods: Api<Pod> = Api::default_namespaced(client);
    let pod: Pod = from_json(json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}));
    let pod = pods.create(&PostParams::default(), &pod).await.unwrap();
    let spec = pod.spec.unwrap();
    assert_eq!(spec.service_account_name.as_deref(), Some("default"));
    assert!(spec.volumes.unwrap()[0].name.starts_with("kube-api-access-"));
    let running = tokio::spawn(await_condition(pods.clone(), "p", conditions::is_pod_running()));
    tokio::time::sleep(Duration::from_secs(600)).await;
    let status = json!({"status": {"phase": "Running"}});
    pods.patch_status("p", &PatchParams::default(), &Patch::Merge(&status))
        .await
        .unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn rbac_refuses_and_names_the_missing_right() {
    let cluster = cluster().await;
    let bob: Api<Secret> = Api::namespaced(cluster.client_for("bob", &[]), "default");
    let error = bob.list(&ListParams::default()).await.unwrap_err().to_string();
    let expected = "secrets is forbidden: User \"bob\" cannot list resource \"secrets\" in API group \"\" in the namespace \"default\"";
    assert!(error.contains(expected), "{error}");
}

#[tokio::test(start_paused = true)]
async fn custom_resources_are_served() {
    let cluster = cluster().await;
    let client = cluster.client();
    let definition: CustomResourceDefinition = from_json(json!({
        "metadata": {"name": "flyteworkflows.flyte.lyft.com"},
        "spec": {
            "group": "flyte.lyft.com", "scope": "Namespaced",
            "names": {"kind": "FlyteWorkflow", "plural": "flyteworkflows", "singular": "flyteworkflow", "shortNames": ["fly"]},
            "versions": [{"name": "v1alpha1", "served": true, "storage": true, "schema": {
                "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}],
        },
    }));
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    definitions.create(&PostParams::default(), &definition).await.unwrap();
    await_condition(
        definitions.clone(),
        "flyteworkflows.flyte.lyft.com",
        conditions::is_crd_established(),
    )
    .await
    .unwrap();
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("flyte.lyft.com", "v1alpha1", "FlyteWorkflow"),
        "flyteworkflows",
    );
    let workflows: Api<DynamicObject> = Api::default_namespaced_with(client, &kind);
    let workflow: DynamicObject = from_json(json!({
        "apiVersion": "flyte.lyft.com/v1alpha1", "kind": "FlyteWorkflow", "metadata": {"name": "w"},
        "spec": {"nodes": {"n0": {"any": ["thing", 1]}}}, "status": {"phase": 1},
    }));
    let made = workflows.create(&PostParams::default(), &workflow).await.unwrap();
    assert_eq!(made.data["spec"], workflow.data["spec"]);
    assert_eq!(made.data["status"]["phase"], 1);
    definitions
        .delete("flyteworkflows.flyte.lyft.com", &DeleteParams::default())
        .await
        .unwrap();
    assert!(workflows.get("w").await.is_err());
    assert!(definitions.get_opt("flyteworkflows.flyte.lyft.com").await.unwrap().is_none());
}

/// A client over TLS from another machine of the simulated network.
fn over_tls(network: &Network, access: &Access) -> kube::Client {
    let host = network.host("elsewhere", "10.9.0.1");
    kube::Client::new(AccessService::new(&host, access).unwrap(), "default")
}

#[tokio::test(start_paused = true)]
async fn tokens_and_certificates_over_tls() {
    let clock = Clock::simulated();
    let network = Network::simulated(clock.clone());
    let names = vec!["test.multiplane.test".to_owned()];
    let cluster = EmbeddedCluster::builder("test")
        .clock(clock.clone())
        .server_names(names)
        .start()
        .await
        .unwrap();
    network.name("test.multiplane.test", "test", "api");
    cluster.serve(network.host("test", "api").listen(443).await.unwrap()).unwrap();
    let admin: Api<ServiceAccount> = Api::default_namespaced(cluster.client());
    let account: ServiceAccount = from_json(json!({"metadata": {"name": "bot"}}));
    admin.create(&PostParams::default(), &account).await.unwrap();
    let request = TokenRequest {
        spec: Some(TokenRequestSpec::default()),
        ..TokenRequest::default()
    };
    let token = admin
        .create_token_request("bot", &PostParams::default(), &request)
        .await
        .unwrap()
        .status
        .unwrap()
        .token
        .unwrap();
    let access = |ca: &str, token: &str| Access {
        server: "https://test.multiplane.test:443".into(),
        ca_pem: ca.into(),
        token: Some(token.into()),
        client: None,
    };
    let namespaces = |access: &Access| Api::<Namespace>::all(over_tls(&network, access));
    let good = access(&cluster.ca_pem(), &token);
    let refused = namespaces(&good).list(&ListParams::default()).await.unwrap_err().to_string();
    assert!(
        refused.contains("User \"system:serviceaccount:default:bot\" cannot list resource \"namespaces\""),
        "{refused}"
    );
    let spoilt = namespaces(&access(&cluster.ca_pem(), "nonsense"))
        .list(&ListParams::default())
        .await
        .unwrap_err()
        .to_string();
    assert!(spoilt.contains("Unauthorized"), "{spoilt}");
    let other = simnet::tls::Authority::new("other", &clock).unwrap();
    assert!(namespaces(&access(other.pem(), &token)).list(&ListParams::default()).await.is_err());
    tokio::time::sleep(Duration::from_secs(3601)).await;
    let expired = namespaces(&good).list(&ListParams::default()).await.unwrap_err().to_string();
    assert!(expired.contains("Unauthorized"), "{expired}");
    let kubeconfig = cluster.kubeconfig("https://test.multiplane.test:443").unwrap();
    let user = kubeconfig.auth_infos[0].auth_info.clone().unwrap();
    assert!(user.client_certificate_data.is_some() && user.client_key_data.is_some());
    drop(cluster);
    assert!(namespaces(&good).list(&ListParams::default()).await.is_err(), "the cluster is gone");
}

#[tokio::test(start_paused = true)]
async fn kept_clients_are_refused_once_the_cluster_is_dropped() {
    let cluster = cluster().await;
    let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
    let unknown: Api<ConfigMap> = Api::default_namespaced(kube::Client::new(cluster.service(), "default"));
    let map: ConfigMap = from_json(json!({"metadata": {"name": "a"}}));
    let made = maps.create(&PostParams::default(), &map).await.unwrap();
    let mut watch = maps.watch(&WatchParams::default(), "0").await.unwrap().boxed();
    drop(cluster);
    let end = async { while watch.next().await.is_some() {} };
    tokio::time::timeout(Duration::from_secs(5), end).await.unwrap();

    let patch = Patch::Merge(json!({"data": {"k": "v"}}));
    let answers = [
        maps.get("a").await.err(),
        unknown.get("a").await.err(),
        maps.list(&ListParams::default()).await.err(),
        maps.create(&PostParams::default(), &made).await.err(),
        maps.patch("a", &PatchParams::default(), &patch).await.err(),
        maps.delete("a", &DeleteParams::default()).await.err(),
        maps.watch(&WatchParams::default(), "0").await.err(),
    ];
    for answer in answers {
        let Some(kube::Error::Api(status)) = answer else {
            panic!("not refused: {answer:?}")
        };
        let said = (status.code, status.reason.as_str(), status.message.as_str());
        assert_eq!(said, (503, "ServiceUnavailable", "apiserver is shutting down"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_cluster_has_an_issuer_of_its_own() {
    let issuer = "https://oidc.example/id/1";
    let cluster = EmbeddedCluster::builder("test").issuer(issuer).start().await.unwrap();
    let client = cluster.client();
    let get = async |path: &str| {
        let request = http::Request::get(path).body(vec![]).unwrap();
        client.request::<serde_json::Value>(request).await.unwrap()
    };
    let discovery = get("/.well-known/openid-configuration").await;
    assert_eq!(discovery["issuer"], issuer);
    assert_eq!(discovery["jwks_uri"], format!("{issuer}/openid/v1/jwks"));
    assert_eq!(get("/openid/v1/jwks").await["keys"][0]["alg"], "ES256");
    let accounts: Api<ServiceAccount> = Api::default_namespaced(client.clone());
    let account: ServiceAccount = from_json(json!({"metadata": {"name": "a"}}));
    accounts.create(&PostParams::default(), &account).await.unwrap();
    let claims = async |audiences: Vec<String>| {
        let spec = TokenRequestSpec {
            audiences: Some(audiences),
            ..TokenRequestSpec::default()
        };
        let request = TokenRequest {
            spec: Some(spec),
            ..TokenRequest::default()
        };
        let token = accounts.create_token_request("a", &PostParams::default(), &request).await.unwrap();
        let token = token.status.unwrap().token.unwrap();
        let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        serde_json::from_slice::<serde_json::Value>(&payload).unwrap()
    };
    let for_sts = claims(vec!["sts.amazonaws.com".to_owned()]).await;
    assert_eq!(for_sts["iss"], issuer);
    assert_eq!(for_sts["sub"], "system:serviceaccount:default:a");
    assert_eq!(for_sts["aud"], json!(["sts.amazonaws.com"]));
    assert_eq!(claims(vec![]).await["aud"], json!([issuer]), "the API server is who tokens are for");
}
