//! Pods run as a service account, and get a token of it mounted.

use crate::value::{Value, json};

use super::{Attempt, Plugin};
use crate::status::Status;

const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// An hour, and some seconds by which such tokens are told apart.
const TOKEN_SECONDS: i64 = 3607;

pub(super) struct ServiceAccount;

impl Plugin for ServiceAccount {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "pods") || !attempt.is_create() {
            return Ok(());
        }
        // A mirror of a pod that a kubelet runs by itself has no account.
        if attempt.object["metadata"]["annotations"]
            .get("kubernetes.io/config.mirror")
            .is_some()
        {
            return Ok(());
        }
        let spec = &mut attempt.object["spec"];
        let name = match (spec["serviceAccountName"].as_str(), spec["serviceAccount"].as_str()) {
            (Some(name), _) | (None, Some(name)) if !name.is_empty() => name.to_owned(),
            _ => "default".to_owned(),
        };
        spec["serviceAccountName"] = name.clone().into();
        spec["serviceAccount"] = name.clone().into();
        let namespace = attempt.namespace().to_owned();
        let account = attempt
            .server
            .store
            .get(&"serviceaccounts".into(), &namespace, &name)
            .ok_or_else(|| {
                attempt.forbid(&format!(
                    "error looking up service account {namespace}/{name}: serviceaccount {name:?} not found"
                ))
            })?;
        let spec = &mut attempt.object["spec"];
        let automount = spec["automountServiceAccountToken"]
            .as_bool()
            .or(account.value()["automountServiceAccountToken"].as_bool());
        if automount.unwrap_or(true) {
            mount_token(spec, &attempt.server.suffix());
        }
        if spec["imagePullSecrets"].as_array().is_none_or(Vec::is_empty)
            && let Some(secrets) = account.value()["imagePullSecrets"].as_array().filter(|s| !s.is_empty())
        {
            spec["imagePullSecrets"] = secrets.clone().into();
        }
        Ok(())
    }
}

/// Mounts the projected token volume into each container that has nothing at its path.
fn mount_token(spec: &mut Value, suffix: &str) {
    let volume = spec["volumes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| v["name"].as_str())
        .find(|name| name.starts_with("kube-api-access-"))
        .map(str::to_owned);
    let name = volume.clone().unwrap_or_else(|| format!("kube-api-access-{suffix}"));
    let mut mounted = false;
    for field in ["initContainers", "containers"] {
        for container in spec[field].as_array_mut().into_iter().flatten() {
            let mounts = &mut container["volumeMounts"];
            if mounts
                .as_array()
                .is_some_and(|list| list.iter().any(|m| m["mountPath"] == MOUNT_PATH))
            {
                continue;
            }
            if !mounts.is_array() {
                *mounts = json!([]);
            }
            if let Some(list) = mounts.as_array_mut() {
                list.push(json!({"name": name, "readOnly": true, "mountPath": MOUNT_PATH}));
                mounted = true;
            }
        }
    }
    if !mounted || volume.is_some() {
        return;
    }
    if !spec["volumes"].is_array() {
        spec["volumes"] = json!([]);
    }
    if let Some(volumes) = spec["volumes"].as_array_mut() {
        volumes.push(json!({"name": name, "projected": {"defaultMode": 420, "sources": [
            {"serviceAccountToken": {"expirationSeconds": TOKEN_SECONDS, "path": "token"}},
            {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
            {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]}},
        ]}}));
    }
}
