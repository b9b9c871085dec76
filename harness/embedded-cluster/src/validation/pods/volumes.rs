//! Volumes of a pod and where containers mount them.

use crate::value::Value;

use super::super::rules::{self, faults, items, not_found, text};
use super::super::{formats, names};
use super::containers::one_source;
use super::sources;
use crate::status::Cause;

/// The kinds of volume in the order in which Kubernetes looks for them.
const KINDS: &[&str] = &[
    "emptyDir",
    "hostPath",
    "gitRepo",
    "gcePersistentDisk",
    "awsElasticBlockStore",
    "secret",
    "nfs",
    "iscsi",
    "glusterfs",
    "flocker",
    "persistentVolumeClaim",
    "rbd",
    "cinder",
    "cephfs",
    "quobyte",
    "downwardAPI",
    "fc",
    "flexVolume",
    "configMap",
    "azureFile",
    "vsphereVolume",
    "photonPersistentDisk",
    "portworxVolume",
    "azureDisk",
    "storageos",
    "projected",
    "scaleIO",
    "csi",
    "ephemeral",
    "image",
];

const NOT_A_CLAIM: &str = "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode";

/// Checks volumes; those that containers can mount.
pub(super) fn check<'a>(volumes: &'a Value, place: &str, causes: &mut Vec<Cause>) -> Vec<&'a Value> {
    let mut good: Vec<&Value> = vec![];
    for (i, volume) in items(volumes).iter().enumerate() {
        let place = format!("{place}[{i}]");
        let before = causes.len();
        source(volume, &place, causes);
        let name = text(&volume["name"]);
        let field = format!("{place}.name");
        if name.is_empty() {
            causes.push(Cause::required(field.as_str(), ""));
        } else {
            faults(&names::label(name), &field, &name.into(), causes);
        }
        if good.iter().any(|v| v["name"] == name) {
            causes.push(Cause::duplicate(field, &name.into()));
        }
        if causes.len() == before {
            good.push(volume);
        }
    }
    good
}

fn source(volume: &Value, place: &str, causes: &mut Vec<Cause>) {
    // Only the first is looked into.
    if let Some(first) = KINDS.iter().find(|kind| volume.get(**kind).is_some_and(|v| !v.is_null())) {
        sources::check(first, &volume[*first], &format!("{place}.{first}"), causes);
    }
    one_source(volume, KINDS, place, "volume type", causes);
}

/// Where a container mounts its volumes, and which devices it has.
pub(super) fn mounts(container: &Value, volumes: &[&Value], place: &str, causes: &mut Vec<Cause>) {
    let devices = items(&container["volumeDevices"]);
    let list = format!("{place}.volumeMounts");
    let mut paths: Vec<&str> = vec![];
    for (i, mount) in items(&container["volumeMounts"]).iter().enumerate() {
        let place = format!("{list}[{i}]");
        let (name, path) = (text(&mount["name"]), text(&mount["mountPath"]));
        if name.is_empty() {
            causes.push(Cause::required(format!("{place}.name"), ""));
        }
        if path.is_empty() {
            causes.push(Cause::required(format!("{place}.mountPath"), ""));
        }
        if !volumes.iter().any(|v| v["name"] == name) {
            causes.push(not_found(format!("{place}.name"), &name.into(), ""));
        }
        if paths.contains(&path) {
            causes.push(Cause::invalid(format!("{place}.mountPath"), &path.into(), "must be unique"));
        }
        paths.push(path);
        if devices.iter().any(|d| d["name"] == name) {
            let detail = "must not already exist in volumeDevices";
            causes.push(Cause::invalid(format!("{place}.name"), &name.into(), detail));
        }
        if devices.iter().any(|d| d["devicePath"] == path) {
            let detail = "must not already exist as a path in volumeDevices";
            causes.push(Cause::invalid(format!("{place}.mountPath"), &path.into(), detail));
        }
        // Kubernetes gives the fields of the list here.
        for field in ["subPath", "subPathExpr"] {
            let sub = text(&mount[field]);
            if field == "subPathExpr" && !sub.is_empty() && !text(&mount["subPath"]).is_empty() {
                let detail = "subPathExpr and subPath are mutually exclusive";
                causes.push(Cause::invalid(format!("{place}.subPathExpr"), &sub.into(), detail));
            }
            faults(&formats::local_path(sub), &format!("{list}.{field}"), &sub.into(), causes);
        }
        propagation(container, &mount["mountPropagation"], &format!("{list}.mountPropagation"), causes);
    }
    check_devices(container, volumes, &format!("{place}.volumeDevices"), causes);
}

fn propagation(container: &Value, wanted: &Value, place: &str, causes: &mut Vec<Cause>) {
    match wanted.as_str() {
        None | Some("None" | "HostToContainer") => {}
        Some("Bidirectional") if container["securityContext"]["privileged"] == true => {}
        Some("Bidirectional") => {
            let detail = "Bidirectional mount propagation is available only to privileged containers";
            causes.push(Cause::forbidden(place, detail));
        }
        _ => causes.push(rules::not_one_of(place, wanted, &["Bidirectional", "HostToContainer", "None"])),
    }
}

fn check_devices(container: &Value, volumes: &[&Value], place: &str, causes: &mut Vec<Cause>) {
    let mut names: Vec<&str> = vec![];
    let mut paths: Vec<&str> = vec![];
    for (i, device) in items(&container["volumeDevices"]).iter().enumerate() {
        let place = format!("{place}[{i}]");
        let (name, path) = (text(&device["name"]), text(&device["devicePath"]));
        let mut refuse = |detail: &str| causes.push(Cause::invalid(format!("{place}.name"), &name.into(), detail));
        if names.contains(&name) {
            refuse("must be unique");
        }
        match volumes.iter().find(|v| v["name"] == name) {
            Some(volume) if volume["persistentVolumeClaim"].is_object() || volume["ephemeral"].is_object() => {}
            Some(_) => refuse(NOT_A_CLAIM),
            None => {
                if name.is_empty() {
                    causes.push(Cause::required(format!("{place}.name"), ""));
                }
                causes.push(not_found(format!("{place}.name"), &name.into(), ""));
            }
        }
        if path.is_empty() {
            causes.push(Cause::required(format!("{place}.devicePath"), ""));
        }
        let mut refuse = |detail: &str| causes.push(Cause::invalid(format!("{place}.devicePath"), &path.into(), detail));
        if paths.contains(&path) {
            refuse("must be unique");
        }
        if formats::no_backsteps(path).is_empty() {
            paths.push(path);
        } else {
            refuse("can not contain backsteps ('..')");
        }
        if !name.is_empty() {
            names.push(name);
        }
    }
}
