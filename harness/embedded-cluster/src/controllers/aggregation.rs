//! `clusterrole-aggregation-controller`: cluster roles whose rules are those of other roles.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::fields::Fields;
use super::resources::CLUSTER_ROLES;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::selector;
use crate::client::Patch;
use crate::object::Object;

/// Keys are cluster roles with an `aggregationRule`.
pub(crate) struct Aggregation(pub(crate) Context);

impl Controller for Aggregation {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if !change.is(&CLUSTER_ROLES) {
            return vec![];
        }
        let concerned = |role: &Object| {
            selects(role, &change.object) || change.old.as_ref().is_some_and(|old| selects(role, old)) || role.uid() == change.object.uid()
        };
        let roles = self.0.cache.all(&CLUSTER_ROLES);
        let aggregating = roles.iter().filter(|role| role.at("/aggregationRule").is_object());
        aggregating.filter(|role| concerned(role)).map(|role| Key::of(role)).collect()
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { client, cache, .. } = &self.0;
            let Some(role) = cache.get(&CLUSTER_ROLES, key) else {
                return Ok(None);
            };
            let rules = aggregate(&role, &cache.all(&CLUSTER_ROLES));
            if role.at("/aggregationRule").is_object() && role.list_at("/rules") != rules {
                let patch = Patch::Merge(json!({"rules": rules}));
                client.patch(&CLUSTER_ROLES, None, &key.name, None, patch).await?;
            }
            Ok(None)
        })
    }
}

fn selects(role: &Object, other: &Object) -> bool {
    let selectors = role.list_at("/aggregationRule/clusterRoleSelectors");
    role.name() != other.name() && selectors.iter().any(|s| selector::matches(s, other.labels()))
}

/// The rules of all selected roles, each once: selector by selector, roles by name.
fn aggregate(role: &Object, roles: &[std::sync::Arc<Object>]) -> Vec<Value> {
    let mut rules: Vec<Value> = Vec::new();
    let mut seen = BTreeSet::new();
    for one in role.list_at("/aggregationRule/clusterRoleSelectors") {
        for other in roles
            .iter()
            .filter(|other| other.name() != role.name() && selector::matches(one, other.labels()))
        {
            rules.extend(other.list_at("/rules").iter().filter(|rule| seen.insert(rule.to_string())).cloned());
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn role(name: &str, labels: Value, rules: Value, rule: Value) -> Arc<Object> {
        Arc::new(Object::new(
            json!({"metadata": {"name": name, "labels": labels}, "rules": rules, "aggregationRule": rule}),
        ))
    }

    #[test]
    fn selected_rules_once_and_in_order() {
        let by = |label: &str| json!({"matchLabels": {label: "true"}});
        let to = json!({"clusterRoleSelectors": [by("to-admin"), by("to-edit")]});
        let admin = role("admin", json!({"to-admin": "true"}), json!([{"verbs": ["old"]}]), to);
        let roles = [
            admin.clone(),
            role(
                "b",
                json!({"to-edit": "true"}),
                json!([{"verbs": ["get"]}, {"verbs": ["list"]}]),
                Value::Null,
            ),
            role("c", json!({"to-admin": "true"}), json!([{"verbs": ["list"]}]), Value::Null),
            role("d", json!({"to-view": "true"}), json!([{"verbs": ["watch"]}]), Value::Null),
        ];
        assert_eq!(
            aggregate(&admin, &roles),
            vec![json!({"verbs": ["list"]}), json!({"verbs": ["get"]})]
        );
    }
}
