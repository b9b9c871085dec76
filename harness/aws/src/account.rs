//! The account: its OIDC providers, its roles, and the sessions that are open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use iam::{ASSUME_ROLE_WITH_WEB_IDENTITY, Decision, Keys, Policy, Principal, Request, evaluate};
use jiff::Timestamp;

use crate::token::{KeySet, Token};
use crate::{Credentials, S3Error, Session, StsError};

/// An account; clones are the same one. A new one has no id and enforces nothing, until [`Account::open`].
#[derive(Clone, Debug, Default)]
pub struct Account(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    id: Option<String>,
    /// By issuer, without `https://`.
    providers: BTreeMap<String, Provider>,
    roles: BTreeMap<String, Arc<Role>>,
    /// By access key.
    sessions: BTreeMap<String, Session>,
}

/// An OIDC provider: an issuer whose tokens the account takes.
#[derive(Clone, Debug)]
pub struct Provider {
    /// For whom tokens may be.
    pub audiences: Vec<String>,
    /// The issuer's keys.
    pub keys: KeySet,
}

/// A policy and what people call it.
#[derive(Clone, Debug)]
pub struct PolicyFile {
    /// Such as its file's name.
    pub name: String,
    /// The policy.
    pub policy: Policy,
}

#[derive(Debug)]
struct Role {
    trust: PolicyFile,
    /// What its sessions may do.
    permissions: Vec<PolicyFile>,
}

/// What is asked of `AssumeRoleWithWebIdentity`.
#[derive(Clone, Copy, Debug)]
pub struct AssumeRole<'a> {
    /// The role's ARN.
    pub role_arn: &'a str,
    /// A name for the session.
    pub session_name: &'a str,
    /// The token.
    pub token: &'a str,
    /// How long the session lasts.
    pub duration: Duration,
}

/// A role was assumed.
#[derive(Clone, Debug)]
pub struct Assumed {
    /// The session.
    pub session: Session,
    /// The token's subject.
    pub subject: String,
    /// The token's audience.
    pub audience: String,
    /// ARN of the provider.
    pub provider: String,
    /// Which statement allowed it.
    pub decision: Decision,
}

/// Why a role was not assumed: what STS says, and what it does not say.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct Refusal {
    /// The answer.
    pub error: StsError,
    /// The reason in words, a line each.
    pub because: Vec<String>,
}

impl Refusal {
    fn plain(error: StsError) -> Self {
        Self {
            error,
            because: Vec::new(),
        }
    }

    fn denied(because: Vec<String>) -> Self {
        let action = ASSUME_ROLE_WITH_WEB_IDENTITY;
        Self {
            error: StsError::AccessDenied { action },
            because,
        }
    }

    fn token(message: impl Into<String>, because: impl Into<String>) -> Self {
        Self {
            error: StsError::InvalidIdentityToken(message.into()),
            because: vec![because.into()],
        }
    }
}

/// Shortest and longest session, and the longest of a role whose `MaxSessionDuration` nobody set.
const SHORTEST: Duration = Duration::from_secs(900);
const LONGEST: Duration = Duration::from_secs(12 * 3600);
const ROLES_OWN: Duration = Duration::from_secs(3600);

impl Account {
    /// The account has this id from now on, and what belongs to it is closed to who has no credentials.
    pub fn open(&self, id: &str) {
        self.lock().id = Some(id.to_owned());
    }

    /// Its id; none if it is not opened.
    pub fn id(&self) -> Option<String> {
        self.lock().id.clone()
    }

    /// Adds an OIDC provider, or replaces it; `issuer` is its URL.
    pub fn put_provider(&self, issuer: &str, provider: Provider) {
        self.lock().providers.insert(bare(issuer).to_owned(), provider);
    }

    /// Adds a role, or changes what is given of it. Without a trust policy a new role is assumed by nobody: it is not made.
    pub fn put_role(&self, name: &str, trust: Option<PolicyFile>, permissions: Option<Vec<PolicyFile>>) {
        let mut state = self.lock();
        let before = state.roles.get(name);
        let Some(trust) = trust.or_else(|| Some(before?.trust.clone())) else {
            return;
        };
        let permissions = permissions.or_else(|| Some(before?.permissions.clone())).unwrap_or_default();
        state.roles.insert(name.to_owned(), Arc::new(Role { trust, permissions }));
    }

    /// A role's ARN.
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.lock().id())
    }

    /// Decides `AssumeRoleWithWebIdentity`, and opens the session.
    ///
    /// # Errors
    /// What STS answers, with the reasons that it keeps to itself.
    pub fn assume_role(&self, asked: &AssumeRole<'_>, now: Timestamp) -> Result<Assumed, Refusal> {
        check_parameters(asked)?;
        let mut state = self.lock();
        let token = Token::read(asked.token).ok_or_else(|| {
            let said = "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
            Refusal::token(said, "the token is no JWT")
        })?;
        let issuer = bare(&token.issuer);
        let provider = state.providers.get(issuer).ok_or_else(|| state.unknown_issuer(&token.issuer))?;
        let Some(audience) = token.audiences.iter().find(|audience| provider.audiences.contains(audience)) else {
            let because = format!(
                "the token is for {}, the provider {issuer} lists {}",
                token.audiences.join(", "),
                provider.audiences.join(", ")
            );
            return Err(Refusal::token("Incorrect token audience", because));
        };
        if !provider.keys.verifies(&token) {
            let said = "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements";
            return Err(Refusal::token(said, format!("none of the keys of {issuer} has signed the token")));
        }
        if now.as_second() >= token.expires {
            let (now, expired) = (now.as_second(), token.expires);
            return Err(Refusal::plain(StsError::ExpiredToken { now, expired }));
        }
        let (name, role) = state.role(asked.role_arn).map_err(|because| Refusal::denied(vec![because]))?;
        let provider_arn = state.provider_arn(issuer);
        let principal = Principal::WebIdentity(provider_arn.clone());
        let keys = Keys::new()
            .with(&format!("{issuer}:aud"), token.audiences.iter().cloned())
            .with(&format!("{issuer}:sub"), [token.subject.clone()]);
        let request = Request {
            principal: &principal,
            action: ASSUME_ROLE_WITH_WEB_IDENTITY,
            resource: None,
            keys: &keys,
        };
        let decision = evaluate([(role.trust.name.as_str(), &role.trust.policy)], &request);
        if !decision.allowed {
            return Err(Refusal::denied(decision.explain()));
        }
        let credentials = Credentials::random().ok_or_else(|| Refusal::plain(StsError::Validation("no random numbers".to_owned())))?;
        let session = Session {
            arn: format!("arn:aws:sts::{}:assumed-role/{name}/{}", state.id(), asked.session_name),
            role: name,
            name: asked.session_name.to_owned(),
            expires: now + asked.duration,
            credentials,
        };
        state.sessions.retain(|_, session| session.expires > now);
        state.sessions.insert(session.credentials.access_key.clone(), session.clone());
        Ok(Assumed {
            session,
            subject: token.subject,
            audience: audience.clone(),
            provider: provider_arn,
            decision,
        })
    }

    /// The session of an access key and its token.
    ///
    /// # Errors
    /// There is none, the token is another's, or the session is over.
    pub fn session(&self, access_key: &str, token: &str, now: Timestamp) -> Result<Session, S3Error> {
        let state = self.lock();
        let session = state.sessions.get(access_key).ok_or(S3Error::InvalidAccessKeyId)?;
        if session.credentials.token != token {
            return Err(S3Error::InvalidToken);
        }
        if now >= session.expires {
            return Err(S3Error::ExpiredToken);
        }
        Ok(session.clone())
    }

    /// The sessions of which credentials are about: none of them was seen to be over.
    pub fn sessions(&self) -> Vec<Session> {
        self.lock().sessions.values().cloned().collect()
    }

    /// Whether a session may do something; without a session nobody may do anything.
    ///
    /// # Errors
    /// `AccessDenied`, in S3's words, and the reasons that S3 keeps to itself.
    pub fn authorize(&self, session: Option<&Session>, action: &str, resource: &str) -> Result<Decision, (S3Error, Vec<String>)> {
        let Some(session) = session else {
            let because = "the request has no credentials".to_owned();
            return Err((S3Error::AccessDenied("Access Denied".to_owned()), vec![because]));
        };
        let state = self.lock();
        let role = state.roles.get(&session.role).cloned();
        let principal = Principal::Role(format!("arn:aws:iam::{}:role/{}", state.id(), session.role));
        drop(state);
        let keys = Keys::new().with("aws:SecureTransport", ["true"]);
        let request = Request {
            principal: &principal,
            action,
            resource: Some(resource),
            keys: &keys,
        };
        let permissions = role.iter().flat_map(|role| &role.permissions);
        let decision = evaluate(permissions.map(|file| (file.name.as_str(), &file.policy)), &request);
        if decision.allowed {
            return Ok(decision);
        }
        let why = match decision.reasons.first() {
            Some(reason) if reason.mismatches.is_empty() => format!("with an explicit deny in an identity-based policy: {action}"),
            _ => format!("because no identity-based policy allows the {action} action"),
        };
        let arn = &session.arn;
        let said = format!("User: {arn} is not authorized to perform: {action} on resource: \"{resource}\" {why}");
        let because = if decision.reasons.is_empty() {
            vec![format!("the role {} has no policy of permissions", session.role)]
        } else {
            decision.explain()
        };
        Err((S3Error::AccessDenied(said), because))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Everything in it is replaced whole, so it is never half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }

    fn provider_arn(&self, issuer: &str) -> String {
        format!("arn:aws:iam::{}:oidc-provider/{issuer}", self.id())
    }

    fn unknown_issuer(&self, issuer: &str) -> Refusal {
        let known: Vec<&str> = self.providers.keys().map(String::as_str).collect();
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Refusal::token(
            format!("No OpenIDConnect provider found in your account for {issuer}"),
            format!("the token's issuer is {issuer}; the account has the providers: {known}"),
        )
    }

    /// The role of an ARN, with its name; else why there is none.
    fn role(&self, arn: &str) -> Result<(String, Arc<Role>), String> {
        let known: Vec<&str> = self.roles.keys().map(String::as_str).collect();
        let name = arn.strip_prefix(&format!("arn:aws:iam::{}:role/", self.id()));
        // A path before the name is part of the ARN, not of the name.
        let name = name.and_then(|rest| rest.rsplit('/').next());
        let role = name.and_then(|name| Some((name.to_owned(), self.roles.get(name)?.clone())));
        role.ok_or_else(|| format!("there is no role {arn}; the account {} has: {}", self.id(), known.join(", ")))
    }
}

fn check_parameters(asked: &AssumeRole<'_>) -> Result<(), Refusal> {
    let invalid = |text: String| Err(Refusal::plain(StsError::Validation(text)));
    let constraint = |name: &str, value: &str, must: &str| {
        format!("1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: Member must {must}")
    };
    let name = asked.session_name;
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c)) {
        return invalid(constraint(
            "roleSessionName",
            name,
            "satisfy regular expression pattern: [\\w+=,.@-]*",
        ));
    }
    if name.len() < 2 {
        return invalid(constraint("roleSessionName", name, "have length greater than or equal to 2"));
    }
    if name.len() > 64 {
        return invalid(constraint("roleSessionName", name, "have length less than or equal to 64"));
    }
    if asked.role_arn.len() < 20 {
        return invalid(constraint("roleArn", asked.role_arn, "have length greater than or equal to 20"));
    }
    let parts: Vec<&str> = asked.role_arn.splitn(6, ':').collect();
    if !matches!(parts[..], ["arn", _, "iam", "", _, role] if role.starts_with("role/")) {
        return invalid(format!("{} is invalid", asked.role_arn));
    }
    let seconds = asked.duration.as_secs().to_string();
    if asked.duration < SHORTEST {
        return invalid(constraint("durationSeconds", &seconds, "have value greater than or equal to 900"));
    }
    if asked.duration > LONGEST {
        return invalid(constraint("durationSeconds", &seconds, "have value less than or equal to 43200"));
    }
    if asked.duration > ROLES_OWN {
        return invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.".to_owned());
    }
    Ok(())
}

/// An issuer as ARNs and condition keys have it.
fn bare(issuer: &str) -> &str {
    issuer.strip_prefix("https://").unwrap_or(issuer).trim_end_matches('/')
}
