//! Volumes, and where they come from.

use super::Shown;
use super::text::{UNSET, joined, or, plain};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    Some(match plural {
        "persistentvolumes" => volume(object),
        "persistentvolumeclaims" => claim(object),
        "storageclasses" => {
            let default = [
                "storageclass.kubernetes.io/is-default-class",
                "storageclass.beta.kubernetes.io/is-default-class",
            ];
            let is_default = default.into_iter().any(|key| object.object.annotation(key) == Some("true"));
            json!([
                format!("{}{}", object.name(), if is_default { " (default)" } else { "" }),
                object.str_at("/provisioner"),
                or(object.str_at("/reclaimPolicy"), "Delete"),
                or(object.str_at("/volumeBindingMode"), "Immediate"),
                object.flag_at("/allowVolumeExpansion"),
                object.age(),
            ])
        }
        "volumeattachments" => json!([
            object.name(),
            object.str_at("/spec/attacher"),
            object.str_at("/spec/source/persistentVolumeName"),
            object.str_at("/spec/nodeName"),
            object.flag_at("/status/attached"),
            object.age(),
        ]),
        "volumeattributesclasses" => json!([object.name(), object.str_at("/driverName"), object.age()]),
        "csidrivers" => {
            let audiences = object
                .list_at("/spec/tokenRequests")
                .iter()
                .map(|request| request.str_at("/audience"));
            let audiences: Vec<&str> = audiences.collect();
            let modes = joined(object.list_at("/spec/volumeLifecycleModes"), ",");
            json!([
                object.name(),
                object.at("/spec/attachRequired").as_bool().unwrap_or(true),
                object.flag_at("/spec/podInfoOnMount"),
                object.flag_at("/spec/storageCapacity"),
                or(&audiences.join(","), UNSET),
                object.flag_at("/spec/requiresRepublish"),
                or(&modes, "<none>"),
                object.age(),
            ])
        }
        "csinodes" => json!([object.name(), object.list_at("/spec/drivers").len(), object.age()]),
        _ => return None,
    })
}

fn volume(volume: &Shown<'_>) -> Value {
    let claim = volume.at("/spec/claimRef");
    let claim = if claim.is_null() {
        String::new()
    } else {
        format!("{}/{}", claim.str_at("/namespace"), claim.str_at("/name"))
    };
    json!([
        volume.name(),
        plain(volume.at("/spec/capacity/storage")),
        modes(volume.list_at("/spec/accessModes")),
        volume.str_at("/spec/persistentVolumeReclaimPolicy"),
        phase(volume),
        claim,
        volume.str_at("/spec/storageClassName"),
        or(volume.str_at("/spec/volumeAttributesClassName"), UNSET),
        volume.str_at("/status/reason"),
        volume.age(),
        or(volume.str_at("/spec/volumeMode"), UNSET),
    ])
}

fn claim(claim: &Shown<'_>) -> Value {
    let bound = claim.str_at("/spec/volumeName");
    let of_bound = |text: String| if bound.is_empty() { String::new() } else { text };
    json!([
        claim.name(),
        phase(claim),
        bound,
        of_bound(plain(claim.at("/status/capacity/storage"))),
        of_bound(modes(claim.list_at("/status/accessModes"))),
        claim.str_at("/spec/storageClassName"),
        or(claim.str_at("/spec/volumeAttributesClassName"), UNSET),
        claim.age(),
        or(claim.str_at("/spec/volumeMode"), UNSET),
    ])
}

fn phase<'a>(object: &'a Shown<'_>) -> &'a str {
    if object.is_deleted() {
        "Terminating"
    } else {
        object.str_at("/status/phase")
    }
}

/// Access modes as abbreviations, each once, in a fixed order.
fn modes(modes: &[Value]) -> String {
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let has = |mode: &str| modes.iter().any(|m| m.as_str() == Some(mode));
    let short: Vec<&str> = known.into_iter().filter(|(mode, _)| has(mode)).map(|(_, short)| short).collect();
    short.join(",")
}
