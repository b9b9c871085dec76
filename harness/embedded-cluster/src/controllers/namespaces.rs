//! `namespace-controller`: empties namespaces that are being deleted, pods first, and says in
//! their conditions what holds them up.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::value::Value;
use futures::future::BoxFuture;

use super::conditions::{self, Condition};
use super::fields::{Fields, seconds};
use super::resources::{CUSTOM_RESOURCE_DEFINITIONS, EVENTS, NAMESPACES, PODS};
use super::runtime::{Change, Context, Controller, Key, Outcome, Types};
use crate::client::{DeleteOptions, ListOptions, Propagation};
use crate::object::Object;
use crate::resource::Resource;
use crate::status::Status;

const FINALIZER: &str = "kubernetes";
/// When to look again at what remains.
const AGAIN: Duration = Duration::from_secs(5);

/// Keys are namespaces.
pub(crate) struct Namespaces(pub(crate) Context);

impl Controller for Namespaces {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&NAMESPACES) {
            let terminating = !change.gone && change.object.deletion_timestamp().is_some();
            return if terminating { vec![change.key()] } else { vec![] };
        }
        // What is removed from, changes in or still comes into a namespace while that is deleted.
        let namespace = change.object.namespace().map(|namespace| Key::new("", namespace));
        let terminating = |key: &Key| self.0.cache.get(&NAMESPACES, key).is_some_and(|n| n.deletion_timestamp().is_some());
        namespace.into_iter().filter(terminating).collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(namespace) = self.0.cache.get(&NAMESPACES, key) else {
                return Ok(None);
            };
            if namespace.deletion_timestamp().is_none() || !holds(&namespace) {
                return Ok(None);
            }
            let emptied = self.empty(&key.name).await;
            let (remains, failure) = match emptied {
                Ok(remains) => (remains, None),
                Err((remains, error)) => (remains, Some(error)),
            };
            let namespace = self.report(&namespace, &remains, failure.as_ref()).await?;
            match failure {
                Some(error) => Err(error),
                None if remains.resources.is_empty() => self.finalize(&namespace).await.map(|()| None),
                // Goes on when one of the remaining objects changes; of those whose definition goes, nobody tells.
                None => Ok(Some(AGAIN)),
            }
        })
    }
}

/// What is still in a namespace.
#[derive(Debug, Default, PartialEq, Eq)]
struct Remains {
    /// Objects by type, as in `pods.` or `deployments.apps`.
    resources: BTreeMap<String, usize>,
    /// Objects by finalizer.
    finalizers: BTreeMap<String, usize>,
}

impl Remains {
    fn add(&mut self, resource: &Resource, objects: &[std::sync::Arc<Object>]) {
        if !objects.is_empty() {
            let name = format!("{}.{}", resource.plural(), resource.group());
            *self.resources.entry(name).or_default() += objects.len();
        }
        for finalizer in objects.iter().flat_map(|object| object.finalizers()) {
            *self.finalizers.entry(finalizer.to_owned()).or_default() += 1;
        }
    }
}

impl Namespaces {
    /// Deletes everything in a namespace: pods, and when those are gone the rest, so that no pod
    /// outlives the network policies and credentials around it.
    async fn empty(&self, namespace: &str) -> Result<Remains, (Remains, Status)> {
        let mut remains = Remains::default();
        let mut failure = None;
        let types = self.0.cache.types_in_namespace(namespace);
        let (pods, mut others): (Vec<_>, Vec<_>) = types.into_iter().partition(|resource| *resource == PODS);
        others.push(EVENTS);
        for stage in [pods, others] {
            if !remains.resources.is_empty() || failure.is_some() {
                break;
            }
            for resource in &stage {
                match self.delete_all(resource, namespace).await {
                    Ok(left) => remains.add(resource, &left),
                    Err(error) => failure = Some(error),
                }
            }
        }
        if remains.resources.is_empty() && failure.is_none() {
            failure = self.overlooked(namespace, &mut remains).await.err();
        }
        match failure {
            None => Ok(remains),
            Some(error) => Err((remains, error)),
        }
    }

    /// Deletes what the cache does not know yet: it may have come just before the namespace was deleted.
    async fn overlooked(&self, namespace: &str, remains: &mut Remains) -> Result<(), Status> {
        let (client, everything) = (&self.0.client, ListOptions::default());
        let definitions = client.list(&CUSTOM_RESOURCE_DEFINITIONS, None, &everything).await?.items;
        for resource in Types::namespaced(&definitions) {
            // An API server of another version does not have every type.
            let Ok(list) = client.list(&resource, Some(namespace), &everything).await else {
                continue;
            };
            let found = list.items;
            if found.is_empty() {
                continue;
            }
            if found.iter().any(|object| object.deletion_timestamp().is_none()) {
                let how = DeleteOptions {
                    propagation: Some(Propagation::Background),
                    ..DeleteOptions::default()
                };
                client.delete_collection(&resource, Some(namespace), &how, &everything).await?;
            }
            remains.add(&resource, &client.list(&resource, Some(namespace), &everything).await?.items);
        }
        Ok(())
    }

    async fn delete_all(&self, resource: &Resource, namespace: &str) -> Result<Vec<std::sync::Arc<Object>>, Status> {
        let everything = ListOptions::default();
        let how = DeleteOptions {
            propagation: Some(Propagation::Background),
            ..DeleteOptions::default()
        };
        let client = &self.0.client;
        let cached = self.0.cache.in_namespace(resource, namespace);
        // Events are not cached; of the rest, what is being deleted already needs no second call.
        if *resource == EVENTS || cached.iter().any(|object| object.deletion_timestamp().is_none()) {
            client.delete_collection(resource, Some(namespace), &how, &everything).await?;
        }
        Ok(client.list(resource, Some(namespace), &everything).await?.items)
    }

    async fn report(&self, namespace: &Object, remains: &Remains, failure: Option<&Status>) -> Result<Value, Status> {
        let mut value = namespace.value().clone();
        let mut list = namespace.list_at("/status/conditions").to_vec();
        let now = seconds(self.0.clock.now());
        for (kind, status, reason, message) in conditions_of(remains, failure) {
            // The message counts what remains, so that it changes without reason or status.
            let known = conditions::find(&list, kind).map(|c| c["message"].clone());
            if known.is_some_and(|known| known != message.as_str()) {
                conditions::remove(&mut list, kind);
            }
            conditions::set(
                &mut list,
                &Condition {
                    kind,
                    status,
                    reason,
                    message: &message,
                },
                &now,
                None,
            );
        }
        if list == namespace.list_at("/status/conditions") {
            return Ok(value);
        }
        list.sort_by(|a, b| a.str_at("/type").cmp(b.str_at("/type")));
        value["status"]["conditions"] = list.into();
        value["status"]["phase"] = "Terminating".into();
        Ok(self.0.client.update_status(&NAMESPACES, value).await?.value().clone())
    }

    async fn finalize(&self, namespace: &Value) -> Result<(), Status> {
        let mut namespace = namespace.clone();
        if let Some(finalizers) = namespace["spec"]["finalizers"].as_array_mut() {
            finalizers.retain(|finalizer| finalizer != FINALIZER);
        }
        match self.0.client.update_subresource(&NAMESPACES, "finalize", namespace).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}

fn holds(namespace: &Object) -> bool {
    namespace.list_at("/spec/finalizers").iter().any(|finalizer| finalizer == FINALIZER)
}

type Row = (&'static str, &'static str, &'static str, String);

fn conditions_of(remains: &Remains, failure: Option<&Status>) -> [Row; 5] {
    let listed = |counts: &BTreeMap<String, usize>, verb: &str| {
        let parts: Vec<String> = counts
            .iter()
            .map(|(name, count)| format!("{name} {verb} {count} resource instances"))
            .collect();
        parts.join(", ")
    };
    let content = if remains.resources.is_empty() {
        ("False", "ContentRemoved", "All content successfully removed".to_owned())
    } else {
        (
            "True",
            "SomeResourcesRemain",
            format!("Some resources are remaining: {}", listed(&remains.resources, "has")),
        )
    };
    let finalizers = if remains.finalizers.is_empty() {
        (
            "False",
            "ContentHasNoFinalizers",
            "All content-preserving finalizers finished".to_owned(),
        )
    } else {
        let message = format!(
            "Some content in the namespace has finalizers remaining: {}",
            listed(&remains.finalizers, "in")
        );
        ("True", "SomeFinalizersRemain", message)
    };
    let deletion = match failure {
        None => (
            "False",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".to_owned(),
        ),
        Some(error) => (
            "True",
            "ContentDeletionFailed",
            format!("Failed to delete all resource types, 1 remaining: {error}"),
        ),
    };
    let row = |kind, (status, reason, message)| (kind, status, reason, message);
    [
        row("NamespaceContentRemaining", content),
        row("NamespaceDeletionContentFailure", deletion),
        row(
            "NamespaceDeletionDiscoveryFailure",
            ("False", "ResourcesDiscovered", "All resources successfully discovered".to_owned()),
        ),
        row(
            "NamespaceDeletionGroupVersionParsingFailure",
            (
                "False",
                "ParsedGroupVersions",
                "All legacy kube types successfully parsed".to_owned(),
            ),
        ),
        row("NamespaceFinalizersRemaining", finalizers),
    ]
}
