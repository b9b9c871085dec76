//! The containers of a pod.

use crate::value::{Value, json};

use super::super::rules::{self, Check, Rule, at_most_one, items, not_found, text};
use super::super::{formats, names};
use super::{env, probes, resources, security, volumes};
use crate::status::Cause;

const CONTAINER: &[Rule] = &[
    ("name", Check::RequiredText(names::label)),
    ("image", Check::Required),
    ("image", Check::Text(untrimmed)),
    ("terminationMessagePolicy", Check::OneOf(&["File", "FallbackToLogsOnError"])),
    ("ports", Check::With(ports)),
    ("env[*]", Check::All(env::VARIABLE)),
    ("envFrom", Check::With(env::sources)),
];

const AFTER_VOLUMES: &[Rule] = &[
    ("imagePullPolicy", Check::OneOf(&["Always", "IfNotPresent", "Never"])),
    ("resizePolicy", Check::With(resources::resize)),
];

const PORT: &[Rule] = &[
    ("containerPort", Check::With(number)),
    ("hostPort", Check::Between(0, 65535)),
    ("protocol", Check::OneOf(&["SCTP", "TCP", "UDP"])),
];

/// The containers of a pod's spec at `base`, of both kinds.
pub(super) fn check(spec: &Value, volumes: &[&Value], base: &str, causes: &mut Vec<Cause>) {
    let mut names: Vec<&Value> = vec![];
    if items(&spec["containers"]).is_empty() {
        causes.push(Cause::required(format!("{base}.containers"), ""));
    }
    for field in ["containers", "initContainers"] {
        let list = items(&spec[field]);
        let regular = field == "containers";
        for (i, container) in list.iter().enumerate() {
            let place = format!("{base}.{field}[{i}]");
            common(spec, container, volumes, &place, causes);
            let name = &container["name"];
            if names.contains(&name) && !text(name).is_empty() {
                causes.push(Cause::duplicate(format!("{place}.name"), name));
            }
            names.push(name);
            if regular || container["restartPolicy"] == "Always" {
                life(container, spec, &place, causes);
            } else {
                lifeless(container, &place, causes);
            }
            if !regular {
                // Those of init containers conflict within one container only, as they run in turn.
                conflicts(&list[i..=i], &format!("{base}.{field}"), i, causes);
            }
        }
        if regular {
            conflicts(list, &format!("{base}.{field}"), 0, causes);
        }
    }
    if spec["hostNetwork"] == true {
        host_network(spec, base, causes);
    }
}

/// What holds for containers of all kinds.
pub(super) fn common(spec: &Value, container: &Value, volumes: &[&Value], place: &str, causes: &mut Vec<Cause>) {
    rules::apply(CONTAINER, container, place, causes);
    volumes::mounts(container, volumes, place, causes);
    rules::apply(AFTER_VOLUMES, container, place, causes);
    resources::check(&container["resources"], &format!("{place}.resources"), causes);
    claims(
        spec,
        &container["resources"]["claims"],
        &format!("{place}.resources.claims"),
        causes,
    );
    security::container(&container["securityContext"], &format!("{place}.securityContext"), causes);
}

fn untrimmed(image: &str) -> Vec<String> {
    if image.trim() == image {
        vec![]
    } else {
        vec!["must not have leading or trailing whitespace".to_owned()]
    }
}

fn number(port: &Value, place: &str, causes: &mut Vec<Cause>) {
    match port.as_i64() {
        None | Some(0) => causes.push(Cause::required(place, "")),
        Some(1..=65535) => {}
        Some(_) => causes.push(Cause::invalid(place, port, "must be between 1 and 65535, inclusive")),
    }
}

fn ports(ports: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut names: Vec<&str> = vec![];
    for (i, port) in items(ports).iter().enumerate() {
        let place = format!("{place}[{i}]");
        let name = text(&port["name"]);
        if !name.is_empty() {
            let wrong = formats::port_name(name);
            if wrong.is_empty() && names.contains(&name) {
                causes.push(Cause::duplicate(format!("{place}.name"), &port["name"]));
            }
            rules::faults(&wrong, &format!("{place}.name"), &port["name"], causes);
            names.push(name);
        }
        rules::apply(PORT, port, &place, causes);
    }
}

/// No two containers take the same port of their node.
fn conflicts(containers: &[Value], place: &str, first: usize, causes: &mut Vec<Cause>) {
    let mut taken: Vec<String> = vec![];
    for (i, container) in containers.iter().enumerate() {
        for (j, port) in items(&container["ports"]).iter().enumerate() {
            let Some(number) = port["hostPort"].as_i64().filter(|n| *n != 0) else {
                continue;
            };
            let key = format!("{}/{}/{number}", text(&port["protocol"]), text(&port["hostIP"]));
            if taken.contains(&key) {
                let field = format!("{place}[{}].ports[{j}].hostPort", first + i);
                causes.push(Cause::duplicate(field, &key.as_str().into()));
            }
            taken.push(key);
        }
    }
}

fn host_network(spec: &Value, base: &str, causes: &mut Vec<Cause>) {
    for field in ["containers", "initContainers"] {
        for (i, container) in items(&spec[field]).iter().enumerate() {
            for (j, port) in items(&container["ports"]).iter().enumerate() {
                // Templates do not have the default yet.
                let host = port["hostPort"].as_i64().unwrap_or(0);
                if host != 0 && port["hostPort"] != port["containerPort"] {
                    let field = format!("{base}.{field}[{i}].ports[{j}].hostPort");
                    let detail = "must match `containerPort` when `hostNetwork` is true";
                    causes.push(Cause::invalid(field, &port["hostPort"], detail));
                }
            }
        }
    }
}

fn claims(spec: &Value, claims: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut known: Vec<&str> = items(&spec["resourceClaims"]).iter().map(|c| text(&c["name"])).collect();
    known.sort_unstable();
    let mut seen: Vec<&str> = vec![];
    for (i, claim) in items(claims).iter().enumerate() {
        let place = format!("{place}[{i}]");
        let name = text(&claim["name"]);
        if name.is_empty() {
            causes.push(Cause::required(place, ""));
            continue;
        }
        if seen.contains(&name) {
            causes.push(Cause::duplicate(place.as_str(), &name.into()));
        }
        seen.push(name);
        if !known.contains(&name) {
            let listed = if known.is_empty() {
                " which is empty".to_owned()
            } else {
                format!(": {}", known.join(", "))
            };
            let detail = format!("must be one of the names in pod.spec.resourceClaims{listed}");
            causes.push(not_found(place, &name.into(), &detail));
        }
    }
}

/// Hooks and probes.
fn life(container: &Value, spec: &Value, place: &str, causes: &mut Vec<Cause>) {
    for hook in ["postStart", "preStop"] {
        let handler = &container["lifecycle"][hook];
        if handler.is_object() {
            let place = format!("{place}.lifecycle.{hook}");
            probes::handler(handler, &["exec", "httpGet", "tcpSocket", "sleep"], &place, causes);
            sleep(&handler["sleep"], &spec["terminationGracePeriodSeconds"], &place, causes);
        }
    }
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container[probe].is_object() {
            probes::check(probe, &container[probe], &format!("{place}.{probe}"), causes);
        }
    }
}

fn sleep(sleep: &Value, grace: &Value, place: &str, causes: &mut Vec<Cause>) {
    let most = grace.as_i64().unwrap_or(30);
    let Some(seconds) = sleep["seconds"].as_i64().filter(|s| *s < 0 || *s > most) else {
        return;
    };
    let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({most})");
    causes.push(Cause::invalid(format!("{place}.sleep"), &json!(seconds), &detail));
}

/// Containers that end before the others start have neither hooks nor probes.
fn lifeless(container: &Value, place: &str, causes: &mut Vec<Cause>) {
    for field in ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] {
        let fields = json!({});
        let set = container.get(field).is_some_and(|v| !v.is_null() && *v != fields);
        if set {
            let detail = "may not be set for init containers without restartPolicy=Always";
            causes.push(Cause::forbidden(format!("{place}.{field}"), detail));
        }
    }
}

/// The kinds of source in the order in which Kubernetes looks, of which there may be one.
pub(super) fn one_source(value: &Value, fields: &[&str], place: &str, what: &str, causes: &mut Vec<Cause>) {
    if !at_most_one(value, fields, place, &format!("may not specify more than 1 {what}"), causes) {
        causes.push(Cause::required(place, &format!("must specify a {what}")));
    }
}
