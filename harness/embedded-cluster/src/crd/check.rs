//! Whether a definition may be stored.

use crate::value::Value;

use super::json_path::simple_problem;
use super::{columns, identity};
use crate::schema;
use crate::status::Cause;
use crate::validation::names;

/// What is wrong with a definition; `created` if there is no older state of it.
pub(crate) fn check(definition: &Value, created: bool) -> Vec<Cause> {
    let spec = &definition["spec"];
    let mut causes = Vec::new();
    // Neither can change, which is said otherwise.
    if created {
        identity::name(definition, &mut causes);
    }
    identity::group(spec, &mut causes);
    let versions: Vec<&Value> = spec["versions"].as_array().into_iter().flatten().collect();
    let schemas: Vec<&Value> = versions.iter().map(|version| &version["schema"]["openAPIV3Schema"]).collect();
    // Versions that agree are one in Kubernetes' internal form, whose paths messages show.
    let same = schemas.windows(2).all(|pair| pair[0] == pair[1]);
    for (index, version) in versions.iter().enumerate() {
        let path = if same {
            "spec".to_owned()
        } else {
            format!("spec.versions[{index}]")
        };
        let schema_path = if same {
            "spec.validation.openAPIV3Schema".to_owned()
        } else {
            format!("{path}.schema.openAPIV3Schema")
        };
        if !same || index == 0 {
            if schemas[index].is_null() {
                causes.push(Cause::required(
                    format!("spec.versions[{index}].schema.openAPIV3Schema"),
                    "schemas are required",
                ));
            } else {
                causes.extend(schema::crd::check(schemas[index], &schema_path));
            }
        }
        if !same || index == 0 {
            check_scale(version, &path, &mut causes);
            check_selectable(version, schemas[index], &path, &mut causes);
        }
    }
    let columns: Vec<&Value> = versions.iter().map(|version| &version["additionalPrinterColumns"]).collect();
    let same_columns = columns.windows(2).all(|pair| pair[0] == pair[1]);
    for (index, version) in versions.iter().enumerate().take(if same_columns { 1 } else { versions.len() }) {
        let path = if same_columns {
            "spec".to_owned()
        } else {
            format!("spec.versions[{index}]")
        };
        columns::check(&version["additionalPrinterColumns"], &path, &mut causes);
    }
    check_versions(&versions, &mut causes);
    check_stored_versions(definition, &versions, &mut causes);
    identity::kind_names(spec, &mut causes);
    check_conversion(&spec["conversion"], &versions, &mut causes);
    if spec["preserveUnknownFields"] == true {
        let detail = "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead";
        causes.push(Cause::invalid("spec.preserveUnknownFields", &true.into(), detail));
    }
    if created {
        identity::approval(definition, &mut causes);
    }
    causes
}

fn check_versions(versions: &[&Value], causes: &mut Vec<Cause>) {
    let refuse = |detail: &str| Cause {
        reason: "FieldValueInvalid".into(),
        message: format!("Invalid value: {}: {detail}", shown(versions)),
        field: "spec.versions".to_owned(),
    };
    for (index, version) in versions.iter().enumerate() {
        let name = version["name"].as_str().unwrap_or_default();
        let faults = names::dns_1035_label(name);
        if !faults.is_empty() {
            causes.push(Cause::invalid(
                format!("spec.versions[{index}].name"),
                &name.into(),
                &faults.join(","),
            ));
        }
    }
    for (index, version) in versions.iter().enumerate() {
        check_warning(version, &format!("spec.versions[{index}]"), causes);
    }
    let storage = versions.iter().filter(|version| version["storage"] == true).count();
    if storage != 1 {
        causes.push(refuse("must have exactly one version marked as storage version"));
    }
    let mut names: Vec<&str> = versions.iter().filter_map(|version| version["name"].as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        causes.push(refuse("must contain unique version names"));
    }
}

/// The warning of a version that is to go.
fn check_warning(version: &Value, place: &str, causes: &mut Vec<Cause>) {
    let Some(warning) = version["deprecationWarning"].as_str() else {
        return;
    };
    let detail = match warning {
        _ if version["deprecated"] != true => "can only be set for deprecated versions",
        "" => "must not be an empty string",
        long if long.len() > 256 => "must be <= 256 characters long",
        _ => return,
    };
    causes.push(Cause::invalid(format!("{place}.deprecationWarning"), &warning.into(), detail));
}

/// A version that objects were stored in must stay until they are migrated.
fn check_stored_versions(definition: &Value, versions: &[&Value], causes: &mut Vec<Cause>) {
    let stored = &definition["status"]["storedVersions"];
    if stored.as_array().is_none_or(Vec::is_empty) {
        causes.push(Cause::invalid(
            "status.storedVersions",
            &Value::Null,
            "must have at least one stored version",
        ));
    }
    for (index, version) in stored.as_array().into_iter().flatten().enumerate() {
        if versions.iter().any(|known| known["name"] == *version) {
            continue;
        }
        let name = version.as_str().unwrap_or_default();
        let detail = format!(
            "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage \
             migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
        );
        causes.push(Cause::invalid(format!("status.storedVersions[{index}]"), version, &detail));
    }
    let storages: Vec<&Value> = versions
        .iter()
        .filter(|version| version["storage"] == true)
        .map(|version| &version["name"])
        .collect();
    for storage in storages {
        let missing = stored.as_array().is_some_and(|stored| !stored.contains(storage));
        if missing {
            let detail = format!("must have the storage version {}", storage.as_str().unwrap_or_default());
            causes.push(Cause::invalid("status.storedVersions", stored, &detail));
        }
    }
}

/// The versions as Kubernetes' internal type prints, without their schemas.
fn shown(versions: &[&Value]) -> String {
    let version = |version: &&Value| {
        let flag = |name: &str| version[name].as_bool().unwrap_or_default();
        format!(
            "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":null,\
             \"Subresources\":null,\"AdditionalPrinterColumns\":null,\"SelectableFields\":null}}",
            version["name"],
            flag("served"),
            flag("storage"),
            flag("deprecated"),
            version["deprecationWarning"],
        )
    };
    let versions: Vec<String> = versions.iter().map(version).collect();
    format!("[{}]", versions.join(","))
}

fn check_conversion(conversion: &Value, versions: &[&Value], causes: &mut Vec<Cause>) {
    if conversion["strategy"] != "Webhook" {
        let detail = "should not be set when strategy is not set to Webhook";
        for (field, shown) in [
            ("clientConfig", "webhookClientConfig"),
            ("conversionReviewVersions", "conversionReviewVersions"),
        ] {
            let given = &conversion["webhook"][field];
            if given.is_object() || given.as_array().is_some_and(|versions| !versions.is_empty()) {
                causes.push(Cause::forbidden(format!("spec.conversion.{shown}"), detail));
            }
        }
    }
    match conversion["strategy"].as_str() {
        Some("None") | None => {}
        Some("Webhook") => {
            let webhook = &conversion["webhook"];
            if webhook["clientConfig"].is_null() {
                causes.push(Cause::required(
                    "spec.conversion.webhookClientConfig",
                    "required when strategy is set to Webhook",
                ));
            }
            if webhook["conversionReviewVersions"].as_array().is_none_or(Vec::is_empty) {
                causes.push(Cause::required("spec.conversion.conversionReviewVersions", ""));
            }
            // Where only one version is served nothing is converted.
            if causes.is_empty() && versions.iter().filter(|version| version["served"] == true).count() > 1 {
                let detail = "conversion webhooks are not implemented by this server";
                causes.push(Cause::forbidden("spec.conversion.strategy", detail));
            }
        }
        Some("") => causes.push(Cause::required("spec.conversion.strategy", "")),
        Some(other) => causes.push(Cause::not_supported(
            "spec.conversion.strategy",
            &other.into(),
            &["None", "Webhook"],
        )),
    }
}

fn check_scale(version: &Value, path: &str, causes: &mut Vec<Cause>) {
    let scale = &version["subresources"]["scale"];
    for (field, below, detail) in [
        ("specReplicasPath", &[".spec."][..], "should be a json path under .spec"),
        ("statusReplicasPath", &[".status."], "should be a json path under .status"),
        (
            "labelSelectorPath",
            &[".spec.", ".status."],
            "should be a json path under either .spec or .status",
        ),
    ] {
        let Some(json_path) = scale[field].as_str() else { continue };
        if json_path.is_empty() {
            if below.len() == 1 {
                causes.push(Cause::required(format!("{path}.subresources.scale.{field}"), ""));
            }
            continue;
        }
        let misplaced = || (!below.iter().any(|below| json_path.starts_with(below))).then_some(detail);
        if let Some(detail) = simple_problem(json_path).or_else(misplaced) {
            causes.push(Cause::invalid(
                format!("{path}.subresources.scale.{field}"),
                &json_path.into(),
                detail,
            ));
        }
    }
}

fn check_selectable(version: &Value, schema: &Value, path: &str, causes: &mut Vec<Cause>) {
    for (index, field) in version["selectableFields"].as_array().into_iter().flatten().enumerate() {
        let json_path = field["jsonPath"].as_str().unwrap_or_default();
        if let Some(detail) = selectable_problem(json_path, schema) {
            causes.push(Cause::invalid(
                format!("{path}.selectableFields[{index}].jsonPath"),
                &json_path.into(),
                &detail,
            ));
        }
    }
}

fn selectable_problem(json_path: &str, schema: &Value) -> Option<String> {
    let Some(path) = json_path.strip_prefix('.') else {
        let first = json_path.split(['.', '[']).next().unwrap_or_default();
        return Some(format!("is an invalid path: expected [ or . but got: {first}"));
    };
    let mut field = schema;
    for name in path.split('.') {
        field = &field["properties"][name];
    }
    match field["type"].as_str() {
        _ if field.is_null() => Some("is an invalid path: does not refer to a valid field".to_owned()),
        Some("string" | "boolean" | "integer") => None,
        _ => Some(
            "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.".to_owned(),
        ),
    }
}

/// Warnings about a definition that is accepted.
pub(crate) fn warnings(definition: &Value) -> Vec<String> {
    let mut warnings = Vec::new();
    for version in definition["spec"]["versions"].as_array().into_iter().flatten() {
        for warning in schema::crd::warnings(&version["schema"]["openAPIV3Schema"]) {
            if !warnings.contains(&warning) {
                warnings.push(warning);
            }
        }
    }
    warnings
}
