//! Volumes, claims to them and their classes.

use crate::value::Value;

use super::names;
use super::persistent;
use super::pods;
use super::rules::{self, Check, Rule, apply, items, quantity, text};
use crate::status::Cause;

const MODES: &[&str] = &["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODE: Rule = ("volumeMode", Check::OneOfIfSet(&["Block", "Filesystem"]));

const CLAIM: &[Rule] = &[
    ("selector", Check::Selector),
    ("accessModes", Check::RequiredSaying("at least 1 access mode is required")),
    ("accessModes", Check::With(modes)),
    ("resources", Check::With(storage)),
    ("storageClassName", Check::Subdomain),
    VOLUME_MODE,
    ("dataSource", Check::With(reference)),
    ("dataSourceRef", Check::With(reference)),
    ("volumeAttributesClassName", Check::Subdomain),
];

/// A PersistentVolumeClaim, or the template of one.
pub(super) fn claim(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    apply(CLAIM, spec, base, causes);
}

fn modes(modes: &Value, place: &str, causes: &mut Vec<Cause>) {
    let modes = items(modes);
    for mode in modes.iter().filter(|mode| !MODES.contains(&text(mode))) {
        causes.push(rules::not_one_of(place, mode, MODES));
    }
    if modes.len() > 1 && modes.iter().any(|mode| *mode == "ReadWriteOncePod") {
        let detail = "may not use ReadWriteOncePod with other access modes";
        causes.push(Cause::forbidden(place, detail));
    }
}

fn storage(resources: &Value, place: &str, causes: &mut Vec<Cause>) {
    let wanted = &resources["requests"]["storage"];
    let field = format!("{place}[storage]");
    match quantity(wanted) {
        None => causes.push(Cause::required(field, "")),
        Some(quantity) if quantity.nano <= 0 => causes.push(Cause::invalid(field, wanted, "must be greater than zero")),
        Some(_) => {}
    }
}

fn reference(reference: &Value, place: &str, causes: &mut Vec<Cause>) {
    if !reference.is_object() {
        return;
    }
    apply(&[("name", Check::Required), ("kind", Check::Required)], reference, place, causes);
    let group = text(&reference["apiGroup"]);
    if group.is_empty() && !matches!(text(&reference["kind"]), "" | "PersistentVolumeClaim") {
        let detail = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
        causes.push(Cause::invalid(place, &reference["kind"], detail));
    }
}

/// The kinds of volume in the order in which Kubernetes looks for them.
const SOURCES: &[&str] = &[
    "hostPath",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "glusterfs",
    "flocker",
    "nfs",
    "rbd",
    "quobyte",
    "cephfs",
    "iscsi",
    "cinder",
    "fc",
    "flexVolume",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "scaleIO",
    "local",
    "storageos",
    "csi",
];

const VOLUME: &[Rule] = &[
    ("accessModes", Check::Required),
    ("accessModes", Check::With(modes)),
    ("capacity", Check::With(capacity)),
    ("persistentVolumeReclaimPolicy", Check::OneOf(&["Delete", "Recycle", "Retain"])),
    ("", Check::With(source)),
    ("storageClassName", Check::Subdomain),
    VOLUME_MODE,
    ("volumeAttributesClassName", Check::Subdomain),
];

/// A PersistentVolume.
pub(super) fn volume(volume: &Value, causes: &mut Vec<Cause>) {
    apply(VOLUME, &volume["spec"], "spec", causes);
}

fn capacity(capacity: &Value, place: &str, causes: &mut Vec<Cause>) {
    let size = capacity.as_object().map_or(0, crate::value::Map::len);
    if size == 0 {
        causes.push(Cause::required(place, ""));
    }
    if size != 1 || capacity.get("storage").is_none() {
        causes.push(rules::not_one_of(place, capacity, &["storage"]));
    }
    for (resource, value) in capacity.as_object().into_iter().flatten() {
        let amount = quantity(value);
        let field = format!("{place}[{resource}]");
        if amount.as_ref().is_some_and(|q| q.nano < 0) {
            causes.push(Cause::invalid(field.as_str(), value, "must be a valid resource quantity"));
        }
        if amount.is_some_and(|q| q.nano <= 0) {
            causes.push(Cause::invalid(field, value, "must be greater than zero"));
        }
    }
}

fn source(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let affinity = &spec["nodeAffinity"]["required"];
    if affinity.is_object() {
        pods::node_selector(affinity, &format!("{base}.nodeAffinity.required"), causes);
    } else if spec["nodeAffinity"].is_object() {
        let detail = "must specify required node constraints";
        causes.push(Cause::required(format!("{base}.nodeAffinity.required"), detail));
    }
    let mut first = None;
    for kind in SOURCES.iter().filter(|kind| spec[**kind].is_object()) {
        // FlexVolumes may stand beside any other.
        if first.is_some() && *kind != "flexVolume" {
            let field = if *kind == "cephfs" { "cephFS" } else { kind };
            causes.push(Cause::forbidden(
                format!("{base}.{field}"),
                "may not specify more than 1 volume type",
            ));
            continue;
        }
        first = Some(*kind);
        persistent::check(kind, &spec[*kind], &format!("{base}.{kind}"), causes);
        if *kind == "local" && !affinity.is_object() {
            let detail = "Local volume requires node affinity";
            causes.push(Cause::required(format!("{base}.nodeAffinity"), detail));
        }
    }
    if first.is_none() {
        causes.push(Cause::required(base, "must specify a volume type"));
    }
    if spec["hostPath"]["path"] == "/" && spec["persistentVolumeReclaimPolicy"] == "Recycle" {
        let detail = "may not be 'recycle' for a hostPath mount of '/'";
        causes.push(Cause::forbidden(format!("{base}.persistentVolumeReclaimPolicy"), detail));
    }
}

const CLASS: &[Rule] = &[
    ("provisioner", Check::With(provisioner)),
    ("parameters", Check::With(parameters)),
    ("reclaimPolicy", Check::OneOfIfSet(&["Delete", "Retain"])),
    ("volumeBindingMode", Check::OneOfIfSet(&["Immediate", "WaitForFirstConsumer"])),
    ("allowedTopologies", Check::With(topologies)),
];

/// A StorageClass.
pub(super) fn class(class: &Value, causes: &mut Vec<Cause>) {
    apply(CLASS, class, "", causes);
}

fn topologies(topologies: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<&Value> = vec![];
    for (i, topology) in items(topologies).iter().enumerate() {
        let requirements = &topology["matchLabelExpressions"];
        let place = format!("{place}[{i}].matchLabelExpressions");
        let mut keys: Vec<&str> = vec![];
        for (j, requirement) in items(requirements).iter().enumerate() {
            let place = format!("{place}[{j}]");
            let values = items(&requirement["values"]);
            if values.is_empty() {
                causes.push(Cause::required(format!("{place}.values"), ""));
            }
            for (k, value) in values.iter().enumerate().filter(|(k, value)| values[..*k].contains(value)) {
                causes.push(Cause::duplicate(format!("{place}.values[{k}]"), value));
            }
            let key = text(&requirement["key"]);
            rules::faults(&names::qualified_name(key), &format!("{place}.key"), &key.into(), causes);
            if keys.contains(&key) {
                causes.push(Cause::duplicate(format!("{place}.key"), &key.into()));
            }
            keys.push(key);
        }
        // One that asks for nothing is the same as none.
        if items(requirements).is_empty() || seen.contains(&requirements) {
            causes.push(Cause::duplicate(place, &"".into()));
        }
        seen.push(requirements);
    }
}

fn provisioner(name: &Value, place: &str, causes: &mut Vec<Cause>) {
    match text(name) {
        "" => causes.push(Cause::required(place, "")),
        text => rules::faults(&names::qualified_name(&text.to_lowercase()), place, name, causes),
    }
}

fn parameters(parameters: &Value, place: &str, causes: &mut Vec<Cause>) {
    let Some(map) = parameters.as_object() else { return };
    if map.keys().any(|key| key.is_empty()) {
        causes.push(Cause::invalid(place, &"".into(), "field can not be empty."));
    }
}
