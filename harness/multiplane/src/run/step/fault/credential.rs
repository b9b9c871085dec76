//! Faults of credentials that one cluster holds for another.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use scenario::verb::{Credential, Fault, Spoil, Verdict};
use scenario::{NamespacedName, token_secret_name};
use serde_json::json;

use super::{bites, hold, on_nothing, without_effect};
use crate::backend::Vantage;
use crate::backend::faults::Undo;
use crate::run::context::Context;
use crate::run::step::failure::Failure;
use crate::run::step::grant::{Target, issue, probe};
use crate::run::step::revoke::refused;

/// The shortest life of a token that API servers give, in seconds.
const LIFE: i64 = 600;

/// A credential, where it is and what it was.
#[derive(Clone)]
struct Held {
    /// Of the cluster that holds it.
    holder: Client,
    namespace: String,
    secret: String,
    /// Of the cluster that it is for.
    issuer: Client,
    issuer_id: String,
    account: NamespacedName,
    token_key: String,
    ca_key: String,
    token: Vec<u8>,
    ca: Vec<u8>,
}

/// Spoils a credential, and tries it from a pod before and after.
pub(super) async fn spoil(context: &Context<'_>, step: &Fault, credential: &Credential) -> Result<(), Failure> {
    let Verdict::Spoil(how) = step.verdict else {
        return Err(Failure::invalid("fault", "this is nothing that befalls credentials"));
    };
    let held = Held::find(context, credential).await?;
    let target = held.target(context)?;
    if let Some(fault) = held.tried(&target).await? {
        return Err(on_nothing(format!("the credential does not serve without the fault: {fault}")));
    }
    let wrong_ca = context.cluster(&credential.held.cluster.value)?.ca().as_bytes().to_vec();
    hold(context, step, held.undo(how)).await;
    match how {
        Spoil::TokenNewline => held.put(Some([&held.token[..], b"\n"].concat()), None).await?,
        Spoil::TokenTruncated => held.put(Some(held.token[..held.token.len() / 2].to_vec()), None).await?,
        Spoil::WrongCa => held.put(None, Some(wrong_ca)).await?,
        Spoil::TokenExpired => {
            held.put(Some(held.short_lived().await?), None).await?;
            // It serves until then.
            tokio::time::sleep(Duration::from_secs(LIFE.unsigned_abs() + 1)).await;
        }
        Spoil::TokenRevoked => held.revoke().await?,
        Spoil::TokenRotated => {
            held.revoke().await?;
            held.renew(how).await?;
            let old = String::from_utf8_lossy(&held.token);
            bites(
                context,
                &format!("who still has the old one: {}", refused(&held.issuer, &old).await?),
            );
        }
    }
    match (how, held.tried(&target).await?) {
        (Spoil::TokenRotated, None) => {
            bites(context, "the new one serves");
            Ok(())
        }
        (Spoil::TokenRotated, Some(fault)) => Err(without_effect(format!("the new token does not serve: {fault}"))),
        (_, Some(fault)) => {
            bites(context, &fault);
            Ok(())
        }
        (_, None) => Err(without_effect("the credential serves all the same")),
    }
}

impl Held {
    async fn find(context: &Context<'_>, credential: &Credential) -> Result<Self, Failure> {
        let cluster = &credential.cluster.value;
        let (namespace, secret) = (&credential.held.secret.namespace, &credential.held.secret.name);
        let keys = credential.keys.clone();
        let mut held = Self {
            holder: context.client(&credential.held.cluster.value)?,
            namespace: namespace.clone(),
            secret: secret.clone(),
            issuer: context.client(cluster)?,
            issuer_id: cluster.clone(),
            account: credential.service_account.clone(),
            token_key: keys.token.unwrap_or_else(|| format!("{cluster}_token")),
            ca_key: keys.cacert.unwrap_or_else(|| format!("{cluster}_cacert")),
            token: Vec::new(),
            ca: Vec::new(),
        };
        let found = held.secrets().get_opt(secret).await?;
        let mut data = found.and_then(|secret| secret.data).unwrap_or_default();
        match (data.remove(&held.token_key), data.remove(&held.ca_key)) {
            (Some(token), Some(ca)) => {
                (held.token, held.ca) = (token.0, ca.0);
                Ok(held)
            }
            _ => Err(on_nothing(format!(
                "Secret {namespace}/{secret} of {} has no {} and {}",
                credential.held.cluster.value, held.token_key, held.ca_key
            ))),
        }
    }

    fn secrets(&self) -> Api<Secret> {
        Api::namespaced(self.holder.clone(), &self.namespace)
    }

    fn target(&self, context: &Context<'_>) -> Result<Target, Failure> {
        Ok(Target {
            cluster: self.issuer_id.clone(),
            server: context.cluster(&self.issuer_id)?.api(Vantage::Pods),
            token: self.token_key.clone(),
            ca: self.ca_key.clone(),
        })
    }

    /// Tries the credential as it is stored now, from a new pod.
    async fn tried(&self, target: &Target) -> Result<Option<String>, Failure> {
        let findings = probe(&self.holder, &self.namespace, &self.secret, std::slice::from_ref(target)).await?;
        Ok(findings
            .into_iter()
            .find_map(|(_, finding)| finding.fault)
            .map(|fault| fault.to_string()))
    }

    /// Stores another token, another CA, or both.
    async fn put(&self, token: Option<Vec<u8>>, ca: Option<Vec<u8>>) -> Result<(), kube::Error> {
        let given = [(&self.token_key, token), (&self.ca_key, ca)];
        let data: BTreeMap<&String, ByteString> = given
            .into_iter()
            .filter_map(|(key, bytes)| Some((key, ByteString(bytes?))))
            .collect();
        let patch = Patch::Merge(json!({"data": data}));
        self.secrets().patch(&self.secret, &PatchParams::default(), &patch).await?;
        Ok(())
    }

    async fn short_lived(&self) -> Result<Vec<u8>, Failure> {
        let accounts: Api<ServiceAccount> = Api::namespaced(self.issuer.clone(), &self.account.namespace);
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                expiration_seconds: Some(LIFE),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let answer = accounts
            .create_token_request(&self.account.name, &PostParams::default(), &request)
            .await?;
        let token = answer.status.and_then(|status| status.token);
        Ok(token.unwrap_or_default().into_bytes())
    }

    /// Deletes the token's own Secret, and waits until nobody is let in by it.
    async fn revoke(&self) -> Result<(), Failure> {
        let secrets: Api<Secret> = Api::namespaced(self.issuer.clone(), &self.account.namespace);
        secrets
            .delete(&token_secret_name(&self.issuer_id), &DeleteParams::default())
            .await?;
        refused(&self.issuer, &String::from_utf8_lossy(&self.token)).await?;
        Ok(())
    }

    /// Makes another token, and stores it. Under the name that the old one had, it would be the old one again: nothing in such a token but its
    /// Secret's name and the account tells it from others.
    async fn renew(&self, how: Spoil) -> Result<(), Failure> {
        let old = token_secret_name(&self.issuer_id);
        let name = if how == Spoil::TokenRotated {
            format!("{old}-rotated")
        } else {
            old
        };
        let (token, ca) = issue(&self.issuer, &self.issuer_id, &self.account, &name).await?;
        Ok(self.put(Some(token), Some(ca)).await?)
    }

    /// How it is mended: what was stored is stored again; what is gone for good is made anew.
    fn undo(&self, how: Spoil) -> Undo {
        let held = self.clone();
        Box::pin(async move {
            let renewed = matches!(how, Spoil::TokenRevoked | Spoil::TokenRotated);
            let done = if renewed {
                held.renew(how).await
            } else {
                held.put(Some(held.token.clone()), Some(held.ca.clone()))
                    .await
                    .map_err(Failure::from)
            };
            done.map_err(|failure| failure.message)?;
            let what = if renewed { "a token that serves is" } else { "token and CA are" };
            Ok(format!("{what} in Secret {}/{}", held.namespace, held.secret))
        })
    }
}
