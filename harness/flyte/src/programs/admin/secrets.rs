//! `flyteadmin secrets`: keys for sessions, made in one container's scratch folder and stored as a Secret.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, ObjectMeta, PostParams};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use virtual_node::{ContainerContext, ExitStatus};

use crate::admin::targets;
use crate::config::AdminConfig;
use crate::programs::Failure;

/// The symmetric keys. Upstream adds an RSA key for tokens of its own, which this control plane does not issue.
const KEYS: [&str; 3] = ["claim_symmetric_key", "cookie_hash_key", "cookie_block_key"];

/// `secrets init --localPath P`.
pub(super) fn init(context: &ContainerContext, path: &str) -> Result<ExitStatus, Failure> {
    let mut random = ChaCha8Rng::seed_from_u64(targets::seed(context));
    for key in KEYS {
        let bytes: [u8; 32] = random.random();
        let path = format!("{}/{key}", path.trim_end_matches('/'));
        context
            .files
            .write(&path, STANDARD_NO_PAD.encode(bytes))
            .map_err(|error| Failure(format!("failed to write secret {path}: {error}")))?;
    }
    Ok(ExitStatus::SUCCESS)
}

/// `secrets create --name N --fromPath P`: into the namespace of the pod, in the only enabled cluster.
pub(super) async fn create(context: &ContainerContext, config: &AdminConfig, name: &str, path: &str) -> Result<ExitStatus, Failure> {
    let targets = targets::enabled(context, config).map_err(Failure::new)?;
    let [target] = &targets.values().collect::<Vec<_>>()[..] else {
        return Err(Failure(format!(
            "expected exactly one valid target cluster, found [{}]",
            targets.len()
        )));
    };
    let namespace = context
        .env
        .get("POD_NAMESPACE")
        .ok_or_else(|| Failure::new("environment variable POD_NAMESPACE is not set"))?;
    let folder = path.trim_end_matches('/');
    let mut data = BTreeMap::new();
    for file in context.files.list(&format!("{folder}/*")) {
        let content = context.files.read(&file).map_err(Failure::new)?;
        let key = file.rsplit('/').next().unwrap_or(&file).to_owned();
        data.insert(key, ByteString(content.to_vec()));
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(namespace.clone()),
            ..ObjectMeta::default()
        },
        data: Some(data),
        type_: Some("Opaque".to_owned()),
        ..Secret::default()
    };
    let api: Api<Secret> = Api::namespaced(target.client(), namespace);
    let result = match api.create(&PostParams::default(), &secret).await {
        Err(kube::Error::Api(status)) if status.code == 409 => api.replace(name, &PostParams::default(), &secret).await,
        other => other,
    };
    result.map_err(|error| Failure(format!("failed to create secret [{namespace}/{name}]: {error}")))?;
    Ok(ExitStatus::SUCCESS)
}
