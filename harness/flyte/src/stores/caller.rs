//! Who a pod is to an object store of AWS: the session of the role that its service account names.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws::pod_identity::{ROLE_VARIABLE, TOKEN_VARIABLE};
use aws::{Account, AssumeRole, Session};
use simnet::Clock;
use virtual_node::{ContainerContext, Files};

use super::lock;

/// A session is renewed when so little of it is left, as SDKs do.
const EARLY: Duration = Duration::from_secs(300);
/// As long as a role's sessions last where nothing else is asked for.
const SESSION: Duration = Duration::from_secs(3600);

/// A program that uses an account's buckets with what its pod was given, as AWS's SDKs do. As long as the account is not opened, everybody may
/// do everything.
#[derive(Clone)]
pub(super) struct Caller(Arc<Inner>);

struct Inner {
    account: Account,
    clock: Clock,
    files: Files,
    /// The role's ARN and the path of the token.
    identity: Option<(String, String)>,
    session_name: String,
    session: Mutex<Option<Session>>,
}

/// Bucket actions that programs use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    Get,
    Put,
}

impl Caller {
    pub(super) fn new(account: Account, context: &ContainerContext) -> Self {
        let given = |name: &str| context.env.get(name).filter(|value| !value.is_empty()).cloned();
        Self(Arc::new(Inner {
            account,
            clock: context.clock.clone(),
            files: context.files.clone(),
            identity: given(ROLE_VARIABLE).zip(given(TOKEN_VARIABLE)),
            session_name: context.pod.name.chars().take(64).collect(),
            session: Mutex::default(),
        }))
    }

    /// Whether the program may do something with an object.
    pub(super) fn check(&self, action: Action, bucket: &str, key: &str) -> io::Result<()> {
        let inner = &self.0;
        if inner.account.id().is_none() {
            return Ok(());
        }
        let action = match action {
            Action::Get => "s3:GetObject",
            Action::Put => "s3:PutObject",
        };
        let session = inner.session()?;
        let resource = format!("arn:aws:s3:::{bucket}/{key}");
        let decided = inner.account.authorize(session.as_ref(), action, &resource);
        decided.map(drop).map_err(|(error, mut because)| {
            if session.is_none() {
                because = vec![format!(
                    "the pod has no {ROLE_VARIABLE} and {TOKEN_VARIABLE}: its service account names no role"
                )];
            }
            refused(error.code(), &error, &because)
        })
    }
}

impl Inner {
    /// The pod's session; none if it has no role.
    fn session(&self) -> io::Result<Option<Session>> {
        let Some((role, token)) = &self.identity else { return Ok(None) };
        let now = self.clock.now();
        let mut held = lock(&self.session);
        if let Some(session) = held.as_ref().filter(|session| now + EARLY < session.expires) {
            return Ok(Some(session.clone()));
        }
        let text = self.files.read_to_string(token).map_err(|error| {
            let message = format!("WebIdentityErr: failed fetching WebIdentity token: open {token}: {error}");
            io::Error::new(io::ErrorKind::PermissionDenied, message)
        })?;
        let asked = AssumeRole {
            role_arn: role,
            session_name: &self.session_name,
            token: &text,
            duration: SESSION,
        };
        let assumed = self.account.assume_role(&asked, now).map_err(|refusal| {
            let code = format!(
                "WebIdentityErr: failed to retrieve credentials, caused by: {}",
                refusal.error.code()
            );
            refused(&code, &refusal.error, &refusal.because)
        })?;
        *held = Some(assumed.session.clone());
        Ok(Some(assumed.session))
    }
}

/// A refusal in AWS's words, and in brackets what AWS keeps to itself.
fn refused(code: &str, error: &dyn std::fmt::Display, because: &[String]) -> io::Error {
    let reasons = if because.is_empty() {
        String::new()
    } else {
        format!(" [{}]", because.join("; "))
    };
    io::Error::new(io::ErrorKind::PermissionDenied, format!("{code}: {error}{reasons}"))
}

impl std::fmt::Debug for Caller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Caller").field("identity", &self.0.identity).finish_non_exhaustive()
    }
}
