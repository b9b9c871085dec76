//! From credentials to an [`Identity`]: client certificate, bearer token, or nobody.

use std::sync::Arc;

use super::{Bound, Claims, Identity};
use crate::apiserver::ApiServer;
use crate::object::Object;
use crate::status::Status;

/// What a connection or request shows about who it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Credentials {
    /// The user that the verified client certificate names.
    pub(crate) certificate: Option<Arc<Identity>>,
    /// The `Authorization: Bearer` token.
    pub(crate) bearer: Option<String>,
}

/// Whose request this is.
///
/// # Errors
/// 401 for a token that is not, or no longer, good.
pub(crate) fn authenticate(server: &ApiServer, credentials: &Credentials) -> Result<Arc<Identity>, Status> {
    if let Some(identity) = &credentials.certificate {
        return Ok(identity.clone());
    }
    match credentials.bearer.as_deref() {
        None | Some("") => Ok(Arc::new(Identity::anonymous())),
        Some(token) => {
            let (identity, _) = token_identity(server, token, &[]).map_err(|_| Status::unauthorized())?;
            Ok(Arc::new(identity))
        }
    }
}

/// The service account that a token stands for, and the audiences it is good for. No audiences
/// asked for means the API server's own. The error says why not, as `TokenReview` does.
pub(crate) fn token_identity(server: &ApiServer, token: &str, audiences: &[String]) -> Result<(Identity, Vec<String>), String> {
    let claims = server.tokens.verify(token).map_err(|error| error.to_string())?;
    let wanted = if audiences.is_empty() {
        vec![server.tokens.issuer().to_owned()]
    } else {
        audiences.to_vec()
    };
    let held = if claims.audiences.is_empty() {
        vec![server.tokens.issuer().to_owned()]
    } else {
        claims.audiences.clone()
    };
    let common: Vec<String> = wanted.iter().filter(|audience| held.contains(audience)).cloned().collect();
    let refuse = |why: String| Err(format!("[invalid bearer token, {why}]"));
    if common.is_empty() {
        return refuse(format!("token audiences {held:?} is invalid for the target audiences {wanted:?}"));
    }
    if let Some(why) = no_longer_good(server, &claims) {
        return refuse(why);
    }
    Ok((identity(&claims), common))
}

fn no_longer_good(server: &ApiServer, claims: &Claims) -> Option<String> {
    if claims.expires_at.is_some_and(|at| server.clock.now().as_second() >= at) {
        return Some("service account token has expired".into());
    }
    let find = |key: &str, namespace: &str, bound: &Bound| -> Result<Arc<Object>, String> {
        let object = server.store.get(&key.into(), namespace, &bound.name);
        object.ok_or_else(|| format!("{key} {:?} not found", bound.name))
    };
    let same = |key: &str, namespace: &str, bound: &Bound| -> Result<(), String> {
        let object = find(key, namespace, bound)?;
        if bound.uid.is_empty() || object.uid() == bound.uid {
            return Ok(());
        }
        let kind = if key == "serviceaccounts" {
            "service account"
        } else {
            key.trim_end_matches('s')
        };
        Err(format!(
            "the {kind} UID ({}) does not match the {kind} UID ({}) in claim",
            object.uid(),
            bound.uid
        ))
    };
    let check = || -> Result<(), String> {
        same("serviceaccounts", &claims.namespace, &claims.service_account)?;
        for (key, namespace, bound) in [
            ("secrets", claims.namespace.as_str(), &claims.secret),
            ("pods", claims.namespace.as_str(), &claims.pod),
        ] {
            if let Some(bound) = bound {
                same(key, namespace, bound)?;
            }
        }
        Ok(())
    };
    check().err()
}

fn identity(claims: &Claims) -> Identity {
    let groups = [
        "system:serviceaccounts".to_owned(),
        format!("system:serviceaccounts:{}", claims.namespace),
    ];
    let mut identity = Identity::new(claims.subject(), groups);
    identity.uid.clone_from(&claims.service_account.uid);
    let mut extra = |key: &str, value: &str| {
        identity
            .extra
            .insert(format!("authentication.kubernetes.io/{key}"), vec![value.to_owned()]);
    };
    if !claims.id.is_empty() {
        extra("credential-id", &format!("JTI={}", claims.id));
    }
    for (kind, bound) in [("pod", &claims.pod), ("node", &claims.node)] {
        if let Some(bound) = bound {
            extra(&format!("{kind}-name"), &bound.name);
            extra(&format!("{kind}-uid"), &bound.uid);
        }
    }
    identity
}
