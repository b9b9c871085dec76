//! Configurations of admission: webhooks and policies.

use crate::admission::Names;
use crate::value::Value;

use super::rules::{Check, Rule, apply, faults, items, not_one_of, text};
use super::{expressions, names};
use crate::status::Cause;

const FAILURE: Rule = ("failurePolicy", Check::OneOfIfSet(&["Fail", "Ignore"]));
const MATCH: Rule = ("matchPolicy", Check::OneOfIfSet(&["Equivalent", "Exact"]));

const WEBHOOK: &[Rule] = &[
    ("name", Check::With(name)),
    ("rules[*]", Check::With(operations)),
    FAILURE,
    MATCH,
    ("", Check::With(side_effects)),
    ("timeoutSeconds", Check::With(timeout)),
    ("namespaceSelector", Check::Selector),
    ("objectSelector", Check::Selector),
    ("clientConfig", Check::With(client)),
    ("reinvocationPolicy", Check::OneOfIfSet(&["IfNeeded", "Never"])),
    ("admissionReviewVersions", Check::With(versions)),
];

/// A configuration of webhooks, of either kind.
pub(super) fn webhooks(configuration: &Value, causes: &mut Vec<Cause>) {
    let mut seen: Vec<&str> = vec![];
    for (i, hook) in items(&configuration["webhooks"]).iter().enumerate() {
        let place = format!("webhooks[{i}]");
        apply(WEBHOOK, hook, &place, causes);
        expressions::conditions(
            &hook["matchConditions"],
            &Names::of_webhooks(),
            &format!("{place}.matchConditions"),
            causes,
        );
        let name = text(&hook["name"]);
        if !name.is_empty() && seen.contains(&name) {
            causes.push(Cause::duplicate(format!("{place}.name"), &name.into()));
        }
        seen.push(name);
    }
}

fn name(name: &Value, place: &str, causes: &mut Vec<Cause>) {
    let text = text(name);
    if text.is_empty() {
        causes.push(Cause::required(place, ""));
        return;
    }
    let wrong = names::subdomain(text);
    faults(&wrong, place, name, causes);
    if wrong.is_empty() && text.split('.').count() < 3 {
        let detail = "should be a domain with at least three segments separated by dots";
        causes.push(Cause::invalid(place, name, detail));
    }
}

fn side_effects(hook: &Value, base: &str, causes: &mut Vec<Cause>) {
    let place = format!("{base}.sideEffects");
    match hook["sideEffects"].as_str() {
        None => causes.push(Cause::required(place, "must specify one of None, NoneOnDryRun")),
        Some("None" | "NoneOnDryRun") => {}
        Some(other) => causes.push(not_one_of(&place, &other.into(), &["None", "NoneOnDryRun"])),
    }
}

fn timeout(timeout: &Value, place: &str, causes: &mut Vec<Cause>) {
    if timeout.as_i64().is_some_and(|seconds| !(1..=30).contains(&seconds)) {
        let detail = "the timeout value must be between 1 and 30 seconds";
        causes.push(Cause::invalid(place, timeout, detail));
    }
}

fn client(client: &Value, place: &str, causes: &mut Vec<Cause>) {
    let (url, service) = (&client["url"], &client["service"]);
    if url.is_null() == service.is_null() {
        causes.push(Cause::required(place, "exactly one of url or service is required"));
    } else if service.is_object() {
        check_service(service, &format!("{place}.service"), causes);
    } else {
        check_url(url, &format!("{place}.url"), causes);
    }
}

fn check_url(url: &Value, place: &str, causes: &mut Vec<Cause>) {
    const FORM: &str = "desired format: https://host[/path]";
    let mut refuse = |shown: &str, why: &str| {
        causes.push(Cause::invalid(place, &shown.into(), &format!("{why}; {FORM}")));
    };
    let text = text(url);
    // Without a scheme, all of it is a path.
    let (scheme, rest) = text.split_once("://").unwrap_or_default();
    if scheme != "https" {
        refuse(scheme, "'https' is the only allowed URL scheme");
    }
    let (rest, fragment) = rest.split_once('#').map_or((rest, ""), |(rest, fragment)| (rest, fragment));
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
    let host = rest.split('/').next().unwrap_or_default();
    if host.is_empty() {
        refuse(host, "host must be specified");
    }
    if let Some((user, _)) = host.rsplit_once('@') {
        refuse(user, "user information is not permitted in the URL");
    }
    if !fragment.is_empty() {
        refuse(fragment, "fragments are not permitted in the URL");
    }
    if !query.is_empty() {
        refuse(query, "query parameters are not permitted in the URL");
    }
}

/// A reference to the Service of a webhook. Kubernetes takes name and namespace for each other.
fn check_service(service: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (field, other) in [("namespace", "name"), ("name", "namespace")] {
        if text(&service[field]).is_empty() {
            let detail = format!("service {other} is required");
            causes.push(Cause::required(format!("{place}.{other}"), &detail));
        }
    }
    service_port(&service["port"], &format!("{place}.port"), causes);
    let path = text(&service["path"]);
    service_path(path, &format!("{place}.path"), causes);
}

/// The port of a Service that this server calls.
pub(super) fn service_port(port: &Value, place: &str, causes: &mut Vec<Cause>) {
    if port.as_i64().is_some_and(|port| !(1..=65535).contains(&port)) {
        causes.push(Cause::invalid(
            place,
            port,
            "port is not valid: must be between 1 and 65535, inclusive",
        ));
    }
}

/// The path of a webhook: its segments are subdomains.
fn service_path(path: &str, place: &str, causes: &mut Vec<Cause>) {
    if matches!(path, "" | "/") {
        return;
    }
    let mut invalid = |detail: &str| causes.push(Cause::invalid(place, &path.into(), detail));
    if path == "//" {
        invalid("segment[0] may not be empty");
        return;
    }
    if !path.starts_with('/') {
        invalid("must start with a '/'");
    }
    let mut rest = path.chars();
    rest.next();
    let rest = rest.as_str();
    for (i, segment) in rest.strip_suffix('/').unwrap_or(rest).split('/').enumerate() {
        if segment.is_empty() {
            invalid(&format!("segment[{i}] may not be empty"));
        } else {
            names::subdomain(segment)
                .iter()
                .for_each(|fault| invalid(&format!("segment[{i}]: {fault}")));
        }
    }
}

fn versions(versions: &Value, place: &str, causes: &mut Vec<Cause>) {
    let list = items(versions);
    if list.is_empty() {
        causes.push(Cause::required(place, "must specify one of v1, v1beta1"));
        return;
    }
    for (i, version) in list.iter().enumerate() {
        let field = format!("{place}[{i}]");
        if list[..i].contains(version) {
            causes.push(Cause::invalid(field.as_str(), version, "duplicate version"));
        }
        faults(&names::dns_1035_label(text(version)), &field, version, causes);
    }
    if !list.iter().any(|version| *version == "v1" || *version == "v1beta1") {
        causes.push(Cause::invalid(place, versions, "must include at least one of v1, v1beta1"));
    }
}

const OPERATIONS: &[&str] = &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

/// A rule of what is admitted, with its operations.
fn operations(rule: &Value, place: &str, causes: &mut Vec<Cause>) {
    list(rule, "operations", "operations", place, causes);
    for (i, operation) in items(&rule["operations"]).iter().enumerate() {
        if !OPERATIONS.contains(&text(operation)) {
            causes.push(not_one_of(&format!("{place}.operations[{i}]"), operation, OPERATIONS));
        }
    }
    list(rule, "apiGroups", "API groups", place, causes);
    list(rule, "apiVersions", "API versions", place, causes);
    for field in ["apiVersions", "resources"] {
        for (i, _) in items(&rule[field]).iter().enumerate().filter(|(_, v)| text(v).is_empty()) {
            causes.push(Cause::required(format!("{place}.{field}[{i}]"), ""));
        }
    }
    let resources = items(&rule["resources"]);
    let field = format!("{place}.resources");
    if resources.is_empty() {
        causes.push(Cause::required(field, ""));
    } else {
        let all = resources.iter().any(|r| *r == "*");
        let everything = resources.iter().any(|r| *r == "*/*");
        let plain = resources.iter().filter(|r| !text(r).contains('/')).count();
        if everything && resources.len() > 1 {
            let detail = "if '*/*' is present, must not specify other resources";
            causes.push(Cause::invalid(field, &rule["resources"], detail));
        } else if all && plain > 1 {
            let detail = "if '*' is present, must not specify other resources without subresources";
            causes.push(Cause::invalid(field, &rule["resources"], detail));
        }
    }
    apply(
        &[("scope", Check::OneOfIfSet(&["*", "Cluster", "Namespaced"]))],
        rule,
        place,
        causes,
    );
}

/// A list that is either everything or single things.
fn list(rule: &Value, field: &str, what: &str, place: &str, causes: &mut Vec<Cause>) {
    let values = items(&rule[field]);
    let place = format!("{place}.{field}");
    if values.is_empty() {
        causes.push(Cause::required(place, ""));
    } else if values.len() > 1 && values.iter().any(|v| *v == "*") {
        let detail = format!("if '*' is present, must not specify other {what}");
        causes.push(Cause::invalid(place, &rule[field], &detail));
    }
}

const POLICY: &[Rule] = &[
    FAILURE,
    ("paramKind", Check::With(param_kind)),
    ("matchConstraints", Check::With(constraints)),
];

/// A ValidatingAdmissionPolicy.
pub(super) fn policy(policy: &Value, causes: &mut Vec<Cause>) {
    let spec = &policy["spec"];
    apply(POLICY, spec, "spec", causes);
    let validations = items(&spec["validations"]);
    let annotations = items(&spec["auditAnnotations"]);
    if validations.is_empty() && annotations.is_empty() {
        let detail = "validations or auditAnnotations must contain at least one item";
        causes.push(Cause::required("spec.validations", detail));
        causes.push(Cause::required("spec.auditAnnotations", detail));
    }
    expressions::validating(policy, causes);
}

/// A MutatingAdmissionPolicy.
pub(super) fn mutating_policy(policy: &Value, causes: &mut Vec<Cause>) {
    let spec = &policy["spec"];
    apply(POLICY, spec, "spec", causes);
    if items(&spec["mutations"]).is_empty() {
        causes.push(Cause::required("spec.mutations", "mutations must contain at least one item"));
    }
    expressions::mutating(policy, causes);
}

fn param_kind(kind: &Value, place: &str, causes: &mut Vec<Cause>) {
    if kind.is_object() {
        apply(&[("apiVersion", Check::Required), ("kind", Check::Required)], kind, place, causes);
    }
}

const CONSTRAINTS: &[Rule] = &[
    MATCH,
    ("namespaceSelector", Check::Selector),
    ("objectSelector", Check::Selector),
    ("resourceRules[*]", Check::With(operations)),
    ("excludeResourceRules[*]", Check::With(operations)),
];

fn constraints(constraints: &Value, place: &str, causes: &mut Vec<Cause>) {
    if !constraints.is_object() {
        causes.push(Cause::required(place, ""));
        return;
    }
    apply(CONSTRAINTS, constraints, place, causes);
    if items(&constraints["resourceRules"]).is_empty() {
        causes.push(Cause::required(format!("{place}.resourceRules"), ""));
    }
}
