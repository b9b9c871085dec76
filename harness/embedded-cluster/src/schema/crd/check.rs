//! Whether a definition's schema is structural.

use crate::value::Value;

use super::props::{Foreign, Props};
use super::{default, format, rules, validate};
use crate::status::Cause;

const TYPES: [&str; 6] = ["array", "boolean", "integer", "number", "object", "string"];

/// What is wrong with `openAPIV3Schema` at `path` of a definition.
pub(crate) fn check(schema: &Value, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let Ok(root) = Props::parse(schema) else {
        return vec![Cause::invalid(path, schema, "is not a schema")];
    };
    if root.kind.is_empty() {
        causes.push(Cause::required(format!("{path}.type"), "must not be empty at the root"));
    } else if root.kind != "object" {
        causes.push(Cause::invalid(
            format!("{path}.type"),
            &root.kind.clone().into(),
            "must be object at the root",
        ));
    }
    if root.nullable {
        causes.push(Cause::forbidden(format!("{path}.nullable"), "nullable cannot be true at the root"));
    }
    if let Some(metadata) = root.properties.get("metadata") {
        check_metadata(metadata, &format!("{path}.properties[metadata]"), &mut causes);
    }
    let at = At {
        root: true,
        uncorrelated: None,
    };
    check_props(&root, path, &at, &mut causes);
    causes
}

/// Where in a definition a schema stands.
struct At {
    root: bool,
    /// The list around it whose items have no counterpart in the list before.
    uncorrelated: Option<String>,
}

/// Warnings about a schema that is accepted.
pub(crate) fn warnings(schema: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    if let Ok(root) = Props::parse(schema) {
        collect_warnings(&root, &mut warnings);
    }
    warnings
}

fn collect_warnings(props: &Props, warnings: &mut Vec<String>) {
    if !format::is_known(&props.format) {
        warnings.push(format!("unrecognized format {:?}", props.format));
    }
    for (_, child) in children(props, "") {
        collect_warnings(child, warnings);
    }
}

/// The schemas of fields, map values and items, with their paths.
fn children<'p>(props: &'p Props, path: &str) -> Vec<(String, &'p Props)> {
    let mut children: Vec<_> = props
        .properties
        .iter()
        .map(|(name, child)| (format!("{path}.properties[{name}]"), child))
        .collect();
    if let Some(values) = props.map_values() {
        children.push((format!("{path}.additionalProperties"), values));
    }
    if let Some(items) = &props.items {
        children.push((format!("{path}.items"), items));
    }
    children
}

fn check_foreign(foreign: &Foreign, path: &str, causes: &mut Vec<Cause>) {
    let keywords = [
        ("id", !foreign.id.is_empty()),
        ("additionalItems", foreign.additional_items.is_some()),
        ("patternProperties", !foreign.pattern_properties.is_empty()),
        ("definitions", !foreign.definitions.is_empty()),
        ("dependencies", foreign.dependencies.is_some()),
        ("$ref", foreign.reference.is_some()),
    ];
    for (keyword, _) in keywords.into_iter().filter(|(_, used)| *used) {
        causes.push(Cause::forbidden(
            format!("{path}.{keyword}"),
            &format!("{keyword} is not supported"),
        ));
    }
}

fn check_props(props: &Props, path: &str, at: &At, causes: &mut Vec<Cause>) {
    check_foreign(&props.foreign, path, causes);
    if !props.kind.is_empty() && !TYPES.contains(&props.kind.as_str()) {
        causes.push(unsupported(format!("{path}.type"), &props.kind, &TYPES));
    }
    if props.kind == "array" && props.items.is_none() {
        causes.push(Cause::required(format!("{path}.items"), "must be specified"));
    }
    if props.unique_items {
        let detail = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic";
        causes.push(Cause::forbidden(format!("{path}.uniqueItems"), detail));
    }
    if let Some(pattern) = &props.pattern
        && let Err(error) = regex::Regex::new(pattern)
    {
        let detail = format!("must be a valid regular expression, but isn't: {}", go_regex_error(pattern, &error));
        causes.push(Cause::invalid(format!("{path}.pattern"), &pattern.clone().into(), &detail));
    }
    if props.preserve == Some(false) {
        let field = format!("{path}.x-kubernetes-preserve-unknown-fields");
        causes.push(Cause::invalid(field, &false.into(), "must be true or undefined"));
    }
    if props.embedded {
        check_embedded(props, path, causes);
    }
    rules::check(props, path, at.root, at.uncorrelated.as_deref(), causes);
    check_list_type(props, path, causes);
    check_default(props, path, causes);
    check_alternatives(props, path, causes);
    for (path, child) in children(props, path) {
        let free = child.int_or_string || child.preserve == Some(true);
        if child.kind.is_empty() && !free && !child.embedded {
            let of = if path.ends_with(".items") { "array items" } else { "object fields" };
            causes.push(Cause::required(
                format!("{path}.type"),
                &format!("must not be empty for specified {of}"),
            ));
        }
        let mut below = At {
            root: false,
            uncorrelated: at.uncorrelated.clone(),
        };
        if path.ends_with(".items") && below.uncorrelated.is_none() && props.list_type.as_deref() != Some("map") {
            below.uncorrelated = path.strip_suffix(".items").map(str::to_owned);
        }
        check_props(child, &path, &below, causes);
    }
}

fn check_metadata(metadata: &Props, path: &str, causes: &mut Vec<Cause>) {
    let only_names = metadata.properties.keys().all(|name| name == "name" || name == "generateName");
    if !only_names || !metadata.required.is_empty() || metadata.additional_properties.is_some() {
        let detail = "must not specify anything other than name and generateName, but metadata is implicitly specified";
        causes.push(Cause::forbidden(path, detail));
    }
}

fn check_embedded(props: &Props, path: &str, causes: &mut Vec<Cause>) {
    if props.properties.is_empty() && !props.preserves() {
        let detail = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
        causes.push(Cause::required(format!("{path}.properties"), detail));
    }
    let field = format!("{path}.type");
    let detail = "must be object if x-kubernetes-embedded-resource is true";
    match props.kind.as_str() {
        "object" => {}
        "" => causes.push(Cause::required(field, detail)),
        kind => causes.push(Cause::invalid(field, &kind.into(), detail)),
    }
}

/// A keyword that says something about values of one type only.
fn check_type_of(keyword: &str, wanted: &str, props: &Props, path: &str, causes: &mut Vec<Cause>) {
    let (field, detail) = (format!("{path}.type"), format!("must be {wanted} if {keyword} is specified"));
    match props.kind.as_str() {
        kind if kind == wanted => {}
        "" => causes.push(Cause::required(field, &detail)),
        kind => causes.push(Cause::invalid(field, &kind.into(), &detail)),
    }
}

fn check_list_type(props: &Props, path: &str, causes: &mut Vec<Cause>) {
    if props.map_type.is_some() {
        check_type_of("x-kubernetes-map-type", "object", props, path, causes);
    }
    if props.list_type.is_some() {
        check_type_of("x-kubernetes-list-type", "array", props, path, causes);
    }
    if let Some(map_type) = props.map_type.as_deref().filter(|kind| !matches!(*kind, "atomic" | "granular")) {
        causes.push(unsupported(
            format!("{path}.x-kubernetes-map-type"),
            map_type,
            &["atomic", "granular"],
        ));
    }
    let keys_field = format!("{path}.x-kubernetes-list-map-keys");
    let keys = &props.list_map_keys;
    if keys.iter().enumerate().any(|(i, key)| keys[..i].contains(key)) {
        let shown = keys.clone().into();
        causes.push(Cause::invalid(keys_field.as_str(), &shown, "must not contain duplicate entries"));
    }
    match props.list_type.as_deref() {
        None if !keys.is_empty() => {
            let detail = "must be map if x-kubernetes-list-map-keys is non-empty";
            causes.push(Cause::required(format!("{path}.x-kubernetes-list-type"), detail));
        }
        None | Some("atomic") => {}
        Some("set") => {
            let items = props.items.as_deref();
            let granular = items.filter(|items| items.kind == "object" && items.map_type.as_deref() != Some("atomic"));
            if let Some(items) = granular {
                let shown = items.map_type.clone().map_or(Value::Null, Value::from);
                let detail = "must be atomic as item of a list with x-kubernetes-list-type=set";
                causes.push(Cause::invalid(format!("{path}.items.x-kubernetes-map-type"), &shown, detail));
            }
        }
        Some("map") if props.list_map_keys.is_empty() => {
            causes.push(Cause::required(keys_field, "must not be empty if x-kubernetes-list-type is map"));
        }
        Some("map") => {
            let Some(items) = &props.items else { return };
            if props.list_map_keys.iter().any(|key| !items.properties.contains_key(key)) {
                let shown = props.list_map_keys.clone().into();
                causes.push(Cause::invalid(keys_field, &shown, "entries must all be names of item properties"));
            }
            for key in &props.list_map_keys {
                let Some(property) = items.properties.get(key) else { continue };
                if property.default.is_none() && !items.required.contains(key) {
                    let field = format!("{path}.items.properties[{key}].default");
                    let detail = "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property";
                    causes.push(Cause::required(field, detail));
                }
            }
        }
        Some(other) => {
            let field = format!("{path}.x-kubernetes-list-type");
            causes.push(unsupported(field, other, &["atomic", "set", "map"]));
        }
    }
}

/// A default must be valid itself.
fn check_default(props: &Props, path: &str, causes: &mut Vec<Cause>) {
    let Some(default) = props.default.as_ref().filter(|default| !default.is_null()) else {
        return;
    };
    let mut value = default.clone();
    default::set(props, &mut value, false);
    let problems = {
        let mut problems = Vec::new();
        validate::value(props, "", &value, None, &mut problems);
        problems
    };
    causes.extend(problems.into_iter().map(|problem| Cause {
        field: match problem.field.as_str() {
            "<nil>" => format!("{path}.default"),
            field => format!("{path}.default.{field}"),
        },
        ..problem
    }));
}

/// Alternatives may only restrict values, not declare anything.
fn check_alternatives(props: &Props, path: &str, causes: &mut Vec<Cause>) {
    let of = |keyword: &str, schemas: &'_ [Props]| -> Vec<(String, Props)> {
        schemas
            .iter()
            .enumerate()
            .map(|(index, props)| (format!("{path}.{keyword}[{index}]"), props.clone()))
            .collect()
    };
    let mut alternatives = of("allOf", &props.all_of);
    alternatives.extend(of("anyOf", &props.any_of));
    alternatives.extend(of("oneOf", &props.one_of));
    alternatives.extend(props.not.iter().map(|not| (format!("{path}.not"), (**not).clone())));
    for (path, alternative) in alternatives {
        // The usual way to write int-or-string is allowed.
        check_restriction(&alternative, &path, props.int_or_string, causes);
    }
}

fn check_restriction(props: &Props, path: &str, int_or_string: bool, causes: &mut Vec<Cause>) {
    let declared = [
        ("type", !props.kind.is_empty() && !int_or_string),
        ("title", !props.title.is_empty()),
        ("description", !props.description.is_empty()),
        ("default", props.default.is_some()),
        ("nullable", props.nullable),
        ("additionalProperties", props.additional_properties.is_some()),
    ];
    for (name, _) in declared.into_iter().filter(|(_, declared)| *declared) {
        causes.push(Cause::forbidden(format!("{path}.{name}"), "must be empty to be structural"));
    }
    for (path, child) in children(props, path) {
        check_restriction(child, &path, false, causes);
    }
    check_alternatives(props, path, causes);
}

fn unsupported(field: String, value: &str, supported: &[&str]) -> Cause {
    let supported: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
    Cause {
        reason: "FieldValueNotSupported".into(),
        message: format!("Unsupported value: {value:?}: supported values: {}", supported.join(", ")),
        field,
    }
}

/// Go's words for the commonest mistake, the parser's own for the rest.
fn go_regex_error(pattern: &str, error: &regex::Error) -> String {
    let opened = pattern.replace(r"\(", "").matches('(').count();
    let closed = pattern.replace(r"\)", "").matches(')').count();
    if opened > closed {
        format!("error parsing regexp: missing closing ): `{pattern}`")
    } else {
        format!("error parsing regexp: {error}")
    }
}
