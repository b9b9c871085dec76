//! `clusterrole-aggregation-controller`: cluster roles whose rules are those of other roles.

use std::collections::BTreeSet;

use crate::value::{Value, json};
use futures::future::BoxFuture;

use super::fields::Fields;
use super::resources::CLUSTER_ROLES;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use super::selector;
use crate::client::Patch;
use crate::object::Object;

/// There is one key: any role may be part of any other.
pub(crate) struct Aggregation(pub(crate) Context);

impl Controller for Aggregation {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&CLUSTER_ROLES) {
            vec![Key::new("", "")]
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, _: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Context { client, cache, .. } = &self.0;
            let roles = cache.all(&CLUSTER_ROLES);
            for role in roles.iter().filter(|role| role.at("/aggregationRule").is_object()) {
                let rules = aggregate(role, &roles);
                if role.list_at("/rules") != rules {
                    let patch = Patch::Merge(json!({"rules": rules}));
                    client.patch(&CLUSTER_ROLES, None, role.name(), None, patch).await?;
                }
            }
            Ok(None)
        })
    }
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
