//! `grant`: steps 1 to 7 of the guide's control plane configuration, then a try of each credential.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Container, Namespace, Pod, PodSpec, Secret, SecretVolumeSource, ServiceAccount, Volume, VolumeMount};
use kube::api::{DeleteParams, LogParams, ObjectMeta, Patch, PatchParams, PostParams};
use kube::runtime::wait::{Condition, await_condition};
use kube::{Api, Client};
use scenario::verb::{Grant, Spoil};
use scenario::{NamespacedName, token_secret_name};
use serde_json::json;

use super::failure::{Failure, within};
use super::joint::of_each;
use crate::backend::Vantage;
use crate::journal::Level;
use crate::probe::{Finding, IMAGE};
use crate::run::context::Context;

const CREDENTIALS: &str = "/var/run/credentials";
/// How long the API server's token controller may take.
const TOKEN_LIMIT: std::time::Duration = std::time::Duration::from_secs(60);
/// How long a probe may take: above the longest connection attempt.
const PROBE_LIMIT: std::time::Duration = std::time::Duration::from_secs(300);

/// A credential of one data plane.
#[derive(Clone)]
struct Credential {
    /// The data plane's id.
    cluster: String,
    /// The Secret's key for the token.
    token_key: String,
    /// The Secret's key for the CA certificate.
    ca_key: String,
    /// The bearer token.
    token: Vec<u8>,
    /// The CA certificate, PEM.
    ca: Vec<u8>,
}

/// Runs a `grant` step.
pub(crate) async fn grant(context: &Context<'_>, step: &Grant) -> Result<(), Failure> {
    let target = context.cluster(&step.to.cluster.value)?.clone();
    let account = &step.service_account;
    let issued = of_each(&step.from, async |cluster| {
        let name = step.token_secret.clone().unwrap_or_else(|| token_secret_name(cluster));
        let (mut token, mut ca) = issue(&context.client(cluster)?, cluster, account, &name).await?;
        match step.spoil {
            Some(Spoil::TokenNewline) => token.push(b'\n'),
            Some(Spoil::TokenTruncated) => token.truncate(token.len() / 2),
            Some(Spoil::WrongCa) => ca = target.ca().as_bytes().to_vec(),
            // The others need a credential that served before: the check refuses them here.
            Some(Spoil::TokenExpired | Spoil::TokenRevoked | Spoil::TokenRotated) | None => {}
        }
        let keys = step.keys.get(cluster).cloned().unwrap_or_default();
        Ok(Credential {
            cluster: cluster.to_owned(),
            token_key: keys.token.unwrap_or_else(|| format!("{cluster}_token")),
            ca_key: keys.cacert.unwrap_or_else(|| format!("{cluster}_cacert")),
            token,
            ca,
        })
    })
    .await?;
    let credentials: Vec<Credential> = issued.into_iter().map(|(_, credential)| credential).collect();
    let secret = &step.to.secret;
    store(&target.client(), &secret.namespace, &secret.name, &credentials).await?;
    if step.probe {
        try_all(context, &target.client(), &secret.namespace, &secret.name, &credentials).await
    } else {
        Ok(())
    }
}

/// Probes every credential; all faults make one failure.
async fn try_all(context: &Context<'_>, client: &Client, namespace: &str, secret: &str, credentials: &[Credential]) -> Result<(), Failure> {
    let mut targets = Vec::new();
    for credential in credentials {
        let server = context.cluster(&credential.cluster)?.api(Vantage::Pods);
        targets.push(Target {
            cluster: credential.cluster.clone(),
            server,
            token: credential.token_key.clone(),
            ca: credential.ca_key.clone(),
        });
    }
    let mut faults = Vec::new();
    for (cluster, finding) in probe(client, namespace, secret, &targets).await? {
        match finding.fault {
            None => context
                .emitter
                .note(Level::Detail, format!("{cluster}: {} accepts the credential", finding.server)),
            Some(fault) => faults.push((
                fault.code(),
                format!("the credential for {cluster} does not serve at {}: {fault}", finding.server),
            )),
        }
    }
    let Some((code, _)) = faults.first() else { return Ok(()) };
    let lines: Vec<String> = faults.iter().map(|(_, line)| line.clone()).collect();
    Err(Failure::expectation(code, lines.join("\n")))
}

/// What one probe tries.
pub(super) struct Target {
    pub(super) cluster: String,
    pub(super) server: String,
    /// Key of the token in the Secret.
    pub(super) token: String,
    /// Key of the CA in the Secret.
    pub(super) ca: String,
}

/// Steps 1, 3 and 5: makes the long-lived token of a ServiceAccount and reads it back with the CA certificate.
pub(super) async fn issue(
    client: &Client,
    cluster: &str,
    NamespacedName { namespace, name: account }: &NamespacedName,
    secret_name: &str,
) -> Result<(Vec<u8>, Vec<u8>), Failure> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    if accounts.get_opt(account).await?.is_none() {
        let what = format!("ServiceAccount {namespace}/{account} does not exist on {cluster}");
        return Err(Failure::expectation("grant-no-account", what).help("deploy the data plane's chart first: it creates the account"));
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(secret_name.to_owned()),
            annotations: Some(BTreeMap::from([(
                "kubernetes.io/service-account.name".to_owned(),
                account.to_owned(),
            )])),
            ..ObjectMeta::default()
        },
        type_: Some("kubernetes.io/service-account-token".to_owned()),
        ..Secret::default()
    };
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    secrets
        .patch(secret_name, &PatchParams::apply("multiplane").force(), &Patch::Apply(&secret))
        .await?;
    let filled = await_condition(secrets, secret_name, filled());
    let secret = within(
        TOKEN_LIMIT,
        &format!("token in Secret {namespace}/{secret_name} on {cluster}"),
        filled,
    )
    .await??;
    let mut data = secret.and_then(|secret| secret.data).unwrap_or_default();
    let mut take = |key: &str| data.remove(key).map(|bytes| bytes.0).unwrap_or_default();
    Ok((take("token"), take("ca.crt")))
}

fn filled() -> impl Condition<Secret> {
    |secret: Option<&Secret>| {
        let data = secret.and_then(|secret| secret.data.as_ref());
        data.is_some_and(|data| {
            ["token", "ca.crt"]
                .iter()
                .all(|key| data.get(*key).is_some_and(|bytes| !bytes.0.is_empty()))
        })
    }
}

/// Steps 2, 4, 6 and 7: puts the credentials into one Secret of the control plane. Keys that are there already stay.
async fn store(client: &Client, namespace: &str, secret: &str, credentials: &[Credential]) -> Result<(), Failure> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    if namespaces.get_opt(namespace).await?.is_none() {
        let namespace = Namespace {
            metadata: ObjectMeta {
                name: Some(namespace.to_owned()),
                ..ObjectMeta::default()
            },
            ..Namespace::default()
        };
        namespaces.create(&PostParams::default(), &namespace).await?;
    }
    let entries = credentials.iter().flat_map(|credential| {
        [(&credential.token_key, &credential.token), (&credential.ca_key, &credential.ca)]
            .map(|(key, bytes)| (key.clone(), ByteString(bytes.clone())))
    });
    let data: BTreeMap<String, ByteString> = entries.collect();
    let secrets: Api<Secret> = Api::namespaced(client.clone(), namespace);
    if secrets.get_opt(secret).await?.is_some() {
        secrets
            .patch(secret, &PatchParams::default(), &Patch::Merge(json!({"data": data})))
            .await?;
    } else {
        let object = Secret {
            metadata: ObjectMeta {
                name: Some(secret.to_owned()),
                ..ObjectMeta::default()
            },
            type_: Some("Opaque".to_owned()),
            data: Some(data),
            ..Secret::default()
        };
        secrets.create(&PostParams::default(), &object).await?;
    }
    Ok(())
}

/// Tries each credential from a pod of the control plane's cluster.
pub(super) async fn probe(client: &Client, namespace: &str, secret: &str, targets: &[Target]) -> Result<Vec<(String, Finding)>, Failure> {
    let default: Api<ServiceAccount> = Api::namespaced(client.clone(), namespace);
    let there = await_condition(default, "default", |account: Option<&ServiceAccount>| account.is_some());
    within(PROBE_LIMIT, &format!("ServiceAccount {namespace}/default"), there).await??;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let name = pods
        .create(&PostParams::default(), &pod(secret, targets))
        .await?
        .metadata
        .name
        .unwrap_or_default();
    let done = await_condition(pods.clone(), &name, |pod: Option<&Pod>| {
        let phase = pod.and_then(|pod| pod.status.as_ref()?.phase.as_deref());
        matches!(phase, Some("Succeeded" | "Failed"))
    });
    within(PROBE_LIMIT, &format!("probe pod {namespace}/{name}"), done).await??;
    let mut findings = Vec::new();
    for (index, target) in targets.iter().enumerate() {
        let log = pods
            .logs(
                &name,
                &LogParams {
                    container: Some(container(index)),
                    ..LogParams::default()
                },
            )
            .await?;
        let finding =
            serde_json::from_str(log.trim()).map_err(|error| Failure::fault("probe-log", format!("the probe printed {log:?}: {error}")))?;
        findings.push((target.cluster.clone(), finding));
    }
    pods.delete(&name, &DeleteParams::default().grace_period(0)).await?;
    Ok(findings)
}

fn container(index: usize) -> String {
    format!("probe-{index}")
}

fn pod(secret: &str, targets: &[Target]) -> Pod {
    let containers = targets.iter().enumerate().map(|(index, target)| Container {
        name: container(index),
        image: Some(IMAGE.to_owned()),
        args: Some(vec![
            target.server.clone(),
            format!("{CREDENTIALS}/{}", target.token),
            format!("{CREDENTIALS}/{}", target.ca),
        ]),
        volume_mounts: Some(vec![VolumeMount {
            name: "credentials".into(),
            mount_path: CREDENTIALS.into(),
            ..VolumeMount::default()
        }]),
        ..Container::default()
    });
    let source = SecretVolumeSource {
        secret_name: Some(secret.to_owned()),
        ..SecretVolumeSource::default()
    };
    let spec = PodSpec {
        restart_policy: Some("Never".to_owned()),
        automount_service_account_token: Some(false),
        containers: containers.collect(),
        volumes: Some(vec![Volume {
            name: "credentials".into(),
            secret: Some(source),
            ..Volume::default()
        }]),
        ..PodSpec::default()
    };
    Pod {
        metadata: ObjectMeta {
            generate_name: Some("multiplane-probe-".to_owned()),
            ..ObjectMeta::default()
        },
        spec: Some(spec),
        ..Pod::default()
    }
}
