//! Pod Security: namespaces say how much their pods may do.

mod baseline;
mod pod;
mod restricted;

use super::{Attempt, Plugin};
use crate::status::{Cause, Status};
use crate::value::Value;
use pod::Pod;

const PREFIX: &str = "pod-security.kubernetes.io/";
const MODES: [&str; 3] = ["enforce", "audit", "warn"];

/// How much pods may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Privileged,
    Baseline,
    Restricted,
}

/// What a pod does that its level does not allow: in short, and what would have to change.
#[derive(Clone, Debug)]
struct Violation {
    reason: &'static str,
    detail: String,
}

pub(super) struct PodSecurity;

impl Plugin for PodSecurity {
    fn validate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if attempt.is_delete() {
            return Ok(());
        }
        if attempt.is("", "namespaces") {
            check_labels(attempt)?;
            warn_of_present_pods(attempt);
            return Ok(());
        }
        let is_pod = attempt.is("", "pods");
        let Some(spec) = spec(attempt.object, attempt).cloned() else {
            return Ok(());
        };
        if attempt.old.is_some_and(|old| self::spec(old.value(), attempt) == Some(&spec)) {
            return Ok(());
        }
        let namespace = attempt.server.store.get(&"namespaces".into(), "", attempt.namespace());
        let Some(namespace) = namespace else { return Ok(()) };
        let labels = |mode: &str| mode_of(namespace.value(), mode);
        if is_pod
            && let Some((level, version)) = labels("enforce")
            && let Some(text) = violations(&spec, level, &version)
        {
            return Err(attempt.forbid(&format!("violates {text}")));
        }
        if let Some((level, version)) = labels("warn")
            && let Some(text) = violations(&spec, level, &version)
        {
            attempt.warn(format!("would violate {text}"));
        }
        Ok(())
    }
}

/// The level and version that a namespace's labels give for a mode.
fn mode_of(namespace: &Value, mode: &str) -> Option<(Level, String)> {
    let label = |suffix: &str| namespace["metadata"]["labels"][format!("{PREFIX}{mode}{suffix}")].as_str();
    let version = label("-version").unwrap_or("latest").to_owned();
    // A label that makes no sense is taken for the strictest.
    label("").map(|level| (Level::parse(level).unwrap_or(Level::Restricted), version))
}

/// Pods that are there stay, though they may violate a level that is new.
fn warn_of_present_pods(attempt: &mut Attempt<'_>) {
    let Some(old) = attempt.old else { return };
    let (before, after) = (mode_of(old.value(), "enforce"), mode_of(attempt.object, "enforce"));
    let Some((level, version)) = after.clone().filter(|(level, _)| *level != Level::Privileged) else {
        return;
    };
    let stricter = before.is_none_or(|(old, old_version)| old_version != version || (old as u8) < (level as u8));
    if !stricter {
        return;
    }
    let pods = attempt.server.store.snapshot(&"pods".into(), Some(attempt.name())).items;
    let mut by_reasons: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for pod in pods {
        let reasons: Vec<&str> = found(&pod.value()["spec"], level).iter().map(|v| v.reason).collect();
        if !reasons.is_empty() {
            by_reasons.entry(reasons.join(", ")).or_default().push(pod.name().to_owned());
        }
    }
    if by_reasons.is_empty() {
        return;
    }
    let (name, level) = (attempt.name().to_owned(), level.name());
    attempt.warn(format!(
        "existing pods in namespace {name:?} violate the new PodSecurity enforce level \"{level}:{version}\""
    ));
    let mut lines: Vec<String> = by_reasons
        .iter()
        .map(|(reasons, pods)| match pods.as_slice() {
            [one] => format!("{one}: {reasons}"),
            [one, _] => format!("{one} (and 1 other pod): {reasons}"),
            many => format!("{} (and {} other pods): {reasons}", many[0], many.len() - 1),
        })
        .collect();
    lines.sort();
    lines.into_iter().for_each(|line| attempt.warn(line));
}

/// The pod of an object that is one or makes them.
fn spec<'v>(object: &'v Value, attempt: &Attempt<'_>) -> Option<&'v Value> {
    let resource = &attempt.kind.resource;
    if !attempt.subresource().is_empty() {
        return None;
    }
    let pointer = match (resource.group(), resource.plural()) {
        ("", "pods") => "/spec",
        ("", "podtemplates") => "/template/spec",
        ("", "replicationcontrollers") | ("apps", "deployments" | "replicasets" | "statefulsets" | "daemonsets") | ("batch", "jobs") => {
            "/spec/template/spec"
        }
        ("batch", "cronjobs") => "/spec/jobTemplate/spec/template/spec",
        _ => return None,
    };
    object.pointer(pointer).filter(|spec| spec.is_object())
}

/// What a pod violates, as messages say it.
fn violations(spec: &Value, level: Level, version: &str) -> Option<String> {
    let found = found(spec, level);
    let shown: Vec<String> = found.iter().map(|v| format!("{} ({})", v.reason, v.detail)).collect();
    (!shown.is_empty()).then(|| format!("PodSecurity \"{}:{version}\": {}", level.name(), shown.join(", ")))
}

fn found(spec: &Value, level: Level) -> Vec<Violation> {
    let pod = Pod(spec);
    match level {
        Level::Privileged => vec![],
        Level::Baseline => baseline::check(&pod, false),
        Level::Restricted => [baseline::check(&pod, true), restricted::check(&pod)].concat(),
    }
}

fn check_labels(attempt: &Attempt<'_>) -> Result<(), Status> {
    let labels = &attempt.object["metadata"]["labels"];
    let mut causes = vec![];
    for mode in MODES {
        let level = labels.get(format!("{PREFIX}{mode}"));
        if let Some(level) = level.filter(|level| Level::parse(level.as_str().unwrap_or_default()).is_none()) {
            let detail = "must be one of privileged, baseline, restricted";
            causes.push(Cause::invalid(format!("metadata.labels[{PREFIX}{mode}]"), level, detail));
        }
        let version = labels.get(format!("{PREFIX}{mode}-version"));
        let known = |version: &Value| {
            let text = version.as_str().unwrap_or_default();
            text == "latest" || text.strip_prefix("v1.").is_some_and(|minor| minor.parse::<u16>().is_ok())
        };
        if let Some(version) = version.filter(|version| !known(version)) {
            let detail = "must be \"latest\" or \"v1.x\"";
            causes.push(Cause::invalid(format!("metadata.labels[{PREFIX}{mode}-version]"), version, detail));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(Status::invalid("", "Namespace", attempt.name(), causes))
}

impl Level {
    fn parse(text: &str) -> Option<Self> {
        [Self::Privileged, Self::Baseline, Self::Restricted]
            .into_iter()
            .find(|level| level.name() == text)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Privileged => "privileged",
            Self::Baseline => "baseline",
            Self::Restricted => "restricted",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[rstest::rstest]
    #[case(json!({"securityContext": {"privileged": true}}), "privileged (container \"c\" must not set securityContext.privileged=true)")]
    #[case(json!({"ports": [{"hostPort": 80}]}), "hostPort (container \"c\" uses hostPort 80)")]
    #[case(json!({"securityContext": {"capabilities": {"add": ["NET_ADMIN", "CHOWN"]}}}),
        "non-default capabilities (container \"c\" must not include \"NET_ADMIN\" in securityContext.capabilities.add)")]
    #[case(json!({}), "")]
    fn baseline(#[case] mut container: Value, #[case] expected: &str) {
        container["name"] = "c".into();
        let found = violations(&json!({"containers": [container]}), Level::Baseline, "latest").unwrap_or_default();
        assert_eq!(found.trim_start_matches("PodSecurity \"baseline:latest\": "), expected);
    }

    #[test]
    fn a_restricted_pod() {
        let context = json!({"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}});
        let mut spec = json!({
            "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{"name": "c", "securityContext": context}], "volumes": [{"name": "v", "emptyDir": {}}],
        });
        assert_eq!(violations(&spec, Level::Restricted, "latest"), None);
        spec["volumes"][0] = json!({"name": "v", "hostPath": {"path": "/"}});
        let found = violations(&spec, Level::Restricted, "latest").unwrap();
        let expected = "PodSecurity \"restricted:latest\": restricted volume types (volume \"v\" uses restricted volume type \"hostPath\")";
        assert_eq!(found, expected);
    }
}
