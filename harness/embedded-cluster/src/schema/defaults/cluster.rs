//! RBAC, priorities, API extension and the other groups with few rules.

use crate::value::{Map, json};

use super::Fields as _;

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) fn role_binding(binding: &mut Map) {
    let role = binding.object_or_new("roleRef");
    if role.text("apiGroup").is_empty() {
        role.insert("apiGroup", RBAC.into());
    }
    binding.each("subjects", |subject| {
        if matches!(subject.text("kind"), "User" | "Group") {
            subject.default("apiGroup", RBAC);
        }
    });
}

pub(super) fn priority_class(class: &mut Map) {
    class.default("preemptionPolicy", "PreemptLowerPriority");
}

pub(super) fn custom_resource_definition(definition: &mut Map) {
    let Some(spec) = definition.object("spec") else { return };
    if let Some(names) = spec.object("names") {
        let kind = names.text("kind").to_owned();
        names.default("singular", kind.to_lowercase());
        if !kind.is_empty() {
            names.default("listKind", format!("{kind}List"));
        }
    }
    let conversion = spec.object_or_new("conversion");
    conversion.default("strategy", "None");
    let webhook = conversion.object("webhook").and_then(|webhook| webhook.object("clientConfig"));
    if let Some(service) = webhook.and_then(|client| client.object("service")) {
        service.default("port", 443);
    }
}

pub(super) fn api_service(service: &mut Map) {
    let spec = service.object("spec");
    if let Some(service) = spec.and_then(|spec| spec.object("service")) {
        service.default("port", 443);
    }
}

pub(super) fn flow_schema(schema: &mut Map) {
    if let Some(spec) = schema.object("spec")
        && spec.get("matchingPrecedence").is_none_or(|value| value.as_i64() == Some(0))
    {
        spec.insert("matchingPrecedence", json!(1000));
    }
}

pub(super) fn priority_level(level: &mut Map) {
    let Some(spec) = level.object("spec") else { return };
    if let Some(limited) = spec.object("limited") {
        limited.default("nominalConcurrencyShares", 30);
        limited.default("lendablePercent", 0);
        if let Some(queuing) = limited.object("limitResponse").and_then(|response| response.object("queuing")) {
            for (name, value) in [("queues", 64), ("handSize", 8), ("queueLengthLimit", 50)] {
                if queuing.get(name).is_none_or(|value| value.as_i64() == Some(0)) {
                    queuing.insert(name, json!(value));
                }
            }
        }
    }
    if let Some(exempt) = spec.object("exempt") {
        exempt.default("nominalConcurrencyShares", 0);
        exempt.default("lendablePercent", 0);
    }
}

pub(super) fn resource_claim(claim: &mut Map) {
    let Some(devices) = claim.object("spec").and_then(|spec| spec.object("devices")) else {
        return;
    };
    devices.each("requests", |request| {
        if let Some(request) = request.object("exactly") {
            device_request(request);
        }
        request.each("firstAvailable", device_request);
    });
}

pub(super) fn resource_claim_template(template: &mut Map) {
    if let Some(spec) = template.object("spec") {
        resource_claim(spec);
    }
}

fn device_request(request: &mut Map) {
    request.default("allocationMode", "ExactCount");
    if request.text("allocationMode") == "ExactCount" {
        request.default("count", 1);
    }
}

pub(super) fn token_request(request: &mut Map) {
    if let Some(spec) = request.object("spec") {
        spec.default("expirationSeconds", 3600);
    }
}
