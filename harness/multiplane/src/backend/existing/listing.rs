//! All objects of a cluster, by name: what a clean slate and a clean-up are proved with.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::PartialObjectMeta;
use kube::discovery::{ApiCapabilities, Discovery, Scope, verbs};
use kube::{Api, Client, ResourceExt};

use super::ExistingError;
use super::key::{Key, resource_of};

/// What comes and goes by itself and says nothing: events, leases of nodes and leaders, certificates of kubelets, disks at nodes.
const RESTLESS: [&str; 5] = [
    "events",
    "events.events.k8s.io",
    "leases.coordination.k8s.io",
    "certificatesigningrequests.certificates.k8s.io",
    "volumeattachments.storage.k8s.io",
];
/// API groups whose objects are measurements.
const METRICS: &str = "metrics.k8s.io";
/// Objects of one answer.
const PAGE: u32 = 500;
/// Kinds that are listed side by side.
const AT_ONCE: usize = 8;

/// The kinds that a cluster serves.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds(BTreeMap<String, (ApiResource, Scope)>, Vec<(ApiResource, ApiCapabilities)>);

impl Kinds {
    /// Asks the cluster.
    pub(super) async fn read(client: &Client) -> Result<Self, ExistingError> {
        let found = Discovery::new(client.clone())
            .run()
            .await
            .map_err(ExistingError::api("ask for its kinds"))?;
        let all: Vec<(ApiResource, ApiCapabilities)> = found.groups().flat_map(|group| group.recommended_resources()).collect();
        let by_name = all.iter().map(|(kind, can)| (resource_of(kind), (kind.clone(), can.scope.clone())));
        Ok(Self(by_name.collect(), all))
    }

    /// The API behind an object; `None` if the cluster no longer serves its kind.
    pub(super) fn api(&self, client: &Client, key: &Key) -> Option<Api<DynamicObject>> {
        let (kind, _) = self.0.get(&key.resource)?;
        Some(match &key.namespace {
            Some(namespace) => Api::namespaced_with(client.clone(), namespace, kind),
            None => Api::all_with(client.clone(), kind),
        })
    }

    /// The resource of a kind, and whether it stands in namespaces.
    pub(super) fn find(&self, api_version: &str, kind: &str) -> Option<(&ApiResource, bool)> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let mut found = self
            .0
            .values()
            .filter(|(resource, _)| resource.kind == kind && resource.group == group);
        found.next().map(|(resource, scope)| (resource, *scope == Scope::Namespaced))
    }
}

/// One object.
#[derive(Clone, Debug)]
struct Entry {
    uid: String,
    owners: Vec<String>,
}

/// All objects that a cluster has, except for what is restless.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing(BTreeMap<Key, Entry>);

impl Listing {
    /// Lists every kind.
    pub(super) async fn read(client: &Client, kinds: &Kinds) -> Result<Self, ExistingError> {
        let mut lists = Vec::new();
        for (kind, can) in &kinds.1 {
            if can.supports_operation(verbs::LIST) && !is_restless(kind) {
                lists.push(list(client.clone(), kind.clone()));
            }
        }
        let lists = stream::iter(lists).buffer_unordered(AT_ONCE);
        let lists: Vec<Vec<(Key, Entry)>> = lists.try_collect().await?;
        Ok(Self(lists.into_iter().flatten().collect()))
    }

    pub(super) fn contains(&self, key: &Key) -> bool {
        self.0.contains_key(key)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.keys()
    }

    /// Names of the objects of one resource.
    pub(super) fn count(&self, resource: &str) -> usize {
        self.0.keys().filter(|key| key.resource == resource).count()
    }

    /// Namespaces with objects of a resource.
    pub(super) fn namespaces_with(&self, resource: &str) -> BTreeSet<&str> {
        let of = self.0.keys().filter(|key| key.resource == resource);
        of.filter_map(|key| key.namespace.as_deref()).collect()
    }

    /// What is here and was not before, without what belongs to an object that is here: it comes and goes with that one. In a namespace that
    /// is new itself, only the namespace is told.
    pub(super) fn new_since(&self, before: &BTreeSet<Key>) -> Vec<&Key> {
        let here: BTreeSet<&str> = self.0.values().map(|entry| entry.uid.as_str()).collect();
        let is_new = |key: &Key| !before.contains(key);
        let inside_new = |key: &Key| {
            let place = key.namespace.as_deref().map(Key::namespace);
            place.is_some_and(|place| is_new(&place) && self.0.contains_key(&place))
        };
        let free = |entry: &Entry| !entry.owners.iter().any(|owner| here.contains(owner.as_str()));
        let found = self.0.iter().filter(|(key, entry)| is_new(key) && free(entry) && !inside_new(key));
        found.map(|(key, _)| key).collect()
    }
}

fn is_restless(kind: &ApiResource) -> bool {
    kind.group.ends_with(METRICS) || RESTLESS.contains(&resource_of(kind).as_str())
}

async fn list(client: Client, kind: ApiResource) -> Result<Vec<(Key, Entry)>, ExistingError> {
    let api: Api<DynamicObject> = Api::all_with(client, &kind);
    let name = resource_of(&kind);
    let mut params = ListParams::default().limit(PAGE);
    let mut all = Vec::new();
    loop {
        let page = match api.list_metadata(&params).await {
            Ok(page) => page,
            // Kinds that cannot be listed after all, such as those of a custom API that only answers questions.
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 405) => return Ok(all),
            Err(error) => {
                return Err(ExistingError::api("list all objects, for the proof that it is left as it was")(
                    error,
                ));
            }
        };
        all.extend(page.items.iter().map(|object| entry(&name, object)));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(all),
        }
    }
}

fn entry(resource: &str, object: &PartialObjectMeta<DynamicObject>) -> (Key, Entry) {
    let key = Key::new(resource, object.metadata.namespace.as_deref(), &object.name_any());
    let owners = object.metadata.owner_references.iter().flatten().map(|owner| owner.uid.clone());
    let entry = Entry {
        uid: object.metadata.uid.clone().unwrap_or_default(),
        owners: owners.collect(),
    };
    (key, entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(uid: &str, owner: Option<&str>) -> Entry {
        Entry {
            uid: uid.to_owned(),
            owners: owner.map(str::to_owned).into_iter().collect(),
        }
    }

    #[test]
    fn what_is_new() {
        let key = Key::new;
        let before = BTreeSet::from([Key::namespace("team"), key("deployments.apps", Some("team"), "theirs")]);
        let after = Listing(BTreeMap::from([
            (Key::namespace("team"), entry("1", None)),
            (key("deployments.apps", Some("team"), "theirs"), entry("2", None)),
            // A pod that others' controller made in the meantime.
            (key("pods", Some("team"), "theirs-x"), entry("3", Some("2"))),
            // A pod whose owner is gone, which nobody has collected yet.
            (key("pods", Some("team"), "ours-x"), entry("4", Some("9"))),
            (Key::namespace("new"), entry("5", None)),
            (key("secrets", Some("new"), "inside"), entry("6", None)),
        ]));
        let names: Vec<String> = after.new_since(&before).iter().map(ToString::to_string).collect();
        assert_eq!(names, ["namespaces new", "pods team/ours-x"]);
    }
}
