//! The served versions of a definition, as kinds.

use std::sync::{Arc, OnceLock};

use super::Column;
use crate::value::Value;

use crate::kinds::{Kind, Strategy, Subresource};
use crate::resource::Resource;
use crate::schema::crd::Structural;
use crate::status::Cause;

/// What is special about a version of a custom resource.
#[derive(Debug)]
pub(crate) struct Version {
    /// `spec.versions[].selectableFields`, without the leading dot.
    pub(crate) selectable_fields: Vec<String>,
    /// The shape of its objects.
    pub(crate) schema: Structural,
    /// The columns of its table, after the name.
    pub(crate) columns: Vec<Column>,
    /// Paths of the scale subresource, if it is on.
    pub(crate) scale: Option<Scale>,
}

/// Where a custom resource keeps its scale, as JSON pointers.
#[derive(Debug)]
pub(crate) struct Scale {
    pub(crate) spec_replicas: String,
    pub(crate) status_replicas: String,
    pub(crate) selector: Option<String>,
}

impl Scale {
    /// What is wrong with what an object keeps there. A write of the status changes only the status.
    pub(crate) fn check(&self, object: &Value, subresource: &str) -> Vec<Cause> {
        let spec = (subresource != "status").then(|| count(object, &self.spec_replicas));
        let status = count(object, &self.status_replicas);
        let selector = self.selector.as_deref().and_then(|pointer| {
            let found = object.pointer(pointer).filter(|found| !found.is_string())?;
            Some(Cause::invalid(dotted(pointer), &"".into(), &mistaken(pointer, found, "string")))
        });
        spec.flatten().into_iter().chain(status).chain(selector).collect()
    }
}

/// What is wrong with a number of replicas.
fn count(object: &Value, pointer: &str) -> Option<Cause> {
    let found = object.pointer(pointer)?;
    let refuse = |value: &Value, detail: &str| Some(Cause::invalid(dotted(pointer), value, detail));
    match found.as_i64() {
        None => refuse(&0.into(), &mistaken(pointer, found, "int64")),
        Some(..0) => refuse(found, "should be a non-negative integer"),
        Some(0..=0x7fff_ffff) => None,
        Some(_) => refuse(found, "should be less than or equal to 2147483647"),
    }
}

/// A value of another type than `wanted`, as Go says it.
fn mistaken(pointer: &str, found: &Value, wanted: &str) -> String {
    let (shown, kind) = match found {
        Value::String(text) => (text.to_string(), "string"),
        Value::Bool(_) => (found.to_string(), "bool"),
        Value::Number(number) if number.is_i64() => (found.to_string(), "int64"),
        Value::Number(_) => (found.to_string(), "float64"),
        Value::Array(_) => (found.to_string(), "[]interface {}"),
        Value::Object(_) => (found.to_string(), "map[string]interface {}"),
        Value::Null => ("<nil>".into(), "<nil>"),
    };
    format!(
        "{} accessor error: {shown} is of the type {kind}, expected {wanted}",
        dotted(pointer)
    )
}

fn dotted(pointer: &str) -> String {
    pointer.replace('/', ".")
}

impl Version {
    fn read(version: &Value) -> Self {
        let pointer = |v: &Value| v.as_str().map(|path| path.replace('.', "/"));
        let scale = &version["subresources"]["scale"];
        Self {
            selectable_fields: version["selectableFields"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|f| f["jsonPath"].as_str().map(|p| p.trim_start_matches('.').to_owned()))
                .collect(),
            // What the definition's validation let through parses; a definition without a schema keeps everything.
            columns: Column::all(version),
            schema: Structural::parse(&version["schema"]["openAPIV3Schema"]).unwrap_or_default(),
            scale: pointer(&scale["specReplicasPath"]).map(|spec_replicas| Scale {
                spec_replicas,
                status_replicas: pointer(&scale["statusReplicasPath"]).unwrap_or_default(),
                selector: pointer(&scale["labelSelectorPath"]),
            }),
        }
    }
}

/// The kinds that a definition serves, one for each served version.
pub(super) fn kinds(definition: &Value) -> Vec<Kind> {
    let spec = &definition["spec"];
    let versions = spec["versions"].as_array().into_iter().flatten();
    versions
        .filter(|version| version["served"] == true)
        .map(|version| kind(definition, version))
        .collect()
}

fn kind(definition: &Value, version: &Value) -> Kind {
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let texts = |v: &Value| -> Vec<String> { v.as_array().into_iter().flatten().map(text).collect() };
    let spec = &definition["spec"];
    let names = &definition["status"]["acceptedNames"];
    let (group, plural) = (text(&spec["group"]), text(&names["plural"]));
    let resource = Resource::named(&group, text(&version["name"]), &plural);
    let verbs = |verbs: &str| verbs.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let mut subresources = vec![];
    for (name, kind) in [("status", text(&names["kind"])), ("scale", "Scale".to_owned())] {
        if version["subresources"].get(name).is_some_and(Value::is_object) {
            subresources.push(Subresource {
                name: name.into(),
                kind,
                verbs: verbs("get patch update"),
            });
        }
    }
    Kind {
        kind: text(&names["kind"]),
        list_kind: text(&names["listKind"]),
        singular: text(&names["singular"]),
        short_names: texts(&names["shortNames"]),
        categories: texts(&names["categories"]),
        namespaced: spec["scope"] == "Namespaced",
        verbs: verbs("delete deletecollection get list patch create update watch"),
        subresources,
        strategy: Strategy::CUSTOM,
        key: format!("{plural}.{group}").into(),
        storage_version: format!("{group}/{}", super::storage_version(definition)),
        resource,
        schema: OnceLock::new(),
        custom: Some(Arc::new(Version::read(version))),
    }
}
