//! What EKS's webhook `pod-identity-webhook` does to a pod whose service account names a role: a token for STS, and the variables by which
//! AWS's SDKs find it.

use serde_json::{Value, json};

use crate::AUDIENCE;

/// The annotation of a service account that names its role's ARN.
pub const ROLE_ARN: &str = "eks.amazonaws.com/role-arn";
/// The variable with the role's ARN.
pub const ROLE_VARIABLE: &str = "AWS_ROLE_ARN";
/// The variable with the path of the token's file.
pub const TOKEN_VARIABLE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

const VOLUME: &str = "aws-iam-token";
const MOUNT: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount";
/// A token's life in seconds, and the shortest that can be asked for.
const LIFE: i64 = 86_400;
const SHORTEST: i64 = 3600;

/// The changes to a pod's spec, as a JSON Patch; empty if the account names no role. `account` is the service account's annotations, `pod` the
/// pod; `region` is where the cluster is.
pub fn patch(pod: &Value, account: &Value, region: Option<&str>) -> Vec<Value> {
    let annotation = |of: &Value, name: &str| of[format!("eks.amazonaws.com/{name}")].as_str().map(str::to_owned);
    let Some(role) = account[ROLE_ARN].as_str().filter(|role| !role.is_empty()) else {
        return Vec::new();
    };
    let own = &pod["metadata"]["annotations"];
    let audience = annotation(account, "audience").unwrap_or_else(|| AUDIENCE.to_owned());
    let life = annotation(own, "token-expiration").or_else(|| annotation(account, "token-expiration"));
    let life = life.and_then(|text| text.parse().ok()).map_or(LIFE, |life: i64| life.max(SHORTEST));
    let skipped = annotation(own, "skip-containers").unwrap_or_default();
    let skipped: Vec<&str> = skipped.split(',').map(str::trim).collect();
    let regional = annotation(account, "sts-regional-endpoints").is_none_or(|text| text == "true");
    let mut variables = Vec::new();
    if regional {
        variables.push(("AWS_STS_REGIONAL_ENDPOINTS", "regional".to_owned()));
    }
    for name in ["AWS_DEFAULT_REGION", "AWS_REGION"] {
        variables.extend(region.map(|region| (name, region.to_owned())));
    }
    variables.push((ROLE_VARIABLE, role.to_owned()));
    variables.push((TOKEN_VARIABLE, format!("{MOUNT}/token")));

    let mut spec = pod["spec"].clone();
    let mut changed = Vec::new();
    for field in ["initContainers", "containers"] {
        for container in spec[field].as_array_mut().into_iter().flatten() {
            if container["name"].as_str().is_some_and(|name| skipped.contains(&name)) {
                continue;
            }
            equip(container, &variables);
        }
        if spec[field] != pod["spec"][field] {
            changed.push(json!({"op": "replace", "path": format!("/spec/{field}"), "value": spec[field]}));
        }
    }
    let mut volumes = spec["volumes"].as_array().cloned().unwrap_or_default();
    if !volumes.iter().any(|volume| volume["name"] == VOLUME) {
        let source = json!({"serviceAccountToken": {"audience": audience, "expirationSeconds": life, "path": "token"}});
        volumes.insert(0, json!({"name": VOLUME, "projected": {"sources": [source]}}));
        changed.push(json!({"op": "add", "path": "/spec/volumes", "value": volumes}));
    }
    changed
}

/// Gives a container the variables and the token, unless it has credentials of its own.
fn equip(container: &mut Value, variables: &[(&str, String)]) {
    let has = |container: &Value, name: &str| {
        container["env"]
            .as_array()
            .into_iter()
            .flatten()
            .any(|variable| variable["name"] == name)
    };
    if has(container, ROLE_VARIABLE) || has(container, TOKEN_VARIABLE) {
        return;
    }
    let missing: Vec<Value> = variables
        .iter()
        .filter(|(name, _)| !has(container, name))
        .map(|(name, value)| json!({"name": name, "value": value}))
        .collect();
    append(container, "env", missing);
    let mounted = container["volumeMounts"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|mount| mount["name"] == VOLUME);
    if !mounted {
        append(
            container,
            "volumeMounts",
            vec![json!({"name": VOLUME, "readOnly": true, "mountPath": MOUNT})],
        );
    }
}

fn append(container: &mut Value, field: &str, more: Vec<Value>) {
    match container[field].as_array_mut() {
        Some(list) => list.extend(more),
        None => container[field] = Value::Array(more),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod() -> Value {
        json!({"metadata": {"annotations": {}}, "spec": {
            "initContainers": [{"name": "i"}],
            "containers": [{"name": "c", "env": [{"name": "AWS_REGION", "value": "mine"}]}, {"name": "own", "env": [{"name": "AWS_ROLE_ARN", "value": "r"}]}],
            "volumes": [{"name": "v"}],
        }})
    }

    #[test]
    fn a_role_gives_pods_a_token_and_the_variables() {
        let account = json!({"eks.amazonaws.com/role-arn": "arn:aws:iam::1:role/r"});
        let changes = patch(&pod(), &account, Some("eu-central-1"));
        let paths: Vec<&str> = changes.iter().filter_map(|change| change["path"].as_str()).collect();
        assert_eq!(paths, ["/spec/initContainers", "/spec/containers", "/spec/volumes"]);
        let names = |container: &Value| -> Vec<String> {
            container["env"]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| format!("{}={}", v["name"].as_str().unwrap(), v["value"].as_str().unwrap()))
                .collect()
        };
        let expected = [
            "AWS_REGION=mine",
            "AWS_STS_REGIONAL_ENDPOINTS=regional",
            "AWS_DEFAULT_REGION=eu-central-1",
            "AWS_ROLE_ARN=arn:aws:iam::1:role/r",
            "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/secrets/eks.amazonaws.com/serviceaccount/token",
        ];
        assert_eq!(names(&changes[1]["value"][0]), expected);
        assert_eq!(
            changes[1]["value"][1],
            pod()["spec"]["containers"][1],
            "who has credentials keeps them"
        );
        let source = json!({"serviceAccountToken": {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}});
        assert_eq!(
            changes[2]["value"],
            json!([{"name": "aws-iam-token", "projected": {"sources": [source]}}, {"name": "v"}])
        );
    }

    #[test]
    fn without_a_role_nothing_changes_and_containers_can_be_skipped() {
        assert!(patch(&pod(), &json!({}), None).is_empty());
        let mut skipping = pod();
        skipping["metadata"]["annotations"] =
            json!({"eks.amazonaws.com/skip-containers": "i, c", "eks.amazonaws.com/token-expiration": "10"});
        let changes = patch(
            &skipping,
            &json!({"eks.amazonaws.com/role-arn": "r", "eks.amazonaws.com/audience": "a"}),
            None,
        );
        assert_eq!(changes.len(), 1, "{changes:?}");
        let source = json!({"serviceAccountToken": {"audience": "a", "expirationSeconds": 3600, "path": "token"}});
        assert_eq!(changes[0]["value"][0]["projected"]["sources"], json!([source]));
    }
}
