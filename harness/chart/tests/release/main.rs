//! Releases in an embedded cluster, in virtual time.
#![expect(clippy::unwrap_used, reason = "tests")]

mod recovery;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use chart::{Chart, Record, RecordStatus, ReleaseError, ReleaseOptions, Releases, Values};
use embedded_cluster::EmbeddedCluster;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Secret};
use kube::api::{DeleteParams, ListParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use simnet::Clock;

/// A cluster and the releases of its namespace `flyte`.
struct World {
    _cluster: EmbeddedCluster,
    client: Client,
    releases: Releases,
}

async fn world() -> World {
    let clock = Clock::simulated();
    let cluster = EmbeddedCluster::builder("controlplane")
        .clock(clock.clone())
        .seed(7)
        .start()
        .await
        .unwrap();
    let client = cluster.client();
    let now = clock.clone();
    let releases = Releases::new(client.clone(), "flyte", Arc::new(move || now.now()));
    World {
        _cluster: cluster,
        client,
        releases,
    }
}

fn creating() -> ReleaseOptions {
    ReleaseOptions {
        create_namespace: true,
        ..ReleaseOptions::default()
    }
}

fn fixture(name: &str) -> Chart {
    Chart::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/charts").join(name)).unwrap()
}

/// A chart made of the given templates.
fn chart(templates: &[(&str, &str)]) -> Chart {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    std::fs::write(
        folder.path().join("Chart.yaml"),
        "{apiVersion: v2, name: web, version: 0.1.0, appVersion: '1.0'}",
    )
    .unwrap();
    for (name, text) in templates {
        std::fs::write(folder.path().join("templates").join(name), text).unwrap();
    }
    Chart::load(folder.path()).unwrap()
}

const CONFIG: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata: {revision: {{ .Release.Revision | quote }}, message: {{ .Values.message | default \"none\" | quote }}}\n";
const EXTRA: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n";

async fn data(client: &Client, name: &str) -> Option<BTreeMap<String, String>> {
    let config: Option<ConfigMap> = Api::namespaced(client.clone(), "flyte").get_opt(name).await.unwrap();
    config.map(|config| config.data.unwrap_or_default())
}

fn states(history: &[Record]) -> Vec<(u32, &'static str)> {
    history.iter().map(|record| (record.version, record.info.status.as_str())).collect()
}

#[tokio::test(start_paused = true)]
async fn both_fixture_charts_install() {
    let world = world().await;
    let record = world
        .releases
        .install("flyte-core", &fixture("controlplane"), Values::default(), &creating())
        .await;
    assert_eq!(record.unwrap().info.status, RecordStatus::Deployed);
    let deployments: Api<Deployment> = Api::namespaced(world.client.clone(), "flyte");
    let names: Vec<String> = deployments
        .list(&ListParams::default())
        .await
        .unwrap()
        .into_iter()
        .filter_map(|d| d.metadata.name)
        .collect();
    assert_eq!(
        names,
        ["datacatalog", "flyteadmin", "flyteconsole", "flytescheduler", "syncresources"]
    );

    let other = self::world().await;
    let record = other
        .releases
        .install("flyte-core-data", &fixture("dataplane"), Values::default(), &creating())
        .await;
    assert_eq!(record.unwrap().info.status, RecordStatus::Deployed);
}

#[tokio::test(start_paused = true)]
async fn a_release_lives() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let both = chart(&[
        ("config.yaml", CONFIG),
        ("extra.yaml", EXTRA),
        ("NOTES.txt", "Thanks for {{ .Release.Name }}"),
    ]);
    let one = chart(&[("config.yaml", CONFIG)]);
    let values = |text: &str| Values::builder().set(text).unwrap().build();
    let options = ReleaseOptions { wait: true, ..creating() };

    let first = releases.install("web", &both, values("message=hello"), &options).await.unwrap();
    assert_eq!(
        (first.info.notes.as_str(), first.info.description.as_str()),
        ("Thanks for web", "Install complete")
    );
    let again = releases.install("web", &both, Values::default(), &options).await;
    assert!(matches!(again, Err(ReleaseError::NameInUse)), "{again:?}");

    // What the chart lost is removed; without values the last ones are used again.
    releases.upgrade("web", &one, Values::default(), &options).await.unwrap();
    assert_eq!(data(&client, "extra").await, None);
    assert_eq!(data(&client, "config").await.unwrap()["message"], "hello");
    assert_eq!(data(&client, "config").await.unwrap()["revision"], "2");

    releases.rollback("web", None, &options).await.unwrap();
    assert!(data(&client, "extra").await.is_some());
    assert_eq!(data(&client, "config").await.unwrap()["revision"], "1");
    let history = releases.history("web").await.unwrap();
    assert_eq!(states(&history), [(1, "superseded"), (2, "superseded"), (3, "deployed")]);
    assert_eq!(history[2].info.description, "Rollback to 1");

    releases.uninstall("web", &options).await.unwrap();
    assert_eq!(data(&client, "config").await, None);
    assert!(releases.history("web").await.unwrap().is_empty());
    let gone = releases.status("web").await;
    assert!(matches!(gone, Err(ReleaseError::NotFound { .. })), "{gone:?}");
}

#[tokio::test(start_paused = true)]
async fn objects_and_records_are_marked_as_helms() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    releases
        .deploy("web", &chart(&[("config.yaml", CONFIG)]), Values::default(), &creating())
        .await
        .unwrap();
    let configs: Api<ConfigMap> = Api::namespaced(client.clone(), "flyte");
    let metadata = configs.get("config").await.unwrap().metadata;
    assert_eq!(metadata.labels.unwrap()["app.kubernetes.io/managed-by"], "Helm");
    let annotations = metadata.annotations.unwrap();
    assert_eq!(annotations["meta.helm.sh/release-name"], "web");
    assert_eq!(annotations["meta.helm.sh/release-namespace"], "flyte");
    let manager = &metadata.managed_fields.unwrap()[0];
    assert_eq!(
        (manager.manager.as_deref(), manager.operation.as_deref()),
        (Some("helm"), Some("Apply"))
    );

    let secrets: Api<Secret> = Api::namespaced(client.clone(), "flyte");
    let secret = secrets.get("sh.helm.release.v1.web.v1").await.unwrap();
    assert_eq!(secret.type_.as_deref(), Some("helm.sh/release.v1"));
    let labels = secret.metadata.labels.unwrap();
    for (key, value) in [("name", "web"), ("owner", "helm"), ("status", "deployed"), ("version", "1")] {
        assert_eq!(labels[key], value);
    }
    let namespace = Api::<Namespace>::all(client).get("flyte").await.unwrap();
    assert_eq!(namespace.metadata.labels.unwrap()["name"], "flyte");
}

#[tokio::test(start_paused = true)]
async fn foreign_objects_are_not_taken_over() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let releases = Releases::new(client.clone(), "default", clock(&releases));
    let configs: Api<ConfigMap> = Api::namespaced(client, "default");
    let mine = ConfigMap {
        metadata: ObjectMeta {
            name: Some("config".into()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    };
    configs.create(&PostParams::default(), &mine).await.unwrap();
    let web = chart(&[("config.yaml", CONFIG)]);
    let refused = releases
        .install("web", &web, Values::default(), &ReleaseOptions::default())
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "unable to continue with install: ConfigMap \"config\" in namespace \"default\" exists and cannot be imported \
         into the current release: invalid ownership metadata; label validation error: missing key \
         \"app.kubernetes.io/managed-by\": must be set to \"Helm\"; annotation validation error: missing key \
         \"meta.helm.sh/release-name\": must be set to \"web\"; annotation validation error: missing key \
         \"meta.helm.sh/release-namespace\": must be set to \"default\""
    );
    assert!(releases.history("web").await.unwrap().is_empty());
    let taking = ReleaseOptions {
        take_ownership: true,
        ..ReleaseOptions::default()
    };
    releases.install("web", &web, Values::default(), &taking).await.unwrap();
}

/// The same virtual clock for another namespace.
fn clock(_: &Releases) -> chart::Clock {
    let clock = Clock::simulated();
    Arc::new(move || clock.now())
}

#[tokio::test(start_paused = true)]
async fn what_cannot_work_is_refused() {
    let World { releases, _cluster, .. } = world().await;
    let plain = ReleaseOptions::default();
    let web = chart(&[("config.yaml", CONFIG)]);
    let error = releases.install("Web", &web, Values::default(), &plain).await.unwrap_err();
    assert_eq!(error.code(), "release-name-invalid");
    let error = releases.install("web", &web, Values::default(), &plain).await.unwrap_err();
    assert_eq!(error.to_string(), "create: failed to create: namespaces \"flyte\" not found");
    let error = releases.upgrade("web", &web, Values::default(), &plain).await.unwrap_err();
    assert_eq!(error.to_string(), "\"web\" has no deployed releases");

    let foo = chart(&[("foo.yaml", "apiVersion: nosuch.io/v1\nkind: Foo\nmetadata: {name: bad}\n")]);
    let error = releases.install("foo", &foo, Values::default(), &creating()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no matches for kind \"Foo\" in version \"nosuch.io/v1\""),
        "{error}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refused_object_fails_the_revision_and_an_upgrade_mends_it() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let bad = chart(&[("bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: bad}\nspec: {x: 1}\n")]);
    let error = releases.install("web", &bad, Values::default(), &creating()).await.unwrap_err();
    assert!(error.to_string().contains("field not declared in schema"), "{error}");
    assert_eq!(releases.status("web").await.unwrap().info.status, RecordStatus::Failed);
    releases
        .upgrade("web", &chart(&[("config.yaml", CONFIG)]), Values::default(), &creating())
        .await
        .unwrap();
    assert!(data(&client, "config").await.is_some());
    assert_eq!(releases.status("web").await.unwrap().info.status, RecordStatus::Deployed);
}

const HOOK: &str = "apiVersion: batch/v1\nkind: Job\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'busybox:1'}]}}}\n";

/// No node runs the Job's pod here, so the hook cannot end.
#[tokio::test(start_paused = true)]
async fn hooks_run_first_and_hold_up_the_rest() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let web = chart(&[("config.yaml", CONFIG), ("hook.yaml", HOOK)]);
    let options = ReleaseOptions {
        timeout: Duration::from_secs(20),
        ..creating()
    };
    let before = tokio::time::Instant::now();
    let error = releases.install("web", &web, Values::default(), &options).await.unwrap_err();
    assert!(before.elapsed() >= Duration::from_secs(20));
    assert_eq!(
        error.to_string(),
        "pre-install hooks failed: resource Job/flyte/hook not ready. status: InProgress, message: Job in progress"
    );
    assert_eq!(data(&client, "config").await, None);
    let skipping = ReleaseOptions { no_hooks: true, ..options };
    releases.upgrade("web", &web, Values::default(), &skipping).await.unwrap();
    assert!(data(&client, "config").await.is_some());
}

#[tokio::test(start_paused = true)]
async fn lookup_sees_the_cluster() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let found = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: config}\ndata:\n  message: {{ (lookup \"v1\" \"ConfigMap\" .Release.Namespace \"source\").data.k | default \"none\" | quote }}\n  caps: {{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" | quote }}\n";
    let web = chart(&[("config.yaml", found)]);
    let source = ConfigMap {
        metadata: ObjectMeta {
            name: Some("source".into()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([("k".to_owned(), "v".to_owned())])),
        ..ConfigMap::default()
    };
    releases
        .install("first", &chart(&[("extra.yaml", EXTRA)]), Values::default(), &creating())
        .await
        .unwrap();
    let configs: Api<ConfigMap> = Api::namespaced(client.clone(), "flyte");
    configs.create(&PostParams::default(), &source).await.unwrap();
    releases
        .install("web", &web, Values::default(), &ReleaseOptions::default())
        .await
        .unwrap();
    let data = data(&client, "config").await.unwrap();
    assert_eq!((data["message"].as_str(), data["caps"].as_str()), ("v", "true"));
    configs.delete("source", &DeleteParams::default()).await.unwrap();
}

#[test]
fn records_of_helm_are_read() {
    let payload = std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/helm-release.txt")).unwrap();
    let record = Record::decode(payload.trim_ascii()).unwrap();
    assert_eq!((record.name.as_str(), record.version), ("web", 1));
    assert_eq!(record.info.status, RecordStatus::PendingInstall);
    assert_eq!(Record::decode(&record.encode().unwrap()).unwrap(), record);
}
