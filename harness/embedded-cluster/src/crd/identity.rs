//! Group, scope and names of a definition.

use crate::status::Cause;
use crate::validation::names;
use crate::value::Value;

const APPROVAL: &str = "api-approved.kubernetes.io";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn faults(faults: &[String], place: &str, value: &str, causes: &mut Vec<Cause>) {
    causes.extend(faults.iter().map(|fault| Cause::invalid(place, &value.into(), fault)));
}

/// The name is made of the names that the definition gives.
pub(super) fn name(definition: &Value, causes: &mut Vec<Cause>) {
    let spec = &definition["spec"];
    let expected = format!("{}.{}", text(&spec["names"]["plural"]), text(&spec["group"]));
    if definition["metadata"]["name"] != expected.as_str() {
        let detail = "must be spec.names.plural+\".\"+spec.group";
        causes.push(Cause::invalid("metadata.name", &definition["metadata"]["name"], detail));
    }
}

/// Group and scope.
pub(super) fn group(spec: &Value, causes: &mut Vec<Cause>) {
    match text(&spec["group"]) {
        "" => causes.push(Cause::required("spec.group", "")),
        group => {
            let wrong = names::subdomain(group);
            faults(&wrong, "spec.group", group, causes);
            if wrong.is_empty() && !group.contains('.') {
                let detail = "should be a domain with at least one dot";
                causes.push(Cause::invalid("spec.group", &group.into(), detail));
            }
        }
    }
    match text(&spec["scope"]) {
        "" => causes.push(Cause::required("spec.scope", "")),
        "Cluster" | "Namespaced" => {}
        _ => causes.push(Cause::not_supported("spec.scope", &spec["scope"], &["Cluster", "Namespaced"])),
    }
}

/// The names of the kind.
pub(super) fn kind_names(spec: &Value, causes: &mut Vec<Cause>) {
    let names_of = &spec["names"];
    for field in ["plural", "singular", "kind", "listKind"] {
        let place = format!("spec.names.{field}");
        let given = text(&names_of[field]);
        // Names of kinds are labels but for their capitals.
        let is_kind = field.ends_with("ind");
        if given.is_empty() {
            causes.push(Cause::required(place, ""));
            continue;
        }
        let mut wrong = names::dns_1035_label(&if is_kind { given.to_lowercase() } else { given.to_owned() });
        if is_kind && !wrong.is_empty() {
            wrong = vec![format!("may have mixed case, but should otherwise match: {}", wrong.join(","))];
        }
        faults(&wrong, &place, given, causes);
    }
    for (i, short) in names_of["shortNames"].as_array().into_iter().flatten().enumerate() {
        let place = format!("spec.names.shortNames[{i}]");
        faults(&names::dns_1035_label(text(short)), &place, text(short), causes);
    }
    if !text(&names_of["kind"]).is_empty() && names_of["kind"] == names_of["listKind"] {
        let detail = "kind and listKind may not be the same";
        causes.push(Cause::invalid("spec.names.listKind", &names_of["listKind"], detail));
    }
    for (i, category) in names_of["categories"].as_array().into_iter().flatten().enumerate() {
        let place = format!("spec.names.categories[{i}]");
        faults(&names::dns_1035_label(text(category)), &place, text(category), causes);
    }
}

/// Groups of the community's own need its approval.
pub(super) fn approval(definition: &Value, causes: &mut Vec<Cause>) {
    let group = text(&definition["spec"]["group"]);
    let own = ["k8s.io", "kubernetes.io"]
        .iter()
        .any(|domain| group == *domain || group.ends_with(&format!(".{domain}")));
    let given = text(&definition["metadata"]["annotations"][APPROVAL]);
    if own && given.is_empty() {
        let detail = format!(
            "protected groups must have approval annotation {APPROVAL:?}, see https://github.com/kubernetes/enhancements/pull/1111"
        );
        causes.push(Cause::required(format!("metadata.annotations[{APPROVAL}]"), &detail));
    }
}
