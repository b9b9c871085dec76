//! Whether a cluster may be used, and is as a scenario needs it: asked for all scenarios before the first one makes anything.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};

use super::ExistingError;
use super::claims::Claim;
use super::key::{Key, resource_of};
use super::listing::{Kinds, Listing};

/// What is done with every object that is made.
const VERBS: [&str; 3] = ["create", "patch", "delete"];

/// What a scenario makes in one cluster, in that cluster's terms.
#[derive(Debug, Default)]
pub(super) struct Intent {
    /// What is made, as far as the cluster serves its kind; kinds of definitions that are to be made are not there yet.
    keys: BTreeSet<Key>,
    /// What is made only if it is missing.
    if_missing: BTreeSet<Key>,
    /// Group, plural and namespace of all of them.
    attributes: BTreeSet<(String, String, Option<String>)>,
}

impl Intent {
    pub(super) fn of(claims: &BTreeSet<Claim>, kinds: &Kinds) -> Self {
        let mut intent = Self::default();
        for claim in claims {
            let Some((kind, namespaced)) = kinds.find(&claim.api_version, &claim.kind) else {
                continue;
            };
            let namespace = namespaced.then_some(claim.namespace.as_str());
            let key = Key::new(&resource_of(kind), namespace, &claim.name);
            match claim.if_missing {
                true => intent.if_missing.insert(key),
                false => intent.keys.insert(key),
            };
            let place = namespace.map(str::to_owned);
            intent.attributes.insert((kind.group.clone(), kind.plural.clone(), place));
        }
        intent
    }

    /// Parts that need rights in the whole cluster.
    pub(super) fn wide(&self) -> Vec<String> {
        let all: BTreeSet<&Key> = self.keys.iter().chain(&self.if_missing).collect();
        let wide = all.into_iter().filter(|key| key.namespace.is_none());
        wide.map(ToString::to_string).collect()
    }

    /// What is there already of what is to be made.
    pub(super) fn there(&self, listing: &Listing) -> Vec<String> {
        let there = self.keys.iter().filter(|key| listing.contains(key));
        // What stands in such a namespace is told by it.
        let there: Vec<&Key> = there.collect();
        let told = |key: &&&Key| {
            !there
                .iter()
                .any(|other| other.resource == "namespaces" && *other != **key && key.place() == Some(other.name.as_str()))
        };
        there.iter().filter(told).map(ToString::to_string).collect()
    }

    /// The rights that the context's user lacks.
    pub(super) async fn missing(&self, client: &Client) -> Result<Vec<String>, ExistingError> {
        let everything = ResourceAttributes {
            verb: Some("list".to_owned()),
            group: Some("*".to_owned()),
            resource: Some("*".to_owned()),
            ..ResourceAttributes::default()
        };
        let one = |verb: &str, group: &str, plural: &str, namespace: &Option<String>| ResourceAttributes {
            verb: Some(verb.to_owned()),
            group: Some(group.to_owned()),
            resource: Some(plural.to_owned()),
            namespace: namespace.clone(),
            ..ResourceAttributes::default()
        };
        let writes = self.attributes.iter();
        let writes = writes.flat_map(|(group, plural, namespace)| VERBS.map(|verb| one(verb, group, plural, namespace)));
        let answers = join_all(std::iter::once(everything).chain(writes).map(|attributes| may(client, attributes))).await;
        let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for answer in answers {
            if let Some((verb, what)) = answer? {
                missing.entry(what).or_default().insert(verb);
            }
        }
        let line = |(what, verbs): (String, BTreeSet<String>)| format!("{} {what}", verbs.into_iter().collect::<Vec<_>>().join(", "));
        Ok(missing.into_iter().map(line).collect())
    }
}

/// `None` if it is allowed, else verb and object.
async fn may(client: &Client, attributes: ResourceAttributes) -> Result<Option<(String, String)>, ExistingError> {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    let resource = super::key::resource(&text(&attributes.group), &text(&attributes.resource));
    let what = match &attributes.namespace {
        Some(namespace) => format!("{resource} in namespace {namespace}"),
        None if attributes.resource.as_deref() == Some("*") => "everything, for the proof that it is left as it was".to_owned(),
        None => format!("{resource} in the whole cluster"),
    };
    let verb = text(&attributes.verb);
    let review = SelfSubjectAccessReview {
        spec: SelfSubjectAccessReviewSpec {
            resource_attributes: Some(attributes),
            ..SelfSubjectAccessReviewSpec::default()
        },
        ..SelfSubjectAccessReview::default()
    };
    let reviews: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = reviews
        .create(&PostParams::default(), &review)
        .await
        .map_err(ExistingError::api("ask for rights"))?;
    Ok((!answer.status.is_some_and(|status| status.allowed)).then_some((verb, what)))
}
