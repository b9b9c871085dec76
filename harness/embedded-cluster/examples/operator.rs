//! An operator under test: a kind of its own, an object that it owns, a finalizer, a status, only the rights that it needs, and an API server
//! that fails half of its writes.
//!
//! `cargo run -p embedded-cluster --example operator`

#![expect(clippy::print_stdout, reason = "an example")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use embedded_cluster::{Disturbance, Disturbed, EmbeddedCluster};
use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams, ResourceExt};
use kube::runtime::controller::Action;
use kube::runtime::finalizer::{Error, Event, finalizer};
use kube::runtime::wait::{Condition, await_condition, conditions};
use kube::runtime::{Controller, watcher};
use kube::{Client, Resource};
use serde_json::{Value, json};
use tokio::time::timeout;

/// What the operator has at hand.
struct Operator {
    client: Client,
    kind: ApiResource,
    /// Something outside of the cluster that must be told when a greeting goes.
    farewells: AtomicUsize,
}

/// Every greeting gets a ConfigMap with its text.
async fn reconcile(greeting: Arc<DynamicObject>, operator: Arc<Operator>) -> Result<Action, Error<kube::Error>> {
    let greetings: Api<DynamicObject> = Api::default_namespaced_with(operator.client.clone(), &operator.kind);
    finalizer(&greetings, "example.com/farewell", greeting, async |event| match event {
        Event::Apply(greeting) => operator.greet(&greetings, &greeting).await,
        Event::Cleanup(_) => {
            operator.farewells.fetch_add(1, Ordering::Relaxed);
            Ok(Action::await_change())
        }
    })
    .await
}

impl Operator {
    async fn greet(&self, greetings: &Api<DynamicObject>, greeting: &DynamicObject) -> Result<Action, kube::Error> {
        let maps: Api<ConfigMap> = Api::default_namespaced(self.client.clone());
        let (name, by) = (greeting.name_any(), PatchParams::apply("operator"));
        let map = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "ownerReferences": [greeting.controller_owner_ref(&self.kind)]},
            "data": {"text": greeting.data["spec"]["text"]},
        });
        maps.patch(&name, &by, &Patch::Apply(&map)).await?;
        let status = json!({"status": {"observedGeneration": greeting.meta().generation}});
        greetings.patch_status(&name, &by, &Patch::Merge(&status)).await?;
        Ok(Action::await_change())
    }
}

/// `kubectl apply`, in short.
async fn create<K>(client: &Client, object: Value) -> Result<K, Box<dyn std::error::Error>>
where
    K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned,
{
    let object = serde_json::from_value(object)?;
    Ok(Api::all(client.clone()).create(&PostParams::default(), &object).await?)
}

async fn install(admin: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let schema = json!({"type": "object", "properties": {
        "spec": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string", "minLength": 1}}},
        "status": {"type": "object", "properties": {"observedGeneration": {"type": "integer"}}},
    }});
    let version = json!({
        "name": "v1", "served": true, "storage": true, "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema},
    });
    let names = json!({"kind": "Greeting", "plural": "greetings", "singular": "greeting"});
    let definition = json!({
        "metadata": {"name": "greetings.example.com"},
        "spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    });
    create::<CustomResourceDefinition>(admin, definition).await?;
    let definitions: Api<CustomResourceDefinition> = Api::all(admin.clone());
    await_condition(definitions, "greetings.example.com", conditions::is_crd_established()).await?;

    // Without one of these rights the test would fail, as the operator in production.
    let rules = json!([
        {"apiGroups": ["example.com"], "resources": ["greetings"], "verbs": ["list", "watch", "patch"]},
        {"apiGroups": ["example.com"], "resources": ["greetings/status"], "verbs": ["patch"]},
        {"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "patch"]},
    ]);
    create::<ClusterRole>(admin, json!({"metadata": {"name": "operator"}, "rules": rules})).await?;
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "metadata": {"name": "operator"},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "operator"},
        "subjects": [{"apiGroup": group, "kind": "User", "name": "operator"}],
    });
    create::<ClusterRoleBinding>(admin, binding).await?;
    Ok(())
}

/// Waits for what an object of a name is to become. A condition that never comes true would be waited for without end, in no time.
async fn becomes(maps: &Api<ConfigMap>, name: &str, wanted: impl Condition<ConfigMap>) -> Result<(), Box<dyn std::error::Error>> {
    timeout(Duration::from_secs(600), await_condition(maps.clone(), name, wanted)).await??;
    Ok(())
}

#[tokio::main(flavor = "current_thread", start_paused = true)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = EmbeddedCluster::builder("example").start().await?;
    let admin = cluster.client();
    install(&admin).await?;
    let writes = Disturbed {
        user: "operator".into(),
        verbs: vec!["patch".into()],
        ..Disturbed::default()
    };
    let failing = cluster.disturb(writes, Disturbance::Error { code: 500, rate: 0.5 });

    let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("example.com", "v1", "Greeting"));
    let operator = Arc::new(Operator {
        client: cluster.client_for("operator", &[]),
        kind: kind.clone(),
        farewells: AtomicUsize::new(0),
    });
    let watched = Api::default_namespaced_with(operator.client.clone(), &kind);
    let running = Controller::new_with(watched, watcher::Config::default(), kind.clone())
        .run(reconcile, |_, _, _| Action::requeue(Duration::from_secs(5)), operator.clone())
        .for_each(async |done| {
            if let Err(error) = done {
                println!("again: {error}");
            }
        });
    tokio::spawn(running);

    let greetings: Api<DynamicObject> = Api::default_namespaced_with(admin.clone(), &kind);
    let maps: Api<ConfigMap> = Api::default_namespaced(admin);
    let says =
        |text: &'static str| move |map: Option<&ConfigMap>| map.is_some_and(|map| map.data.as_ref().is_some_and(|d| d["text"] == text));
    let greeting = serde_json::from_value(json!({
        "apiVersion": "example.com/v1", "kind": "Greeting", "metadata": {"name": "first"}, "spec": {"text": "hello"},
    }))?;
    greetings.create(&PostParams::default(), &greeting).await?;
    becomes(&maps, "first", says("hello")).await?;
    println!("hello");

    let other = json!({"spec": {"text": "good evening"}});
    greetings.patch("first", &PatchParams::default(), &Patch::Merge(&other)).await?;
    becomes(&maps, "first", says("good evening")).await?;
    println!("good evening");

    // The finalizer comes first; then the garbage collector removes what the greeting owned.
    greetings.delete("first", &DeleteParams::default()).await?;
    becomes(&maps, "first", |map: Option<&ConfigMap>| map.is_none()).await?;
    assert_eq!(operator.farewells.load(Ordering::Relaxed), 1);
    let (writes, failed) = failing.counts();
    assert!(failed > 0, "none of {writes} writes failed");
    println!("gone, although {failed} of {writes} writes failed");
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
