//! Whether a container that has ended starts again.

use k8s_openapi::api::core::v1::{Container, PodSpec};

/// What a container is in its pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Runs to its end before the next one starts.
    Init,
    /// An init container that runs beside the pod's containers until they have ended.
    Sidecar,
    Main,
    /// Added to a pod that runs; starts once.
    Ephemeral,
}

/// The role of an init container.
pub(crate) fn init_role(container: &Container) -> Role {
    if container.restart_policy.as_deref() == Some("Always") {
        Role::Sidecar
    } else {
        Role::Init
    }
}

/// Whether a container that ended with `exit_code` starts again. Its own policy and rules go before the pod's.
pub(crate) fn restarts(spec: &PodSpec, container: &Container, role: Role, exit_code: i32) -> bool {
    for rule in container.restart_policy_rules.as_deref().unwrap_or_default() {
        let Some(codes) = &rule.exit_codes else { continue };
        let listed = codes.values.as_deref().unwrap_or_default().contains(&exit_code);
        if listed == (codes.operator == "In") {
            return rule.action == "Restart";
        }
    }
    let policy = container.restart_policy.as_deref().or(spec.restart_policy.as_deref());
    match (policy.unwrap_or("Always"), role) {
        ("Never", _) | (_, Role::Ephemeral) => false,
        ("OnFailure", _) | (_, Role::Init) => exit_code != 0,
        (_, Role::Sidecar | Role::Main) => true,
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::core::v1::{Container, PodSpec};
    use serde_json::json;

    use super::{Role, restarts};

    #[test]
    fn policies_and_rules_decide() {
        let rules = json!({"name": "c", "restartPolicy": "Never", "restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]});
        let plain = json!({"name": "c"});
        for (policy, container, role, code, expected) in [
            ("Always", &plain, Role::Main, 0, true),
            ("OnFailure", &plain, Role::Main, 0, false),
            ("OnFailure", &plain, Role::Main, 1, true),
            ("Never", &plain, Role::Main, 1, false),
            ("Always", &plain, Role::Init, 0, false),
            ("Always", &plain, Role::Init, 1, true),
            ("Never", &plain, Role::Init, 1, false),
            ("Never", &json!({"name": "c", "restartPolicy": "Always"}), Role::Sidecar, 0, true),
            ("Always", &plain, Role::Ephemeral, 1, false),
            ("Always", &rules, Role::Main, 42, true),
            ("Always", &rules, Role::Main, 1, false),
        ] {
            let spec = PodSpec {
                restart_policy: Some(policy.into()),
                ..PodSpec::default()
            };
            let parsed: Container = serde_json::from_value(container.clone()).unwrap();
            assert_eq!(
                restarts(&spec, &parsed, role, code),
                expected,
                "{policy} {container} {role:?} {code}"
            );
        }
    }
}
