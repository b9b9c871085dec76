//! A pod's spec, in pods and in templates.

mod containers;
mod drivers;
mod env;
mod ephemeral;
mod probes;
mod resources;
mod scheduling;
mod security;
mod sources;
mod update;
mod volumes;

use crate::value::Value;

use super::rules::{self, Check, Rule, faults, items, text};
use super::{formats, names};
use crate::status::Cause;

pub(super) use drivers::{csi_driver, secret};
pub(super) use ephemeral::update as ephemeral_update;
pub(super) use resources::{STANDARD, amount as resource_amount, container_name as container_resource, name as resource_name, overhead};
pub(super) use scheduling::{effect_of_taint, node_selector, toleration};
pub(super) use update::update;

const MAX_INT32: i64 = i32::MAX as i64;

/// Longest list of search domains, in bytes, with a space between each two.
const SEARCHES: usize = 2048;

const SPEC: &[Rule] = &[
    ("restartPolicy", Check::OneOf(&["Always", "OnFailure", "Never"])),
    (
        "dnsPolicy",
        Check::OneOf(&["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"]),
    ),
    ("nodeSelector", Check::Labels),
    ("securityContext", Check::With(security::pod)),
    ("affinity", Check::With(scheduling::affinity)),
    ("", Check::With(dns)),
    ("readinessGates[*].conditionType", Check::With(readiness_gate)),
    ("", Check::With(scheduling::gates)),
    ("topologySpreadConstraints", Check::With(scheduling::spread)),
    ("serviceAccountName", Check::Subdomain),
    ("nodeName", Check::Subdomain),
    ("activeDeadlineSeconds", Check::Between(1, MAX_INT32)),
    ("hostname", Check::Label),
    ("subdomain", Check::Label),
    ("tolerations[*]", Check::With(scheduling::toleration)),
    ("hostAliases[*]", Check::All(HOST_ALIAS)),
    ("priorityClassName", Check::Subdomain),
    ("runtimeClassName", Check::Subdomain),
    ("schedulerName", Check::Required),
    ("preemptionPolicy", Check::OneOfIfSet(&["PreemptLowerPriority", "Never"])),
    ("overhead", Check::With(resources::overhead)),
    ("os", Check::With(os)),
];

/// An empty type is no valid name, rather than missing.
fn readiness_gate(condition: &Value, place: &str, causes: &mut Vec<Cause>) {
    let name = text(condition);
    faults(&names::qualified_name(name), place, &name.into(), causes);
}

const HOST_ALIAS: &[Rule] = &[("ip", Check::With(ip)), ("hostnames", Check::Texts(names::subdomain))];

/// A pod's spec at `base`.
pub(super) fn spec(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let volumes = volumes::check(&spec["volumes"], &format!("{base}.volumes"), causes);
    containers::check(spec, &volumes, base, causes);
    rules::apply(SPEC, spec, base, causes);
}

fn ip(value: &Value, place: &str, causes: &mut Vec<Cause>) {
    faults(&formats::ip(text(value)), place, &text(value).into(), causes);
}

fn os(os: &Value, place: &str, causes: &mut Vec<Cause>) {
    if !os.is_object() {
        return;
    }
    match text(&os["name"]) {
        "" => causes.push(Cause::required(format!("{place}.name"), "cannot be empty")),
        "linux" | "windows" => {}
        _ => causes.push(rules::not_one_of(place, &os["name"], &["linux", "windows"])),
    }
}

fn dns(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    let config = &spec["dnsConfig"];
    let place = format!("{base}.dnsConfig");
    let servers = items(&config["nameservers"]);
    if spec["dnsPolicy"] == "None" {
        if !config.is_object() {
            causes.push(Cause::required(place, "must provide `dnsConfig` when `dnsPolicy` is None"));
            return;
        }
        if servers.is_empty() {
            let detail = "must provide at least one DNS nameserver when `dnsPolicy` is None";
            causes.push(Cause::required(format!("{place}.nameservers"), detail));
        }
    }
    if servers.len() > 3 {
        let detail = "must not have more than 3 nameservers";
        causes.push(Cause::invalid(format!("{place}.nameservers"), &config["nameservers"], detail));
    }
    for (i, server) in servers.iter().enumerate() {
        ip(server, &format!("{place}.nameservers[{i}]"), causes);
    }
    let searches = items(&config["searches"]);
    if searches.len() > 32 {
        let detail = "must not have more than 32 search paths";
        causes.push(Cause::invalid(format!("{place}.searches"), &config["searches"], detail));
    }
    let length = searches.iter().map(|search| text(search).len() + 1).sum::<usize>();
    if length > SEARCHES + 1 {
        let detail = format!("must not have more than {SEARCHES} characters (including spaces) in the search list");
        causes.push(Cause::invalid(format!("{place}.searches"), &config["searches"], &detail));
    }
    for (i, search) in searches.iter().enumerate() {
        // The root domain alone is a search path, and so is a domain with its final dot.
        let name = text(search);
        let domain = if name == "." { "a" } else { name.strip_suffix('.').unwrap_or(name) };
        let place = format!("{place}.searches[{i}]");
        faults(&names::subdomain(&domain.replace('_', "a")), &place, &domain.into(), causes);
    }
    for (i, option) in items(&config["options"]).iter().enumerate() {
        if text(&option["name"]).is_empty() {
            causes.push(Cause::required(format!("{place}.options[{i}]"), "must not be empty"));
        }
    }
}

/// The source of a volume of a kind, at a place that ends in the kind.
pub(super) fn volume_source(kind: &str, source: &Value, place: &str, causes: &mut Vec<Cause>) {
    sources::check(kind, source, place, causes);
}
