//! `revoke`: the opposite of `grant`.

use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::{Api, Client};
use scenario::token_secret_name;
use scenario::verb::{Revoke, Revoked};

use super::bindings::{Bound, named};
use super::failure::Failure;
use super::joint::on_each;
use crate::journal::Level;
use crate::run::context::Context;

/// How long an API server may go on accepting a token that it has seen before.
const CACHED: std::time::Duration = std::time::Duration::from_secs(30);

/// Runs a `revoke` step.
pub(crate) async fn revoke(context: &Context<'_>, step: &Revoke) -> Result<(), Failure> {
    let account = &step.service_account;
    on_each(&step.from, async |cluster| {
        let client = context.client(cluster)?;
        let secrets: Api<Secret> = Api::namespaced(client.clone(), &account.namespace);
        let secret = step.token_secret.clone().unwrap_or_else(|| token_secret_name(cluster));
        let said = match step.what {
            Revoked::Token => {
                let token = token(&secrets, &secret).await?.ok_or_else(|| {
                    let what = format!("there is no token in Secret {}/{secret}", account.namespace);
                    Failure::expectation("revoke-nothing", what).help("`grant` makes it")
                })?;
                secrets.delete(&secret, &DeleteParams::default()).await?;
                refused(&client, &token).await?
            }
            Revoked::ServiceAccount => {
                let token = token(&secrets, &secret).await?;
                let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), &account.namespace);
                accounts.delete(&account.name, &DeleteParams::default()).await?;
                match token {
                    Some(token) => refused(&client, &token).await?,
                    None => format!("ServiceAccount {account} is gone"),
                }
            }
            Revoked::Bindings => {
                let bound = named(&context.kinds(cluster)?, account).await?;
                if bound.is_empty() {
                    return Err(Failure::expectation(
                        "revoke-nothing",
                        format!("no binding names ServiceAccount {account}"),
                    ));
                }
                for binding in &bound {
                    binding.take().await?;
                }
                let names: Vec<String> = bound.iter().map(Bound::to_string).collect();
                format!("taken out of {}", names.join(", "))
            }
        };
        context.emitter.cluster(cluster).note(Level::Info, format!("{cluster}: {said}"));
        Ok(())
    })
    .await
}

async fn token(secrets: &Api<Secret>, name: &str) -> Result<Option<String>, Failure> {
    let data = secrets.get_opt(name).await?.and_then(|secret| secret.data);
    let token = data.and_then(|mut data| data.remove("token"));
    Ok(token.and_then(|bytes| String::from_utf8(bytes.0).ok()))
}

/// Asks the cluster for the token until it does not know it any more.
pub(super) async fn refused(client: &Client, token: &str) -> Result<String, Failure> {
    let reviews: Api<TokenReview> = Api::all(client.clone());
    let spec = TokenReviewSpec {
        token: token.to_owned(),
        ..TokenReviewSpec::default()
    };
    let review = TokenReview {
        metadata: ObjectMeta::default(),
        spec,
        status: None,
    };
    let unknown = async {
        loop {
            let status = reviews.create(&PostParams::default(), &review).await?.status.unwrap_or_default();
            if status.authenticated != Some(true) {
                return Ok::<_, kube::Error>(status.error.unwrap_or_else(|| "not authenticated".to_owned()));
            }
            // There is nothing to watch: real API servers keep what they know of a token for some seconds.
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        }
    };
    match tokio::time::timeout(CACHED, unknown).await {
        Ok(error) => Ok(format!("the token is refused: {}", error?)),
        Err(_) => Err(Failure::fault("revoke-without-effect", "the token is still accepted")),
    }
}
