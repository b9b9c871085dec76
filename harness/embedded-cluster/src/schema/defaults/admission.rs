//! Admission webhooks and policies.

use crate::value::{Map, json};

use super::Fields as _;

pub(super) fn mutating_webhooks(configuration: &mut Map) {
    configuration.each("webhooks", |hook| {
        hook.default("reinvocationPolicy", "Never");
        webhook(hook);
    });
}

pub(super) fn validating_webhooks(configuration: &mut Map) {
    configuration.each("webhooks", webhook);
}

fn webhook(hook: &mut Map) {
    hook.default("failurePolicy", "Fail");
    hook.default("timeoutSeconds", 10);
    if let Some(service) = hook.object("clientConfig").and_then(|client| client.object("service")) {
        service.default("port", 443);
    }
    matches(hook);
    hook.each("rules", rule);
}

pub(super) fn policy(policy: &mut Map) {
    let Some(spec) = policy.object("spec") else { return };
    spec.default("failurePolicy", "Fail");
    if let Some(constraints) = spec.object("matchConstraints") {
        resources(constraints);
    }
}

pub(super) fn policy_binding(binding: &mut Map) {
    let spec = binding.object("spec");
    if let Some(constraints) = spec.and_then(|spec| spec.object("matchResources")) {
        resources(constraints);
    }
}

fn resources(constraints: &mut Map) {
    matches(constraints);
    constraints.each("resourceRules", rule);
    constraints.each("excludeResourceRules", rule);
}

fn matches(constraints: &mut Map) {
    constraints.default("matchPolicy", "Equivalent");
    constraints.default("namespaceSelector", json!({}));
    constraints.default("objectSelector", json!({}));
}

fn rule(rule: &mut Map) {
    rule.default("scope", "*");
}
