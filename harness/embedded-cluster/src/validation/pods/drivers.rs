//! Volumes of storage systems: what their drivers need.

use std::sync::LazyLock;

use regex::Regex;

use crate::value::Value;

use super::super::rules::{self, Check, faults, items, not_one_of, text};
use super::super::{formats, names};
use crate::status::Cause;

/// A part of a disk; 0 is the whole of it.
pub(super) fn partition(partition: &Value, place: &str, causes: &mut Vec<Cause>) {
    if partition.as_i64().is_some_and(|n| !(0..=255).contains(&n)) {
        causes.push(Cause::invalid(place, partition, "must be between 1 and 255, inclusive"));
    }
}

/// Kubernetes gives this one another name in messages.
pub(super) fn gce(disk: &Value, place: &str, causes: &mut Vec<Cause>) {
    let place = place.replace("gcePersistentDisk", "persistentDisk");
    rules::apply(
        &[("pdName", Check::Required), ("partition", Check::With(partition))],
        disk,
        &place,
        causes,
    );
}

/// A path from the root, also where there is none.
pub(super) fn absolute(path: &Value, place: &str, causes: &mut Vec<Cause>) {
    faults(&formats::absolute_path(text(path)), place, &text(path).into(), causes);
}

/// The names that an iSCSI node may have: their start, and their form.
static ISCSI_NAMES: LazyLock<Vec<(&str, Option<Regex>)>> = LazyLock::new(|| {
    [
        ("iqn", r"iqn\.\d{4}-\d{2}\.([[:alnum:]\-.]+)(:[^,;*&$|\s]+)$"),
        ("eui", "^eui.[[:alnum:]]{16}$"),
        ("naa", "^naa.[[:alnum:]]{32}$"),
    ]
    .map(|(start, form)| (start, Regex::new(form).ok()))
    .into()
});

fn iscsi_name(name: &str, place: &str, causes: &mut Vec<Cause>) {
    let detail = match ISCSI_NAMES.iter().find(|(start, _)| name.starts_with(start)) {
        None => "must be valid format starting with iqn, eui, or naa",
        Some((_, Some(form))) if !form.is_match(name) => "must be valid format",
        Some(_) => return,
    };
    causes.push(Cause::invalid(place, &name.into(), detail));
}

/// A disk by iSCSI.
pub(super) fn iscsi(disk: &Value, place: &str, causes: &mut Vec<Cause>) {
    rules::apply(&[("targetPortal", Check::Required), ("iqn", Check::Required)], disk, place, causes);
    let name = text(&disk["iqn"]);
    if !name.is_empty() {
        iscsi_name(name, &format!("{place}.iqn"), causes);
    }
    rules::apply(&[("lun", Check::Between(0, 255))], disk, place, causes);
    let by_secret = disk["chapAuthDiscovery"] == true || disk["chapAuthSession"] == true;
    if by_secret && !disk["secretRef"].is_object() {
        causes.push(Cause::required(format!("{place}.secretRef"), ""));
    }
    if disk["initiatorName"].is_string() {
        iscsi_name(text(&disk["initiatorName"]), &format!("{place}.initiatorname"), causes);
    }
}

/// A disk by Fibre Channel: by port and unit, or by identifiers of its own.
pub(super) fn fibre_channel(disk: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (ports, ids) = (items(&disk["targetWWNs"]), items(&disk["wwids"]));
    let field = format!("{place}.targetWWNs");
    match (ports.is_empty(), ids.is_empty()) {
        (true, true) => {
            let detail = "must specify either targetWWNs or wwids, but not both";
            causes.push(Cause::required(field, detail));
        }
        (false, false) => {
            let detail = "targetWWNs and wwids can not be specified simultaneously";
            causes.push(Cause::invalid(field, &disk["targetWWNs"], detail));
        }
        _ => {}
    }
    if !ports.is_empty() {
        if disk["lun"].is_null() {
            let detail = "lun is required if targetWWNs is specified";
            causes.push(Cause::required(format!("{place}.lun"), detail));
        }
        rules::apply(&[("lun", Check::Between(0, 255))], disk, place, causes);
    }
}

/// A dataset, by name or by UUID.
pub(super) fn flocker(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (name, uuid) = (text(&source["datasetName"]), text(&source["datasetUUID"]));
    if name.is_empty() && uuid.is_empty() {
        causes.push(Cause::required(place, "one of datasetName and datasetUUID is required"));
    }
    if !name.is_empty() && !uuid.is_empty() {
        let detail = "datasetName and datasetUUID can not be specified simultaneously";
        causes.push(Cause::invalid(place, &"resource".into(), detail));
    }
    if name.contains('/') {
        causes.push(Cause::invalid(format!("{place}.datasetName"), &name.into(), "must not contain '/'"));
    }
}

/// A reference to a Secret, if there is one, has its name.
pub(in crate::validation) fn secret(reference: &Value, place: &str, causes: &mut Vec<Cause>) {
    if reference.is_object() {
        rules::apply(&[("name", Check::Required)], reference, place, causes);
    }
}

/// Options of FlexVolumes; some belong to Kubernetes.
pub(super) fn flex_options(options: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (key, _) in options.as_object().into_iter().flatten() {
        let domain = key.split_once('/').map_or(key.as_str(), |(domain, _)| domain);
        let domain = format!(".{}", domain.to_lowercase());
        if domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io") {
            let detail = "kubernetes.io and k8s.io namespaces are reserved";
            causes.push(Cause::invalid(format!("{place}[{key}]"), &key.as_str().into(), detail));
        }
    }
}

/// A volume of Quobyte's registries.
pub(super) fn quobyte(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    const REGISTRY: &str = "must be a host:port pair or multiple pairs separated by commas";
    let registry = text(&source["registry"]);
    let field = format!("{place}.registry");
    if registry.is_empty() {
        causes.push(Cause::required(field, REGISTRY));
    } else if text(&source["tenant"]).len() > 64 {
        let detail = "must be a UUID and may not exceed a length of 64 characters";
        causes.push(Cause::required(format!("{place}.tenant"), detail));
    } else {
        for _ in registry.split(',').filter(|pair| pair.matches(':').count() != 1) {
            causes.push(Cause::invalid(field.as_str(), &registry.into(), REGISTRY));
        }
    }
    rules::apply(&[("volume", Check::Required)], source, place, causes);
}

const CACHING: &[&str] = &["None", "ReadOnly", "ReadWrite"];
const AZURE_KINDS: &[&str] = &["Dedicated", "Managed", "Shared"];
const MANAGED_DISK: &str = "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}";
const BLOB: &str = "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd";

/// A disk of Azure, managed or in a blob.
pub(super) fn azure_disk(disk: &Value, place: &str, causes: &mut Vec<Cause>) {
    rules::apply(
        &[
            ("diskName", Check::Required),
            ("diskURI", Check::Required),
            ("cachingMode", Check::OneOfIfSet(CACHING)),
            ("kind", Check::OneOfIfSet(AZURE_KINDS)),
        ],
        disk,
        place,
        causes,
    );
    let uri = text(&disk["diskURI"]);
    let (start, form) = match disk["kind"].as_str() {
        None => return,
        Some("Managed") => ("/subscriptions/", MANAGED_DISK),
        Some(_) => ("https://", BLOB),
    };
    if !uri.starts_with(start) {
        causes.push(not_one_of(&format!("{place}.diskURI"), &uri.into(), &[form]));
    }
}

/// A volume of StorageOS.
pub(super) fn storage_os(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    rules::apply(
        &[
            ("volumeName", Check::RequiredText(names::label)),
            ("volumeNamespace", Check::Label),
            ("secretRef", Check::With(secret)),
        ],
        source,
        place,
        causes,
    );
}

/// A volume of a CSI driver in a pod. Where its secret's name is wrong, Kubernetes names other places than that.
pub(super) fn csi(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    csi_driver(&source["driver"], &format!("{place}.driver"), causes);
    let reference = &source["nodePublishSecretRef"];
    if !reference.is_object() {
        return;
    }
    match text(&reference["name"]) {
        "" => causes.push(Cause::required(format!("{place}.nodePublishSecretRef .name"), "")),
        name => faults(&names::subdomain(name), &format!("{place}.name"), &name.into(), causes),
    }
}

/// The name of a CSI driver.
pub(in crate::validation) fn csi_driver(driver: &Value, place: &str, causes: &mut Vec<Cause>) {
    let name = text(driver);
    if name.is_empty() {
        return causes.push(Cause::required(place, ""));
    }
    if name.len() > 63 {
        causes.push(Cause::too_long(place, 63));
    }
    faults(&names::subdomain(&name.to_lowercase()), place, &name.into(), causes);
}
