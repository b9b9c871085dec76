//! What volumes of each kind are made from.

use crate::value::Value;

use super::super::formats;
use super::super::rules::{self, Check, Rule, faults, items, text};
use super::super::storage;
use super::{drivers, env};
use crate::status::Cause;

/// Rules by the kind of volume; in PersistentVolumes the same hold.
pub(in crate::validation) const SOURCES: &[Rule] = &[
    ("emptyDir.sizeLimit", Check::With(size_limit)),
    ("hostPath", Check::With(host_path)),
    ("gitRepo.repository", Check::Required),
    ("gitRepo.directory", Check::Text(formats::local_path)),
    ("secret.secretName", Check::Required),
    ("secret", Check::With(files)),
    ("gcePersistentDisk", Check::With(drivers::gce)),
    ("awsElasticBlockStore.volumeID", Check::Required),
    ("awsElasticBlockStore.partition", Check::With(drivers::partition)),
    ("nfs.server", Check::Required),
    ("nfs.path", Check::Required),
    ("nfs.path", Check::With(drivers::absolute)),
    ("iscsi", Check::With(drivers::iscsi)),
    ("glusterfs.endpoints", Check::Required),
    ("glusterfs.path", Check::Required),
    ("flocker", Check::With(drivers::flocker)),
    ("persistentVolumeClaim.claimName", Check::Required),
    ("rbd.monitors", Check::Required),
    ("rbd.image", Check::Required),
    ("cinder.volumeID", Check::Required),
    ("cinder.secretRef", Check::With(drivers::secret)),
    ("cephfs.monitors", Check::Required),
    ("quobyte", Check::With(drivers::quobyte)),
    ("downwardAPI", Check::With(downward)),
    ("fc", Check::With(drivers::fibre_channel)),
    ("flexVolume.driver", Check::Required),
    ("flexVolume.options", Check::With(drivers::flex_options)),
    ("configMap.name", Check::Required),
    ("configMap", Check::With(files)),
    ("azureFile.secretName", Check::Required),
    ("azureFile.shareName", Check::Required),
    ("vsphereVolume.volumePath", Check::Required),
    ("photonPersistentDisk.pdID", Check::Required),
    ("portworxVolume.volumeID", Check::Required),
    ("azureDisk", Check::With(drivers::azure_disk)),
    ("storageos", Check::With(drivers::storage_os)),
    ("projected", Check::With(projected)),
    ("scaleIO.gateway", Check::Required),
    ("scaleIO.system", Check::Required),
    ("scaleIO.volumeName", Check::Required),
    ("csi", Check::With(drivers::csi)),
    ("ephemeral", Check::With(ephemeral)),
    ("image.reference", Check::Required),
    ("image.pullPolicy", Check::OneOf(&["Always", "IfNotPresent", "Never"])),
    ("local.path", Check::RequiredText(formats::no_backsteps)),
];

const TOKEN_LIFE: (i64, i64) = (600, 1 << 32);

/// A source of a kind at `place`, which ends in the kind.
pub(super) fn check(kind: &str, source: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (path, check) in SOURCES {
        let rest = match path.split_once('.') {
            Some((first, rest)) if first == kind => rest,
            None if *path == kind => "",
            _ => continue,
        };
        rules::apply(&[(rest, *check)], source, place, causes);
    }
}

const HOST_PATHS: &[&str] = &[
    "",
    "BlockDevice",
    "CharDevice",
    "Directory",
    "DirectoryOrCreate",
    "File",
    "FileOrCreate",
    "Socket",
];

/// Without a path, nothing else is looked at.
fn host_path(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    const PATH: &[Rule] = &[("path", Check::RequiredText(formats::no_backsteps))];
    rules::apply(PATH, source, place, causes);
    if !text(&source["path"]).is_empty() {
        rules::apply(&[("type", Check::OneOf(HOST_PATHS))], source, place, causes);
    }
}

/// A claim that comes and goes with the pod.
fn ephemeral(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    let template = &source["volumeClaimTemplate"];
    let place = format!("{place}.volumeClaimTemplate");
    if template.is_object() {
        storage::claim(&template["spec"], &format!("{place}.spec"), causes);
    } else {
        causes.push(Cause::required(place, ""));
    }
}

fn size_limit(limit: &Value, place: &str, causes: &mut Vec<Cause>) {
    if rules::quantity(limit).is_some_and(|q| q.nano < 0) {
        causes.push(Cause::forbidden(place, "SizeLimit field must be a valid resource quantity"));
    }
}

/// Files from keys, and their modes.
fn files(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    mode(&source["defaultMode"], &format!("{place}.defaultMode"), causes);
    keys(source, place, causes);
}

fn keys(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (i, item) in items(&source["items"]).iter().enumerate() {
        let place = format!("{place}.items[{i}]");
        if text(&item["key"]).is_empty() {
            causes.push(Cause::required(format!("{place}.key"), ""));
        }
        let path = text(&item["path"]);
        if path.is_empty() {
            causes.push(Cause::required(format!("{place}.path"), ""));
        }
        faults(&formats::own_path(path), &format!("{place}.path"), &path.into(), causes);
        mode(&item["mode"], &format!("{place}.mode"), causes);
    }
}

fn mode(mode: &Value, place: &str, causes: &mut Vec<Cause>) {
    if mode.as_i64().is_some_and(|m| !(0..=0o777).contains(&m)) {
        let detail = "must be a number between 0 and 0777 (octal), both inclusive";
        causes.push(Cause::invalid(place, mode, detail));
    }
}

const DOWNWARD_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
];

fn downward(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    mode(&source["defaultMode"], &format!("{place}.defaultMode"), causes);
    for file in items(&source["items"]) {
        downward_file(file, place, causes);
    }
}

/// One file; Kubernetes gives the fields of the volume.
fn downward_file(file: &Value, place: &str, causes: &mut Vec<Cause>) {
    let path = text(&file["path"]);
    if path.is_empty() {
        causes.push(Cause::required(format!("{place}.path"), ""));
    }
    faults(&formats::own_path(path), &format!("{place}.path"), &path.into(), causes);
    let (field, resource) = (&file["fieldRef"], &file["resourceFieldRef"]);
    if field.is_object() {
        env::field(field, DOWNWARD_FIELDS, &format!("{place}.fieldRef"), causes);
        if resource.is_object() {
            let detail = "fieldRef and resourceFieldRef can not be specified simultaneously";
            causes.push(Cause::invalid(place, &"resource".into(), detail));
        }
    } else if resource.is_object() {
        env::resource(resource, true, &format!("{place}.resourceFieldRef"), causes);
    } else {
        causes.push(Cause::required(place, "either fieldRef or resourceFieldRef is required"));
    }
    mode(&file["mode"], &format!("{place}.mode"), causes);
}

const PROJECTED: &[&str] = &["secret", "configMap", "downwardAPI", "serviceAccountToken", "clusterTrustBundle"];

fn projected(source: &Value, place: &str, causes: &mut Vec<Cause>) {
    mode(&source["defaultMode"], &format!("{place}.defaultMode"), causes);
    let mut paths: Vec<&str> = vec![];
    for (i, part) in items(&source["sources"]).iter().enumerate() {
        let item = format!("{place}.sources[{i}]");
        if let Some(kind) = PROJECTED.iter().find(|kind| part[**kind].is_object()) {
            let inner = &part[*kind];
            let field = format!("{item}.{kind}");
            match *kind {
                "downwardAPI" => items(&inner["items"]).iter().for_each(|file| downward_file(file, &field, causes)),
                "serviceAccountToken" => token(inner, &field, causes),
                "clusterTrustBundle" => {}
                _ => {
                    if text(&inner["name"]).is_empty() {
                        causes.push(Cause::required(format!("{field}.name"), ""));
                    }
                    keys(inner, &field, causes);
                }
            }
            for (path, shown) in targets(kind, inner).into_iter().filter(|(path, _)| !path.is_empty()) {
                if paths.contains(&path) {
                    causes.push(Cause::invalid(place, &shown.into(), "conflicting duplicate paths"));
                }
                paths.push(path);
            }
        }
        rules::at_most_one(part, PROJECTED, &item, "may not specify more than 1 volume type", causes);
    }
}

/// Where a projected source puts files, and what stands for each in messages.
fn targets<'a>(kind: &str, source: &'a Value) -> Vec<(&'a str, &'a str)> {
    let name = text(&source["name"]);
    let shown = |path: &'a str| if kind == "downwardAPI" { path } else { name };
    match kind {
        "serviceAccountToken" | "clusterTrustBundle" => vec![(text(&source["path"]), name)],
        _ => items(&source["items"])
            .iter()
            .map(|item| text(&item["path"]))
            .map(|path| (path, shown(path)))
            .collect(),
    }
}

fn token(token: &Value, place: &str, causes: &mut Vec<Cause>) {
    let life = &token["expirationSeconds"];
    let detail = match life.as_i64() {
        Some(seconds) if seconds < TOKEN_LIFE.0 => "may not specify a duration less than 10 minutes",
        Some(seconds) if seconds > TOKEN_LIFE.1 => "may not specify a duration larger than 2^32 seconds",
        _ => "",
    };
    if !detail.is_empty() {
        causes.push(Cause::invalid(format!("{place}.expirationSeconds"), life, detail));
    }
    match text(&token["path"]) {
        "" => causes.push(Cause::required(format!("{place}.path"), "")),
        path => faults(&formats::own_path(path), &format!("{place}.path"), &path.into(), causes),
    }
}
