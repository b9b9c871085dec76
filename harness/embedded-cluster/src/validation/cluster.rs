//! Kinds that belong to the cluster: namespaces, nodes, priority classes, certificates.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::FromDer;

use crate::value::Value;

use super::metadata;
use super::pods::effect_of_taint;
use super::rules::{Check, apply, as_struct, faults, items, not_one_of, text};
use super::{formats, names};
use crate::status::Cause;

/// A Namespace.
pub(super) fn namespace(namespace: &Value, causes: &mut Vec<Cause>) {
    for finalizer in items(&namespace["spec"]["finalizers"]) {
        metadata::finalizer(text(finalizer), "spec.finalizers", "spec.finalizers", true, causes);
    }
}

/// The phase follows from whether the namespace is being deleted.
pub(super) fn namespace_phase(namespace: &Value, causes: &mut Vec<Cause>) {
    let phase = &namespace["status"]["phase"];
    let deleting = !namespace["metadata"]["deletionTimestamp"].is_null();
    let detail = match (deleting, text(phase)) {
        (false, "Active") | (true, "Terminating") => return,
        (false, _) => "may only be 'Active' if `deletionTimestamp` is empty",
        (true, _) => "may only be 'Terminating' if `deletionTimestamp` is not empty",
    };
    // Kubernetes gives the name that the field has in Go.
    causes.push(Cause::invalid("status.Phase", phase, detail));
}

/// A decision about a request stands.
pub(super) fn approval(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    for kind in ["Approved", "Denied", "Failed"] {
        let count = |object: &Value| items(&object["status"]["conditions"]).iter().filter(|c| c["type"] == kind).count();
        if count(new) < count(old) {
            let detail = format!("updates may not remove a condition of type {kind:?}");
            causes.push(Cause::forbidden("status.conditions", &detail));
        }
    }
}

const TAINT: &[(&str, &str)] = &[("Key", "\"\""), ("Value", "\"\""), ("Effect", "\"\""), ("TimeAdded", "null")];

/// A Node.
pub(super) fn node(node: &Value, causes: &mut Vec<Cause>) {
    let spec = &node["spec"];
    // Kubernetes gives taints a path in the metadata.
    let mut seen: Vec<(&str, &str)> = vec![];
    for (i, taint) in items(&spec["taints"]).iter().enumerate() {
        let place = format!("metadata.taints[{i}]");
        let (key, value, effect) = (text(&taint["key"]), text(&taint["value"]), text(&taint["effect"]));
        faults(&names::qualified_name(key), &format!("{place}.key"), &key.into(), causes);
        faults(&names::label_value(value), &format!("{place}.value"), &value.into(), causes);
        if effect.is_empty() {
            causes.push(Cause::required(format!("{place}.effect"), ""));
        }
        effect_of_taint(effect, &format!("{place}.effect"), causes);
        if seen.contains(&(key, effect)) {
            let shown = as_struct(taint, TAINT);
            let message = format!("Duplicate value: {shown}: taints must be unique by key and effect pair");
            causes.push(Cause {
                reason: "FieldValueDuplicate".into(),
                message,
                field: place,
            });
        }
        seen.push((key, effect));
    }
    for (i, range) in items(&spec["podCIDRs"]).iter().enumerate() {
        faults(&formats::cidr(text(range)), &format!("spec.podCIDRs[{i}]"), range, causes);
    }
}

/// Classes that Kubernetes brings.
const SYSTEM: &[&str] = &["system-cluster-critical", "system-node-critical"];
const MOST: i64 = 1_000_000_000;

/// A PriorityClass.
pub(super) fn priority_class(class: &Value, causes: &mut Vec<Cause>) {
    let name = text(&class["metadata"]["name"]);
    if name.starts_with("system-") {
        if !SYSTEM.contains(&name) {
            let detail = format!(
                "priority class names with 'system-' prefix are reserved for system use only. error: {name} is not a known system \
                 priority class"
            );
            causes.push(Cause::forbidden("metadata.name", &detail));
        }
    } else if class["value"].as_i64().is_some_and(|value| value > MOST) {
        let detail = format!("maximum allowed value of a user defined priority is {MOST}");
        causes.push(Cause::forbidden("value", &detail));
    }
    let policies = &["PreemptLowerPriority", "Never"];
    apply(
        &[("preemptionPolicy", Check::Required), ("preemptionPolicy", Check::OneOf(policies))],
        class,
        "",
        causes,
    );
}

const USAGES: &[&str] = &[
    "any",
    "cert sign",
    "client auth",
    "code signing",
    "content commitment",
    "crl sign",
    "data encipherment",
    "decipher only",
    "digital signature",
    "email protection",
    "encipher only",
    "ipsec end system",
    "ipsec tunnel",
    "ipsec user",
    "key agreement",
    "key encipherment",
    "microsoft sgc",
    "netscape sgc",
    "ocsp signing",
    "s/mime",
    "server auth",
    "signing",
    "timestamping",
];

/// What is wrong with a certificate request in PEM, in base64. Of what Go says about wrong ASN.1 only the first words are as there.
fn certificate_request(encoded: &str) -> Option<&'static str> {
    let decoded = STANDARD.decode(encoded).unwrap_or_default();
    match parse_x509_pem(&decoded) {
        Ok((_, pem)) if pem.label == "CERTIFICATE REQUEST" => match X509CertificationRequest::from_der(&pem.contents) {
            Ok(_) => None,
            Err(_) => Some("asn1: structure error"),
        },
        _ => Some("PEM block type must be CERTIFICATE REQUEST"),
    }
}

/// A CertificateSigningRequest.
pub(super) fn signing_request(request: &Value, causes: &mut Vec<Cause>) {
    let spec = &request["spec"];
    if let Some(wrong) = certificate_request(text(&spec["request"])) {
        causes.push(Cause::invalid("spec.request", &spec["request"], wrong));
    }
    let usages = items(&spec["usages"]);
    if usages.is_empty() {
        causes.push(Cause::required("spec.usages", ""));
    }
    for (i, usage) in usages.iter().enumerate() {
        let place = format!("spec.usages[{i}]");
        if !USAGES.contains(&text(usage)) {
            causes.push(not_one_of(&place, usage, USAGES));
        }
        if usages[..i].contains(usage) {
            causes.push(Cause::duplicate(place, usage));
        }
    }
    signer(text(&spec["signerName"]), causes);
    let life = &spec["expirationSeconds"];
    if life.as_i64().is_some_and(|seconds| seconds < 600) {
        let detail = "may not specify a duration less than 600 seconds (10 minutes)";
        causes.push(Cause::invalid("spec.expirationSeconds", life, detail));
    }
}

fn signer(name: &str, causes: &mut Vec<Cause>) {
    let place = "spec.signerName";
    let mut invalid = |detail: &str| causes.push(Cause::invalid(place, &name.into(), detail));
    match name.split_once('/') {
        None if name.is_empty() => causes.push(Cause::required(place, "")),
        Some((domain, path)) if !path.is_empty() && !path.contains('/') => {
            names::subdomain(domain).iter().for_each(|fault| invalid(fault));
            if !domain.contains('.') {
                invalid("should be a domain with at least two segments separated by dots");
            }
            for part in path.split('.') {
                names::label(part).iter().for_each(|fault| invalid(fault));
            }
        }
        _ => invalid("must be a fully qualified domain and path of the form 'example.com/signer-name'"),
    }
}
