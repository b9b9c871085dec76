//! Kinds by which storage drivers and runtimes speak to a cluster.

use crate::value::Value;

use super::names;
use super::pods;
use super::rules::{self, Check, Rule, apply, faults, items, not_one_of, text};
use super::webhooks;
use crate::status::Cause;

/// What an attachment may be of.
const EXACTLY_ONE: &str = "must specify exactly one of inlineVolumeSpec and persistentVolumeName";

/// A VolumeAttachment.
pub(super) fn attachment(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    if text(&spec["attacher"]).is_empty() {
        causes.push(Cause::required("spec.attacher", ""));
    }
    source(&spec["source"], causes);
    faults(
        &names::subdomain(text(&spec["nodeName"])),
        "spec.nodeName",
        &text(&spec["nodeName"]).into(),
        causes,
    );
    // What was tightened with v1 is checked by itself.
    pods::csi_driver(&spec["attacher"], "spec.attacher", causes);
    apply(
        &[("source.persistentVolumeName", Check::TextIfSet(names::subdomain))],
        spec,
        "spec",
        causes,
    );
}

fn source(source: &Value, causes: &mut Vec<Cause>) {
    match (source["inlineVolumeSpec"].is_null(), source["persistentVolumeName"].as_str()) {
        (true, None) => causes.push(Cause::required("spec.source", EXACTLY_ONE)),
        (false, Some(_)) => causes.push(Cause::forbidden("spec.source", EXACTLY_ONE)),
        (true, Some("")) => {
            let detail = "must specify non empty persistentVolumeName";
            causes.push(Cause::required("spec.source.persistentVolumeName", detail));
        }
        _ => {}
    }
}

/// A CSINode. Kubernetes checks it twice, and says it twice.
pub(super) fn node(object: &Value, causes: &mut Vec<Cause>) {
    let mut wrong = vec![];
    let drivers = items(&object["spec"]["drivers"]);
    for (i, driver) in drivers.iter().enumerate() {
        let place = format!("spec.drivers[{i}]");
        pods::csi_driver(&driver["name"], &format!("{place}.name"), &mut wrong);
        let id = text(&driver["nodeID"]);
        if id.is_empty() {
            wrong.push(Cause::required(format!("{place}.nodeID"), ""));
        }
        if id.len() > MOST_OF_ID {
            let detail = format!("must be {MOST_OF_ID} characters or less");
            wrong.push(Cause::invalid(format!("{place}.nodeID"), &id.into(), &detail));
        }
        apply(&[("allocatable.count", Check::NotNegative)], driver, &place, &mut wrong);
        let keys = items(&driver["topologyKeys"]);
        for (j, key) in keys.iter().enumerate() {
            if keys[..j].contains(key) {
                wrong.push(Cause::duplicate(place.as_str(), key));
            }
            faults(&names::qualified_name(text(key)), &place, key, &mut wrong);
        }
        if drivers[..i].iter().any(|other| other["name"] == driver["name"]) {
            wrong.push(Cause::duplicate(format!("{place}.name"), &driver["name"]));
        }
    }
    causes.extend(wrong.clone());
    causes.extend(wrong);
}

/// Longest id of a node, in bytes.
const MOST_OF_ID: usize = 192;

const POLICIES: &[&str] = &["File", "None", "ReadWriteOnceWithFSType"];
const MODES: &[&str] = &["Persistent", "Ephemeral"];

/// A CSIDriver.
pub(super) fn driver(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    apply(&[("fsGroupPolicy", Check::OneOfIfSet(POLICIES))], spec, "spec", causes);
    for mode in items(&spec["volumeLifecycleModes"])
        .iter()
        .filter(|mode| !MODES.contains(&text(mode)))
    {
        causes.push(not_one_of("spec.volumeLifecycleModes", mode, MODES));
    }
}

const RUNTIME: &[Rule] = &[
    ("handler", Check::With(handler)),
    ("overhead.podFixed", Check::With(overhead)),
    ("scheduling", Check::With(scheduling)),
];

/// A RuntimeClass.
pub(super) fn runtime(object: &Value, causes: &mut Vec<Cause>) {
    apply(RUNTIME, object, "", causes);
}

fn handler(handler: &Value, place: &str, causes: &mut Vec<Cause>) {
    faults(&names::label(text(handler)), place, &text(handler).into(), causes);
}

fn overhead(fixed: &Value, _: &str, causes: &mut Vec<Cause>) {
    pods::overhead(fixed, "overhead", causes);
}

fn scheduling(scheduling: &Value, place: &str, causes: &mut Vec<Cause>) {
    apply(&[("nodeSelector", Check::Labels)], scheduling, place, causes);
    let tolerations = items(&scheduling["tolerations"]);
    for (i, toleration) in tolerations.iter().enumerate() {
        pods::toleration(toleration, &format!("{place}.tolerations.tolerations[{i}]"), causes);
    }
    for (i, toleration) in tolerations
        .iter()
        .enumerate()
        .filter(|(i, toleration)| tolerations[..*i].contains(toleration))
    {
        let fields = [
            ("Key", "\"\""),
            ("Operator", "\"\""),
            ("Value", "\"\""),
            ("Effect", "\"\""),
            ("TolerationSeconds", "null"),
        ];
        causes.push(Cause {
            reason: "FieldValueDuplicate".into(),
            message: format!("Duplicate value: {}", rules::as_struct(toleration, &fields)),
            field: format!("{place}.tolerations[{i}]"),
        });
    }
}

/// An APIService.
pub(super) fn api_service(object: &Value, causes: &mut Vec<Cause>) {
    let spec = &object["spec"];
    let (group, version) = (text(&spec["group"]), text(&spec["version"]));
    let name = text(&object["metadata"]["name"]);
    let wanted = format!("{version}.{group}");
    // The core group has no name.
    if name != wanted {
        let detail = format!("must be `spec.version+\".\"+spec.group`: {wanted:?}");
        causes.push(Cause::invalid("metadata.name", &name.into(), &detail));
    }
    match group {
        "" if version != "v1" => {
            let detail = "only v1 may have an empty group and it better be legacy kube";
            causes.push(Cause::required("spec.group", detail));
        }
        "" => {}
        group => faults(&names::subdomain(group), "spec.group", &group.into(), causes),
    }
    faults(&names::dns_1035_label(version), "spec.version", &version.into(), causes);
    for (field, most) in [("groupPriorityMinimum", 20000), ("versionPriority", 1000)] {
        let number = spec[field].as_i64().unwrap_or(0);
        if number <= 0 || number > most {
            let detail = format!("must be positive and less than {most}");
            causes.push(Cause::invalid(format!("spec.{field}"), &number.into(), &detail));
        }
    }
    if spec["service"].is_object() {
        service(spec, causes);
    } else {
        local(spec, causes);
    }
}

fn service(spec: &Value, causes: &mut Vec<Cause>) {
    apply(
        &[("service.namespace", Check::Required), ("service.name", Check::Required)],
        spec,
        "spec",
        causes,
    );
    webhooks::service_port(&spec["service"]["port"], "spec.service.port", causes);
    if spec["insecureSkipTLSVerify"] == true && !text(&spec["caBundle"]).is_empty() {
        let detail = "may not be true if caBundle is present";
        causes.push(Cause::invalid("spec.insecureSkipTLSVerify", &true.into(), detail));
    }
}

/// Served by this server itself, to which nobody connects.
fn local(spec: &Value, causes: &mut Vec<Cause>) {
    if !text(&spec["caBundle"]).is_empty() {
        let detail = "local APIServices may not have a caBundle";
        causes.push(Cause::invalid("spec.caBundle", &spec["caBundle"], detail));
    }
    if spec["insecureSkipTLSVerify"] == true {
        let detail = "local APIServices may not have insecureSkipTLSVerify";
        causes.push(Cause::invalid("spec.insecureSkipTLSVerify", &true.into(), detail));
    }
}
