//! Who may what, who goes first, and what else has a line or two.

use super::Shown;
use super::text::{NONE, or, plain};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    let text = |pointer: &str| object.str_at(pointer).to_owned();
    Some(match plural {
        "rolebindings" | "clusterrolebindings" => binding(object),
        "poddisruptionbudgets" => {
            let amount = |pointer: &str| or(&plain(object.at(pointer)), "N/A").to_owned();
            json!([
                object.name(),
                amount("/spec/minAvailable"),
                amount("/spec/maxUnavailable"),
                object.int_at("/status/disruptionsAllowed"),
                object.age(),
            ])
        }
        "leases" => json!([object.name(), text("/spec/holderIdentity"), object.age()]),
        "certificatesigningrequests" => signing(object),
        "priorityclasses" => json!([
            object.name(),
            object.int_at("/value"),
            object.flag_at("/globalDefault"),
            object.age(),
            text("/preemptionPolicy"),
        ]),
        "runtimeclasses" => json!([object.name(), text("/handler"), object.age()]),
        "deviceclasses" | "resourceclaimtemplates" => json!([object.name(), object.age()]),
        "resourceclaims" => json!([object.name(), claim(object), object.age()]),
        "resourceslices" => json!([
            object.name(),
            text("/spec/nodeName"),
            text("/spec/driver"),
            text("/spec/pool/name"),
            object.age(),
        ]),
        _ => return None,
    })
}

fn binding(binding: &Shown<'_>) -> Value {
    let subjects = |kind: &str| {
        let of_kind = binding
            .list_at("/subjects")
            .iter()
            .filter(|subject| subject.str_at("/kind") == kind);
        let texts: Vec<String> = of_kind
            .map(|subject| match subject.str_at("/namespace") {
                "" => subject.str_at("/name").to_owned(),
                namespace => format!("{namespace}/{}", subject.str_at("/name")),
            })
            .collect();
        texts.join(", ")
    };
    json!([
        binding.name(),
        format!("{}/{}", binding.str_at("/roleRef/kind"), binding.str_at("/roleRef/name")),
        binding.age(),
        subjects("User"),
        subjects("Group"),
        subjects("ServiceAccount"),
    ])
}

fn signing(request: &Shown<'_>) -> Value {
    let has = |kind: &str| request.list_at("/status/conditions").iter().any(|c| c.str_at("/type") == kind);
    let decided = if has("Denied") {
        "Denied"
    } else if has("Approved") {
        "Approved"
    } else {
        "Pending"
    };
    let failed = if has("Failed") { ",Failed" } else { "" };
    let issued = if request.str_at("/status/certificate").is_empty() {
        ""
    } else {
        ",Issued"
    };
    let duration = request.number_at("/spec/expirationSeconds").map(super::age::span);
    json!([
        request.name(),
        request.age(),
        request.str_at("/spec/signerName"),
        request.str_at("/spec/username"),
        duration.as_deref().unwrap_or(NONE),
        format!("{decided}{failed}{issued}"),
    ])
}

fn claim(claim: &Shown<'_>) -> String {
    let states = [
        ("deleted", claim.is_deleted()),
        ("allocated", claim.at("/status/allocation").is_object()),
        ("reserved", !claim.list_at("/status/reservedFor").is_empty()),
    ];
    let states: Vec<&str> = states.into_iter().filter(|(_, is)| *is).map(|(state, _)| state).collect();
    or(&states.join(","), "pending").to_owned()
}
