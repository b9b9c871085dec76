//! Slow ways to other clusters, as the harness asks for them.
//!
//! What is asked for stands in an object of the cluster's own API, so that only its admin can ask, and that nobody has to ask twice. A machine
//! slows down the connections that its pods open; for those that others open to it, the others are asked.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ObjectMeta, Patch, PatchParams};
use kube::runtime::WatchStreamExt;
#[cfg(feature = "docker")]
use kube::runtime::wait::await_condition;
use kube::runtime::watcher::{self, Event, watcher};
use kube::{Api, Client};
use serde::{Deserialize, Serialize};
use simnet::{Effect, Rule, RuleId, Rules};

#[cfg(feature = "docker")]
use crate::backend::member::Fault;

/// The object, in [`NAMESPACE`].
const NAME: &str = "multiplane-links";
const NAMESPACE: &str = "kube-system";
/// The key with what is asked for, and the annotation with what is in force.
const WANTED: &str = "delays";
const IN_FORCE: &str = "dev.multiplane.links/in-force";

/// Delays in each direction, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Delays {
    /// To every other cluster.
    pub(crate) all: u64,
    /// To one of them, beside that; by DNS names of clusters.
    pub(crate) to: BTreeMap<String, u64>,
}

impl Delays {
    fn rules(&self, own: &str) -> Vec<Rule> {
        let all = Some((None, self.all)).into_iter();
        let delays = all.chain(self.to.iter().map(|(peer, millis)| (Some(peer.clone()), *millis)));
        let both = |(peer, millis): (Option<String>, u64)| {
            let effect = Effect::Delay(Duration::from_millis(millis));
            let (own, rule) = (Some(own.to_owned()), |from, to| Rule { from, to, effect });
            [rule(own.clone(), peer.clone()), rule(peer, own)]
        };
        delays.filter(|(_, millis)| *millis > 0).flat_map(both).collect()
    }
}

/// Puts in force whatever is asked for, and says so, until dropped.
pub(super) async fn follow(client: Client, rules: Rules, own: String) {
    let objects: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let config = watcher::Config::default().fields(&format!("metadata.name={NAME}"));
    let mut events = watcher(objects.clone(), config).default_backoff().boxed();
    let mut in_force: Vec<RuleId> = Vec::new();
    while let Some(event) = events.next().await {
        let Ok(Event::Apply(object) | Event::InitApply(object)) = event else {
            // The watcher mends its own errors.
            continue;
        };
        let Some(text) = wanted(&object).filter(|text| Some(*text) != told(&object)) else {
            continue;
        };
        let Ok(delays) = serde_json::from_str::<Delays>(text) else {
            tracing::warn!(text, "delays that nobody understands");
            continue;
        };
        for rule in in_force.drain(..) {
            rules.remove(rule);
        }
        in_force.extend(delays.rules(&own).into_iter().map(|rule| rules.add(rule)));
        let metadata = ObjectMeta {
            annotations: Some(BTreeMap::from([(IN_FORCE.to_owned(), text.to_owned())])),
            ..ObjectMeta::default()
        };
        let patch = Patch::Merge(ConfigMap {
            metadata,
            ..ConfigMap::default()
        });
        if let Err(error) = objects.patch(NAME, &PatchParams::default(), &patch).await {
            tracing::warn!(%error, "delays are in force, and nobody knows");
        }
    }
}

/// Asks a cluster for delays, and waits until they are in force.
///
/// # Errors
/// As the API server's.
#[cfg(feature = "docker")]
pub(crate) async fn ask(client: &Client, delays: &Delays) -> Result<(), Fault> {
    let objects: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
    let text = serde_json::to_string(delays)?;
    let object = ConfigMap {
        metadata: ObjectMeta {
            name: Some(NAME.to_owned()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([(WANTED.to_owned(), text.clone())])),
        ..ConfigMap::default()
    };
    let params = PatchParams::apply("multiplane").force();
    objects.patch(NAME, &params, &Patch::Apply(&object)).await?;
    let done = move |object: Option<&ConfigMap>| object.is_some_and(|object| told(object) == Some(text.as_str()));
    await_condition(objects, NAME, done).await?;
    Ok(())
}

fn wanted(object: &ConfigMap) -> Option<&str> {
    object.data.as_ref()?.get(WANTED).map(String::as_str)
}

fn told(object: &ConfigMap) -> Option<&str> {
    object.metadata.annotations.as_ref()?.get(IN_FORCE).map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_a_rule_for_each_direction() {
        let delays = Delays {
            all: 0,
            to: BTreeMap::from([("dataplane-1".to_owned(), 20), ("dataplane-2".to_owned(), 0)]),
        };
        let rule = |from: &str, to: &str| Rule {
            from: Some(from.to_owned()),
            to: Some(to.to_owned()),
            effect: Effect::Delay(Duration::from_millis(20)),
        };
        assert_eq!(delays.rules("a"), [rule("a", "dataplane-1"), rule("dataplane-1", "a")]);
        let all = Delays {
            all: 20,
            ..Delays::default()
        };
        let rules = all.rules("a");
        assert_eq!((rules[0].to.as_deref(), rules[1].from.as_deref()), (None, None));
    }
}
