//! The replica sets of a deployment: which one is new, their revisions, making the new one.

use std::sync::Arc;

use crate::value::{Map, Value, json};

use super::progress::PROGRESSING;
use super::rolling::{Limits, new_set_size};
use crate::controllers::conditions::{self, Condition};
use crate::controllers::fields::{Fields, entry, seconds};
use crate::controllers::hash::template_hash;
use crate::controllers::pods::controller_reference;
use crate::controllers::resources::{DEPLOYMENTS, REPLICA_SETS};
use crate::controllers::runtime::Context;
use crate::object::Object;
use crate::status::Status;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MOST: &str = "deployment.kubernetes.io/max-replicas";
const HASH: &str = "pod-template-hash";

/// Annotations of a deployment that its replica sets do not take over.
const NOT_COPIED: [&str; 6] = [
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    HISTORY,
    DESIRED,
    MOST,
    "deprecated.deployment.rollback.to",
];

/// A deployment's replica sets.
#[derive(Clone, Debug)]
pub(super) struct Sets {
    /// The one with today's template, if there is one.
    pub(super) new: Option<Arc<Object>>,
    /// All others, oldest first.
    pub(super) old: Vec<Arc<Object>>,
}

impl Sets {
    /// Sorts replica sets into new and old ones.
    pub(super) fn find(deployment: &Object, mut all: Vec<Arc<Object>>) -> Self {
        all.sort_by_cached_key(|set| (set.creation_timestamp().to_owned(), set.name().to_owned()));
        let template = without_hash(deployment.at("/spec/template"));
        let new = all.iter().position(|set| without_hash(set.at("/spec/template")) == template);
        Self {
            new: new.map(|index| all.remove(index)),
            old: all,
        }
    }

    /// All of them, the new one last.
    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain(&self.new)
    }

    /// The sum of a number over all sets.
    pub(super) fn sum(&self, pointer: &str) -> i64 {
        self.all().map(|set| set.int_at(pointer)).sum()
    }
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH);
    }
    template
}

/// Whether `spec.replicas` changed since the sets were last scaled.
pub(super) fn were_scaled(deployment: &Object, all: &[Arc<Object>]) -> bool {
    let replicas = deployment.int_at("/spec/replicas");
    let active = all.iter().filter(|set| set.int_at("/spec/replicas") > 0);
    active.filter_map(|set| number(set, DESIRED)).any(|desired| desired != replicas)
}

/// An annotation that holds a number.
pub(super) fn number(object: &Object, annotation: &str) -> Option<i64> {
    object.annotation(annotation)?.parse().ok()
}

/// Brings the new set's annotations up to date; makes the set if it is missing and `create`.
/// Answers the deployment with the set's revision, and the sets.
pub(super) async fn sync(
    context: &Context,
    deployment: Arc<Object>,
    all: Vec<Arc<Object>>,
    create: bool,
) -> Result<(Arc<Object>, Sets), Status> {
    let mut sets = Sets::find(&deployment, all);
    let revision = sets.old.iter().filter_map(|set| number(set, REVISION)).max().unwrap_or(0) + 1;
    let (set, reason, verb) = match &sets.new {
        Some(set) => (annotate(context, &deployment, set, revision).await?, "FoundNewReplicaSet", "Found"),
        None if create => (
            make(context, &deployment, &sets, revision).await?,
            "NewReplicaSetCreated",
            "Created",
        ),
        None => return Ok((deployment, sets)),
    };
    let message = format!("{verb} new replica set {:?}", set.name());
    let condition = Condition {
        kind: PROGRESSING,
        status: "True",
        reason,
        message: &message,
    };
    let known = conditions::find(deployment.list_at("/status/conditions"), PROGRESSING).is_some();
    let wanted = deployment.number_at("/spec/progressDeadlineSeconds").is_some() && (!known || sets.new.is_none());
    let deployment = update_deployment(context, &deployment, set.annotation(REVISION), wanted.then_some(&condition)).await?;
    sets.new = Some(set);
    Ok((deployment, sets))
}

/// Writes a deployment's revision and a condition, where they differ.
pub(super) async fn update_deployment(
    context: &Context,
    deployment: &Arc<Object>,
    revision: Option<&str>,
    condition: Option<&Condition<'_>>,
) -> Result<Arc<Object>, Status> {
    let mut value = deployment.value().clone();
    if let Some(revision) = revision {
        entry(&mut value["metadata"], "annotations")[REVISION] = revision.into();
    }
    if let Some(condition) = condition {
        let mut list = deployment.list_at("/status/conditions").to_vec();
        conditions::set(&mut list, condition, &seconds(context.clock.now()), Some("lastUpdateTime"));
        value["status"]["conditions"] = list.into();
    }
    if value == *deployment.value() {
        return Ok(deployment.clone());
    }
    // Also the annotation goes by the status: written otherwise it would count as a new generation.
    context.client.update_status(&DEPLOYMENTS, value).await
}

async fn annotate(context: &Context, deployment: &Object, set: &Arc<Object>, revision: i64) -> Result<Arc<Object>, Status> {
    let mut value = set.value().clone();
    set_annotations(deployment, &mut value, revision);
    let min_ready = deployment.at("/spec/minReadySeconds");
    if min_ready.is_null() {
        value["spec"].as_object_mut().and_then(|spec| spec.remove("minReadySeconds"));
    } else {
        value["spec"]["minReadySeconds"] = min_ready.clone();
    }
    if value == *set.value() {
        Ok(set.clone())
    } else {
        context.client.update(&REPLICA_SETS, value).await
    }
}

/// Copies a deployment's annotations and raises the revision, keeping the ones it had.
fn set_annotations(deployment: &Object, set: &mut Value, revision: i64) {
    let annotations = entry(&mut set["metadata"], "annotations");
    for (name, value) in deployment.map_at("/metadata/annotations").into_iter().flatten() {
        if !NOT_COPIED.contains(&name.as_str()) {
            annotations[name] = value.clone();
        }
    }
    let before: i64 = annotations[REVISION].as_str().and_then(|r| r.parse().ok()).unwrap_or(0);
    if before < revision {
        annotations[REVISION] = revision.to_string().into();
        if before > 0 {
            let history = annotations[HISTORY].as_str().unwrap_or_default();
            let history = if history.is_empty() {
                before.to_string()
            } else {
                format!("{history},{before}")
            };
            annotations[HISTORY] = history.into();
        }
    }
    // Indexing left nulls behind where there was nothing.
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.retain(|_, value| !value.is_null());
    }
}

async fn make(context: &Context, deployment: &Arc<Object>, sets: &Sets, revision: i64) -> Result<Arc<Object>, Status> {
    let collisions = deployment.int_at("/status/collisionCount");
    let size = new_set_size(&Limits::of(deployment), 0, sets.sum("/spec/replicas"));
    let value = new_set(deployment, collisions, revision, size);
    let name = value.str_at("/metadata/name").to_owned();
    let set = match context.client.create(&REPLICA_SETS, deployment.namespace(), value).await {
        Ok(set) => set,
        Err(error) if error.is_already_exists() => return collide(context, deployment, &name, collisions, error).await,
        Err(error) => {
            let message = format!("Failed to create new replica set {name:?}: {error}");
            context.events.warning(deployment, "ReplicaSetCreateError", &message).await;
            let condition = Condition {
                kind: PROGRESSING,
                status: "False",
                reason: "ReplicaSetCreateError",
                message: &message,
            };
            update_deployment(context, deployment, None, Some(&condition)).await?;
            return Err(error);
        }
    };
    if size > 0 {
        let message = format!("Scaled up replica set {name} from 0 to {size}");
        context.events.normal(deployment, "ScalingReplicaSet", &message).await;
    }
    Ok(set)
}

/// The name is taken by another deployment's set: count the collision, so that the next try has
/// another hash.
async fn collide(context: &Context, deployment: &Object, name: &str, collisions: i64, error: Status) -> Result<Arc<Object>, Status> {
    let taken = context.client.get(&REPLICA_SETS, deployment.namespace(), name).await?;
    let ours = taken.controller().is_some_and(|owner| owner.uid == deployment.uid());
    if ours && without_hash(taken.at("/spec/template")) == without_hash(deployment.at("/spec/template")) {
        return Ok(taken);
    }
    let mut value = deployment.value().clone();
    value["status"]["collisionCount"] = (collisions + 1).into();
    context.client.update_status(&DEPLOYMENTS, value).await?;
    Err(error)
}

fn new_set(deployment: &Object, collisions: i64, revision: i64, size: i64) -> Value {
    let limits = Limits::of(deployment);
    let mut template = deployment.at("/spec/template").clone();
    let hash = template_hash(&template, collisions);
    entry(entry(&mut template, "metadata"), "labels")[HASH] = hash.clone().into();
    let mut selector = deployment.at("/spec/selector").clone();
    entry(&mut selector, "matchLabels")[HASH] = hash.clone().into();
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", deployment.name()), "namespace": deployment.namespace(),
            "labels": template["metadata"]["labels"], "annotations": Map::new(),
            "ownerReferences": [controller_reference(deployment)],
        },
        "spec": {"replicas": size, "selector": selector, "template": template},
    });
    if let Some(seconds) = deployment.number_at("/spec/minReadySeconds") {
        set["spec"]["minReadySeconds"] = seconds.into();
    }
    set_annotations(deployment, &mut set, revision);
    set["metadata"]["annotations"][DESIRED] = limits.replicas.to_string().into();
    set["metadata"]["annotations"][MOST] = limits.most().to_string().into();
    set
}
