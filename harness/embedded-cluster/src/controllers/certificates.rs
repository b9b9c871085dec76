//! `csrsigning`: signs approved certificate requests for Kubernetes' own signers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;

use super::fields::Fields;
use super::resources::CERTIFICATE_REQUESTS;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::object::Object;
use crate::value::{Value, json};

/// The signers, and the extended usages that they grant; none: any.
const SIGNERS: [(&str, Option<&str>); 4] = [
    ("kubernetes.io/kube-apiserver-client", Some("client auth")),
    ("kubernetes.io/kube-apiserver-client-kubelet", Some("client auth")),
    ("kubernetes.io/kubelet-serving", Some("server auth")),
    ("kubernetes.io/legacy-unknown", None),
];
/// How long certificates are valid that ask for no less: a year.
const LONGEST: i64 = 365 * 24 * 3600;
const BASIC_USAGES: [&str; 2] = ["digital signature", "key encipherment"];

/// Signs a request in PEM for usages and a number of seconds: the certificate in PEM, or what is wrong.
pub(crate) type SignRequest = Arc<dyn Fn(&str, &[&str], i64) -> Result<String, String> + Send + Sync>;

/// Keys are certificate requests.
pub(crate) struct Certificates {
    pub(crate) context: Context,
    pub(crate) sign: SignRequest,
}

impl Controller for Certificates {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&CERTIFICATE_REQUESTS) && !change.gone {
            vec![change.key()]
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(request) = self.context.cache.get(&CERTIFICATE_REQUESTS, key) else {
                return Ok(None);
            };
            let Some((_, usage)) = SIGNERS.iter().find(|(signer, _)| *signer == request.str_at("/spec/signerName")) else {
                return Ok(None);
            };
            let is = |kind: &str| {
                request
                    .list_at("/status/conditions")
                    .iter()
                    .any(|c| c["type"] == kind && c["status"] == "True")
            };
            if !is("Approved") || is("Denied") || is("Failed") || !request.str_at("/status/certificate").is_empty() {
                return Ok(None);
            }
            let mut value = request.value().clone();
            match self.signed(&request, *usage) {
                Ok(certificate) => value["status"]["certificate"] = STANDARD.encode(certificate).into(),
                Err(why) => {
                    let failed = json!({"type": "Failed", "status": "True", "reason": "SignerValidationFailure", "message": why});
                    if let Some(conditions) = value["status"]["conditions"].as_array_mut() {
                        conditions.push(failed);
                    }
                }
            }
            self.context.client.update_status(&CERTIFICATE_REQUESTS, value).await?;
            Ok(None)
        })
    }
}

impl Certificates {
    fn signed(&self, request: &Object, granted: Option<&str>) -> Result<String, String> {
        let usages: Vec<&str> = request.list_at("/spec/usages").iter().filter_map(Value::as_str).collect();
        if let Some(granted) = granted {
            let known = |usage: &&str| *usage == granted || BASIC_USAGES.contains(usage);
            if !usages.contains(&granted) || !usages.iter().all(known) {
                return Err(format!("invalid usage for certificate of this signer: {}", usages.join(", ")));
            }
        }
        let pem = STANDARD
            .decode(request.str_at("/spec/request"))
            .map_err(|error| error.to_string())?;
        let asked = request.number_at("/spec/expirationSeconds").unwrap_or(LONGEST);
        (self.sign)(&String::from_utf8_lossy(&pem), &usages, asked.min(LONGEST))
    }
}
