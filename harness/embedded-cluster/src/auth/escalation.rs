//! Nobody grants what they do not hold: checks on writes of roles and bindings.

use crate::value::Value;

use super::rules::Piece;
use super::{Attributes, Authorizer, Identity, Rule};
use crate::resource::Resource;
use crate::status::Status;
use crate::store::Store;

impl Authorizer {
    /// Checks a write of a Role, ClusterRole or binding. `old` is the object that is replaced.
    ///
    /// # Errors
    /// 403, listing the rules that the user does not hold.
    pub(crate) fn check_escalation(
        &self,
        store: &Store,
        user: &Identity,
        resource: &Resource,
        object: &Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        let allowed = |verb: &str, resource: Resource, namespace: &str, name: &str| {
            self.decide(store, user, &Attributes::resource(verb, resource, namespace, name))
                .allowed
        };
        match resource.plural() {
            "roles" | "clusterroles" => {
                let unchanged =
                    old.is_some_and(|old| old["rules"] == object["rules"] && old["aggregationRule"] == object["aggregationRule"]);
                if unchanged || allowed("escalate", resource.clone(), namespace, name) {
                    return Ok(());
                }
                self.check_covered(store, user, namespace, object, resource, name)
            }
            "rolebindings" | "clusterrolebindings" => {
                if old.is_some_and(|old| old["roleRef"] == object["roleRef"] && old["subjects"] == object["subjects"]) {
                    return Ok(());
                }
                let role_ref = &object["roleRef"];
                let role_name = role_ref["name"].as_str().unwrap_or_default();
                let (plural, place) = if role_ref["kind"] == "ClusterRole" {
                    ("clusterroles", "")
                } else {
                    ("roles", namespace)
                };
                let place = if plural == "roles" { place } else { namespace };
                let role_resource = Resource::new(
                    "rbac.authorization.k8s.io",
                    "v1",
                    if plural == "roles" { "roles" } else { "clusterroles" },
                );
                if allowed("bind", role_resource.clone(), place, role_name) {
                    return Ok(());
                }
                let role = self
                    .role(store, role_ref, namespace)
                    .ok_or_else(|| Status::not_found(&role_resource, role_name))?;
                self.check_covered(store, user, namespace, role.value(), resource, name)
            }
            _ => Ok(()),
        }
    }

    fn check_covered(
        &self,
        store: &Store,
        user: &Identity,
        namespace: &str,
        role: &Value,
        resource: &Resource,
        name: &str,
    ) -> Result<(), Status> {
        let held = self.rules(store, user, namespace);
        let held = if user.in_group(super::MASTERS) { all_rules() } else { held };
        let missing: Vec<Piece> = Rule::of_role(role)
            .flat_map(Rule::pieces)
            .filter(|piece| !piece.is_covered_by(&held))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let groups: Vec<String> = user.groups.iter().map(|g| format!("{g:?}")).collect();
        let because = format!(
            "user {:?} (groups=[{}]) is attempting to grant RBAC permissions not currently held:\n{}",
            user.user,
            groups.join(" "),
            describe(&missing).join("\n")
        );
        Err(Status::forbidden(resource, name, &because))
    }
}

fn all_rules() -> Vec<Value> {
    vec![
        crate::value::json!({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}),
        crate::value::json!({"nonResourceURLs": ["*"], "verbs": ["*"]}),
    ]
}

/// The pieces with their verbs together again, sorted, in Go's notation.
fn describe(pieces: &[Piece]) -> Vec<String> {
    let mut merged: Vec<(Piece, Vec<String>)> = vec![];
    for piece in pieces {
        let thing = Piece {
            verb: String::new(),
            ..piece.clone()
        };
        match merged.iter_mut().find(|(t, _)| *t == thing) {
            Some((_, verbs)) => verbs.push(piece.verb.clone()),
            None => merged.push((thing, vec![piece.verb.clone()])),
        }
    }
    let mut lines: Vec<String> = merged
        .into_iter()
        .map(|(thing, mut verbs)| {
            verbs.sort();
            let verbs: Vec<String> = verbs.iter().map(|v| format!("{v:?}")).collect();
            let verbs = verbs.join(" ");
            if !thing.url.is_empty() {
                return format!("{{NonResourceURLs:[{:?}], Verbs:[{verbs}]}}", thing.url);
            }
            let names = if thing.name.is_empty() {
                String::new()
            } else {
                format!(", ResourceNames:[{:?}]", thing.name)
            };
            format!(
                "{{APIGroups:[{:?}], Resources:[{:?}]{names}, Verbs:[{verbs}]}}",
                thing.group, thing.resource
            )
        })
        .collect();
    lines.sort();
    lines
}
