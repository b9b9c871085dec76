//! The resource types that the controller manager watches: built-in ones from discovery, custom
//! ones from their definitions.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::value::Value;

use crate::controllers::conditions;
use crate::controllers::fields::Fields;
use crate::controllers::resources::EVENTS;
use crate::data;
use crate::object::Object;
use crate::resource::Resource;

/// A resource type with what owner references and namespaces need to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Type {
    /// Group, version, plural.
    pub(crate) resource: Resource,
    /// `kind` of its objects.
    pub(crate) kind: String,
    /// Whether its objects live in namespaces.
    pub(crate) namespaced: bool,
}

static BUILT_IN: LazyLock<Vec<Type>> = LazyLock::new(|| {
    let documents = [data::DISCOVERY_CORE, data::DISCOVERY_GROUPS];
    documents
        .iter()
        .flat_map(|text| built_in(&serde_json::from_str(text).unwrap_or_default()))
        .collect()
});

/// All built-in types that can be listed, watched and deleted, each once in its preferred
/// version. Events are left out: they have no dependents and nobody reconciles them.
fn built_in(discovery: &Value) -> Vec<Type> {
    let mut found: Vec<Type> = Vec::new();
    for group in discovery.list_at("/items") {
        for version in group.list_at("/versions") {
            for item in version.list_at("/resources") {
                let has = |verb: &str| item.list_at("/verbs").iter().any(|v| v == verb);
                let resource = Resource::named(group.str_at("/metadata/name"), version.str_at("/version"), item.str_at("/resource"));
                let known = |t: &Type| t.resource.group() == resource.group() && t.resource.plural() == resource.plural();
                let is_event = resource.plural() == EVENTS.plural();
                if !(has("list") && has("watch") && has("delete")) || is_event || found.iter().any(known) {
                    continue;
                }
                let kind = item.str_at("/responseKind/kind").to_owned();
                found.push(Type {
                    resource,
                    kind,
                    namespaced: item.str_at("/scope") == "Namespaced",
                });
            }
        }
    }
    found
}

/// The types of one cluster: the built-in ones and those that its definitions add.
#[derive(Default)]
pub(crate) struct Types {
    /// By the definition's name.
    custom: Mutex<BTreeMap<String, Arc<Type>>>,
}

impl Types {
    /// All built-in types.
    pub(crate) fn built_in() -> &'static [Type] {
        &BUILT_IN
    }

    /// The types whose objects live in namespaces: the built-in ones, and those of these definitions, also of one that is being deleted and waits
    /// for its objects.
    pub(crate) fn namespaced(definitions: &[Arc<Object>]) -> Vec<Resource> {
        let custom = definitions.iter().filter_map(|definition| served(definition));
        let all = BUILT_IN.iter().cloned().chain(custom);
        all.filter(|of| of.namespaced).map(|of| of.resource).collect()
    }

    /// Takes a definition in (established: its type; else none). Answers the type that this
    /// adds, and the one that it takes away.
    pub(crate) fn define(&self, name: &str, definition: Option<&Object>) -> (Option<Arc<Type>>, Option<Arc<Type>>) {
        let defined = definition.and_then(custom).map(Arc::new);
        let mut types = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
        let before = types.remove(name);
        if let Some(defined) = &defined {
            types.insert(name.to_owned(), defined.clone());
        }
        if before == defined { (None, None) } else { (defined, before) }
    }

    /// The type with a qualified name, such as `deployments.apps`.
    pub(crate) fn named(&self, qualified: &str) -> Option<Resource> {
        let (plural, group) = qualified.split_once('.').unwrap_or((qualified, ""));
        let custom = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = BUILT_IN.iter().chain(custom.values().map(|t| &**t));
        all.find(|t| t.resource.plural() == plural && t.resource.group() == group)
            .map(|t| t.resource.clone())
    }

    /// The type that `apiVersion` and `kind` of an owner reference mean. As in Kubernetes, the
    /// kind may be written in lower case, and any version of the group will do.
    pub(crate) fn of_owner(&self, api_version: &str, kind: &str) -> Option<Type> {
        let group = api_version.split_once('/').map_or("", |(group, _)| group);
        let means = |t: &Type| t.resource.group() == group && (t.kind == kind || t.kind.to_lowercase() == kind);
        let custom = self.custom.lock().unwrap_or_else(PoisonError::into_inner);
        BUILT_IN.iter().chain(custom.values().map(|t| &**t)).find(|t| means(t)).cloned()
    }
}

fn custom(definition: &Object) -> Option<Type> {
    if definition.deletion_timestamp().is_some() {
        return None;
    }
    served(definition)
}

fn served(definition: &Object) -> Option<Type> {
    if !conditions::is_true(definition, "Established") {
        return None;
    }
    let version = definition
        .list_at("/spec/versions")
        .iter()
        .find(|version| version["storage"] == true)?;
    let names = "/status/acceptedNames";
    let plural = definition.str_at(&format!("{names}/plural"));
    Some(Type {
        resource: Resource::named(definition.str_at("/spec/group"), version.str_at("/name"), plural),
        kind: definition.str_at(&format!("{names}/kind")).to_owned(),
        namespaced: definition.str_at("/spec/scope") == "Namespaced",
    })
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    #[test]
    fn every_type_once_and_no_events() {
        let count = |plural: &str| Types::built_in().iter().filter(|t| t.resource.plural() == plural).count();
        assert_eq!(
            (count("pods"), count("horizontalpodautoscalers"), count("events"), count("bindings")),
            (1, 1, 0, 0)
        );
    }

    #[rstest]
    #[case("apps/v1", "Deployment", Some("deployments"))]
    #[case("apps/v1beta1", "deployment", Some("deployments"))]
    #[case("v1", "ConfigMap", Some("configmaps"))]
    #[case("apps/v1", "ConfigMap", None)]
    #[case("flyte.lyft.com/v1alpha1", "flyteworkflow", Some("flyteworkflows"))]
    #[case("flyte.lyft.com/v1alpha1", "FLYTEWORKFLOW", None)]
    fn owner_kinds(#[case] api_version: &str, #[case] kind: &str, #[case] expected: Option<&str>) {
        let types = Types::default();
        let definition = Object::new(json!({
            "metadata": {"name": "flyteworkflows.flyte.lyft.com"},
            "spec": {"group": "flyte.lyft.com", "scope": "Namespaced", "versions": [{"name": "v1alpha1", "storage": true}]},
            "status": {
                "acceptedNames": {"plural": "flyteworkflows", "kind": "FlyteWorkflow"},
                "conditions": [{"type": "Established", "status": "True"}],
            },
        }));
        types.define("flyteworkflows.flyte.lyft.com", Some(&definition));
        let found = types.of_owner(api_version, kind);
        assert_eq!(found.as_ref().map(|t| t.resource.plural()), expected);
    }
}
