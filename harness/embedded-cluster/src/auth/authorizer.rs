//! RBAC: does some binding give the user a role whose rules allow the request?

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::value::Value;

use super::{Attributes, Identity, MASTERS, Rule, Scope};
use crate::object::Object;
use crate::status::Status;
use crate::store::{Key, Store};

/// Answers whether users may do things. Roles are read from the store at each question; bindings
/// are indexed by subject, and indexed again when they change.
#[derive(Debug)]
pub(crate) struct Authorizer {
    keys: Keys,
    index: Mutex<Arc<Index>>,
}

#[derive(Debug)]
struct Keys {
    roles: Key,
    cluster_roles: Key,
    bindings: Key,
    cluster_bindings: Key,
}

/// Bindings by subject, as of a revision of both collections.
#[derive(Debug, Default)]
struct Index {
    as_of: (u64, u64),
    by_subject: BTreeMap<String, Vec<Arc<Object>>>,
}

/// Whether a request is allowed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// The binding that allows it, or what went wrong while looking.
    pub(crate) reason: String,
}

impl Default for Authorizer {
    fn default() -> Self {
        let key = |plural: &str| Key::from(format!("{plural}.rbac.authorization.k8s.io"));
        let keys = Keys {
            roles: key("roles"),
            cluster_roles: key("clusterroles"),
            bindings: key("rolebindings"),
            cluster_bindings: key("clusterrolebindings"),
        };
        Self {
            keys,
            index: Mutex::default(),
        }
    }
}

impl Authorizer {
    /// Refuses what the user may not do.
    ///
    /// # Errors
    /// 403, naming user, verb, resource and place.
    pub(crate) fn check(&self, store: &Store, user: &Identity, attributes: &Attributes) -> Result<(), Status> {
        if self.allows(store, user, attributes) {
            return Ok(());
        }
        let decision = self.decide(store, user, attributes);
        let mut because = attributes.denial(&user.user);
        if !decision.reason.is_empty() {
            because = format!("{because}: {}", decision.reason);
        }
        Err(match &attributes.scope {
            Scope::Path(_) => Status::forbidden_path(&because),
            Scope::Resource { resource, name, .. } => Status::forbidden(resource, name, &because),
        })
    }

    /// Whether the user may do this, without the reason, which few ask for.
    fn allows(&self, store: &Store, user: &Identity, attributes: &Attributes) -> bool {
        let mut allowed = user.in_group(MASTERS);
        if !allowed {
            self.each_grant(store, user, attributes.namespace(), &mut |grant| {
                let role = grant.role.as_ref();
                allowed = role.is_some_and(|role| Rule::of_role(role.value()).any(|rule| rule.allows(attributes)));
                !allowed
            });
        }
        allowed
    }

    /// Whether the user may do this.
    pub(crate) fn decide(&self, store: &Store, user: &Identity, attributes: &Attributes) -> Decision {
        if user.in_group(MASTERS) {
            return Decision {
                allowed: true,
                reason: String::new(),
            };
        }
        let mut missing = vec![];
        let mut reason = None;
        self.each_grant(store, user, attributes.namespace(), &mut |grant| {
            let Some(role) = &grant.role else {
                missing.push(grant.missing());
                return true;
            };
            if Rule::of_role(role.value()).any(|rule| rule.allows(attributes)) {
                reason = Some(grant.reason());
            }
            reason.is_none()
        });
        match reason {
            Some(reason) => Decision { allowed: true, reason },
            None if missing.is_empty() => Decision {
                allowed: false,
                reason: String::new(),
            },
            None => {
                let errors = if let [one] = missing.as_slice() {
                    one.clone()
                } else {
                    format!("[{}]", missing.join(", "))
                };
                Decision {
                    allowed: false,
                    reason: format!("RBAC: {errors}"),
                }
            }
        }
    }

    /// All rules that the user has in a namespace (empty: in the cluster), in the bindings' order.
    pub(crate) fn rules(&self, store: &Store, user: &Identity, namespace: &str) -> Vec<Value> {
        let mut rules = vec![];
        self.each_grant(store, user, namespace, &mut |grant| {
            if let Some(role) = &grant.role {
                rules.extend(Rule::of_role(role.value()).map(|rule| rule.0.clone()));
            }
            true
        });
        rules
    }

    /// The role that a `roleRef` names.
    pub(crate) fn role(&self, store: &Store, role_ref: &Value, namespace: &str) -> Option<Arc<Object>> {
        let name = role_ref["name"].as_str().unwrap_or_default();
        if role_ref["kind"] == "ClusterRole" {
            store.get(&self.keys.cluster_roles, "", name)
        } else {
            store.get(&self.keys.roles, namespace, name)
        }
    }

    /// Shows each grant of the user, cluster-wide ones first, until `see` returns false.
    fn each_grant(&self, store: &Store, user: &Identity, namespace: &str, see: &mut dyn FnMut(Grant<'_>) -> bool) {
        let index = self.index(store);
        let subjects = subjects(user);
        for cluster_wide in [true, false] {
            for subject in &subjects {
                for binding in index.by_subject.get(subject).into_iter().flatten() {
                    let applies = match binding.namespace() {
                        None => cluster_wide,
                        Some(n) => !cluster_wide && n == namespace && !namespace.is_empty(),
                    };
                    if !applies {
                        continue;
                    }
                    let role = self.role(store, &binding.value()["roleRef"], binding.namespace().unwrap_or_default());
                    if !see(Grant {
                        binding,
                        role,
                        user,
                        subject,
                    }) {
                        return;
                    }
                }
            }
        }
    }

    fn index(&self, store: &Store) -> Arc<Index> {
        let as_of = (store.changed(&self.keys.bindings), store.changed(&self.keys.cluster_bindings));
        let mut index = self.index.lock().unwrap_or_else(PoisonError::into_inner);
        if index.as_of != as_of {
            let mut by_subject: BTreeMap<String, Vec<Arc<Object>>> = BTreeMap::new();
            for key in [&self.keys.cluster_bindings, &self.keys.bindings] {
                for binding in store.snapshot(key, None).items {
                    for subject in binding.value()["subjects"].as_array().into_iter().flatten() {
                        by_subject.entry(subject_key(subject)).or_default().push(binding.clone());
                    }
                }
            }
            *index = Arc::new(Index { as_of, by_subject });
        }
        index.clone()
    }
}

/// A role that a binding gives to a subject of the user.
struct Grant<'a> {
    binding: &'a Arc<Object>,
    role: Option<Arc<Object>>,
    user: &'a Identity,
    /// The subject's key.
    subject: &'a str,
}

impl Grant<'_> {
    fn reason(&self) -> String {
        let role = &self.binding.value()["roleRef"];
        let (kind, name) = (role["kind"].as_str().unwrap_or_default(), role["name"].as_str().unwrap_or_default());
        let binding = match self.binding.namespace() {
            Some(namespace) => format!("RoleBinding \"{}/{namespace}\"", self.binding.name()),
            None => format!("ClusterRoleBinding {:?}", self.binding.name()),
        };
        format!("RBAC: allowed by {binding} of {kind} {name:?} to {}", self.shown())
    }

    /// The subject as messages name it.
    fn shown(&self) -> String {
        if let Some(group) = self.subject.strip_prefix("Group/") {
            return format!("Group {group:?}");
        }
        let user = &self.user.user;
        match user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':')) {
            Some((namespace, name)) => format!("ServiceAccount \"{name}/{namespace}\""),
            None => format!("User {user:?}"),
        }
    }

    fn missing(&self) -> String {
        let role = &self.binding.value()["roleRef"];
        let kind = role["kind"].as_str().unwrap_or_default().to_lowercase();
        format!(
            "{kind}.rbac.authorization.k8s.io {:?} not found",
            role["name"].as_str().unwrap_or_default()
        )
    }
}

fn subject_key(subject: &Value) -> String {
    let text = |field: &str| subject[field].as_str().unwrap_or_default();
    match text("kind") {
        "ServiceAccount" => format!("User/system:serviceaccount:{}:{}", text("namespace"), text("name")),
        kind => format!("{kind}/{}", text("name")),
    }
}

/// Keys of all subjects that a user is.
fn subjects(user: &Identity) -> Vec<String> {
    let groups = user.groups.iter().map(|group| ["Group/", group].concat());
    std::iter::once(["User/", &user.user].concat()).chain(groups).collect()
}
