//! Whether service accounts may assume roles, and use buckets.

use scenario::OneOrMany;
use scenario::verb::{AssumeRole, ObjectAccess};

use crate::journal::Level;
use crate::run::context::Context;
use crate::run::step::failure::Failure;
use crate::run::step::identity::{account, assume, role_of, service_account};

/// What was decided, and why: a line each.
struct Decided {
    allowed: bool,
    /// What AWS answers.
    answer: String,
    because: Vec<String>,
}

/// Checks one cluster for `expect: {assumeRole: ...}`.
pub(super) async fn assume_role(context: &Context<'_>, cluster: &str, expected: &AssumeRole) -> Result<(), Failure> {
    let name = &expected.service_account;
    service_account(context, cluster, name).await?;
    let arn = account(context)?.role_arn(&expected.role);
    let decided = match assume(context, cluster, name, &arn).await? {
        Ok(assumed) => Decided {
            allowed: true,
            answer: format!("the session {}", assumed.session.arn),
            because: assumed.decision.explain(),
        },
        Err(refusal) => Decided {
            allowed: false,
            answer: format!("{}: {}", refusal.error.code(), refusal.error),
            because: refusal.because,
        },
    };
    let what = format!("{name} on {cluster} {} assume {}", may(decided.allowed), expected.role.value);
    judge(context, cluster, &what, decided, expected.allowed, expected.because.as_ref())
}

/// Checks one cluster for `expect: {objectAccess: ...}`.
pub(super) async fn object_access(context: &Context<'_>, cluster: &str, expected: &ObjectAccess) -> Result<(), Failure> {
    let name = &expected.service_account;
    let found = service_account(context, cluster, name).await?;
    let session = match role_of(&found) {
        None => Ok(None),
        Some(role) => assume(context, cluster, name, role).await?.map(Some),
    };
    let decided = match session {
        Err(refusal) => Decided {
            allowed: false,
            answer: format!("{}: {}", refusal.error.code(), refusal.error),
            because: refusal.because,
        },
        Ok(assumed) => {
            let session = assumed.as_ref().map(|assumed| &assumed.session);
            match account(context)?.authorize(session, &expected.action, &expected.resource) {
                Ok(decision) => Decided {
                    allowed: true,
                    answer: session.map(|session| format!("as {}", session.arn)).unwrap_or_default(),
                    because: decision.explain(),
                },
                Err((error, because)) => Decided {
                    allowed: false,
                    answer: format!("{}: {error}", error.code()),
                    because: match session {
                        Some(_) => because,
                        None => vec![format!("ServiceAccount {name} names no role, so its pods have no credentials")],
                    },
                },
            }
        }
    };
    let what = format!(
        "{name} on {cluster} {} {} {}",
        may(decided.allowed),
        expected.action.value,
        expected.resource.value
    );
    judge(context, cluster, &what, decided, expected.allowed, expected.because.as_ref())
}

fn may(allowed: bool) -> &'static str {
    if allowed { "may" } else { "may not" }
}

fn judge(
    context: &Context<'_>,
    cluster: &str,
    what: &str,
    decided: Decided,
    allowed: bool,
    because: Option<&OneOrMany<String>>,
) -> Result<(), Failure> {
    let text = format!("{what}: {}", decided.answer);
    if decided.allowed != allowed {
        let code = if decided.allowed { "identity-allowed" } else { "identity-refused" };
        return Err(Failure::expectation(code, text).details(decided.because));
    }
    let told = [text.as_str()].into_iter().chain(decided.because.iter().map(String::as_str));
    let told: Vec<&str> = told.collect();
    let missing = because.into_iter().flat_map(OneOrMany::iter);
    if let Some(missing) = missing
        .into_iter()
        .find(|wanted| !told.iter().any(|line| line.contains(wanted.value.as_str())))
    {
        let message = format!("{text}\nbut not because of {:?}; the reasons are", missing.value);
        return Err(Failure::expectation("identity-otherwise", message).details(decided.because));
    }
    context.emitter.cluster(cluster).note(Level::Detail, told.join("\n  "));
    Ok(())
}
