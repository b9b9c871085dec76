//! `iam`: the world's AWS account, and what a service account is to it.

use aws::pod_identity::ROLE_ARN;
use aws::{AUDIENCE, Account, AssumeRole, Assumed, KeySet, PolicyFile, Provider, Refusal};
use http::Request;
use iam::PolicyKind;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::PostParams;
use kube::runtime::wait::await_condition;
use kube::{Api, Client};
use scenario::verb::{Iam, IamRole};
use scenario::{NamespacedName, OneOrMany};
use yaml::Spanned;

use super::failure::{Failure, within};
use crate::journal::Level;
use crate::run::context::Context;

/// The session that the harness opens to find out.
const SESSION_NAME: &str = "multiplane";
/// As long as SDKs ask for.
const SESSION: std::time::Duration = std::time::Duration::from_secs(3600);

/// Runs an `iam` step.
pub(crate) async fn iam(context: &Context<'_>, step: &Iam) -> Result<(), Failure> {
    let account = account(context)?;
    if let Some(id) = &step.account {
        account.open(id);
    }
    for cluster in step.providers.iter().flat_map(OneOrMany::iter) {
        let issuer = associate(account, &context.client(cluster)?).await?;
        let said = format!("tokens of {} are taken: {issuer}", cluster.value);
        context.emitter.cluster(cluster).note(Level::Detail, said);
    }
    for (name, role) in &step.roles {
        let IamRole { trust, permissions } = &role.value;
        let trust = trust.as_ref().map(|file| policy(context, file, PolicyKind::Trust)).transpose()?;
        let files = permissions.as_ref().map(|files| {
            let read = files.iter().map(|file| policy(context, file, PolicyKind::Permissions));
            read.collect::<Result<Vec<_>, _>>()
        });
        account.put_role(name, trust, files.transpose()?);
    }
    Ok(())
}

/// The world's AWS account.
pub(super) fn account<'c>(context: &'c Context<'_>) -> Result<&'c Account, Failure> {
    let none = || Failure::invalid("no-account", "only worlds of the backend embedded have an AWS account");
    context.world.account().ok_or_else(none)
}

/// Makes a cluster's issuer a provider: what it says about itself is asked of its API server, which EKS publishes.
async fn associate(account: &Account, client: &Client) -> Result<String, Failure> {
    let get = async |path: &str| {
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|error| Failure::fault("oidc-request", error.to_string()))?;
        Ok::<_, Failure>(client.request_text(request).await?)
    };
    let discovery = get("/.well-known/openid-configuration").await?;
    let discovery: serde_json::Value = serde_json::from_str(&discovery).unwrap_or_default();
    let issuer = discovery["issuer"].as_str().unwrap_or_default().to_owned();
    let keys = KeySet::read(get("/openid/v1/jwks").await?.as_bytes());
    let keys = keys.map_err(|error| Failure::environment("oidc-keys", error.to_string()))?;
    account.put_provider(
        &issuer,
        Provider {
            audiences: vec![AUDIENCE.to_owned()],
            keys,
        },
    );
    Ok(issuer)
}

/// Reads a policy, which the scenario's check has seen already.
fn policy(context: &Context<'_>, file: &Spanned<String>, kind: PolicyKind) -> Result<PolicyFile, Failure> {
    let path = context.scenario().path(file);
    let failed = |error: &dyn std::fmt::Display| Failure::invalid("policy", format!("{}: {error}", path.display()));
    let text = std::fs::read_to_string(&path).map_err(|error| failed(&error))?;
    let policy = iam::read(&path.display().to_string(), &text, kind).map_err(|error| failed(&error))?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    Ok(PolicyFile {
        name: name.unwrap_or_default(),
        policy,
    })
}

/// A service account, as soon as it is there.
pub(super) async fn service_account(context: &Context<'_>, cluster: &str, name: &NamespacedName) -> Result<ServiceAccount, Failure> {
    let accounts: Api<ServiceAccount> = Api::namespaced(context.client(cluster)?, &name.namespace);
    let there = await_condition(accounts, &name.name, |account: Option<&ServiceAccount>| account.is_some());
    let limit = context.scenario().settings.within.get();
    let found = within(limit, &format!("ServiceAccount {name} on {cluster}"), there).await??;
    found.ok_or_else(|| Failure::expectation("no-service-account", format!("ServiceAccount {name} on {cluster} is gone")))
}

/// The ARN of the role that a service account names for its pods.
pub(super) fn role_of(account: &ServiceAccount) -> Option<&str> {
    let annotations = account.metadata.annotations.as_ref()?;
    annotations.get(ROLE_ARN).map(String::as_str).filter(|role| !role.is_empty())
}

/// Asks a cluster for a token of a service account, and STS for a session of a role for it.
pub(super) async fn assume(
    context: &Context<'_>,
    cluster: &str,
    name: &NamespacedName,
    role_arn: &str,
) -> Result<Result<Assumed, Refusal>, Failure> {
    let accounts: Api<ServiceAccount> = Api::namespaced(context.client(cluster)?, &name.namespace);
    let spec = TokenRequestSpec {
        audiences: Some(vec![AUDIENCE.to_owned()]),
        ..TokenRequestSpec::default()
    };
    let request = TokenRequest {
        spec: Some(spec),
        ..TokenRequest::default()
    };
    let answer = accounts.create_token_request(&name.name, &PostParams::default(), &request).await?;
    let token = answer.status.and_then(|status| status.token).unwrap_or_default();
    let asked = AssumeRole {
        role_arn,
        session_name: SESSION_NAME,
        token: &token,
        duration: SESSION,
    };
    Ok(account(context)?.assume_role(&asked, context.world.clock().now()))
}
