//! `Impersonate-*` headers: acting as somebody else, where RBAC allows it.

use std::sync::Arc;

use http::HeaderMap;

use crate::apiserver::{ApiServer, unescape};
use crate::auth::{Attributes, Identity, UNAUTHENTICATED};
use crate::resource::Resource;
use crate::status::Status;

/// The user that the headers name, or `identity` without such headers.
///
/// # Errors
/// 403 when `identity` may not act as that user or group.
pub(super) fn apply(server: &ApiServer, identity: Arc<Identity>, headers: &HeaderMap) -> Result<Arc<Identity>, Status> {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let user = headers.get("impersonate-user").map(text).unwrap_or_default();
    let groups: Vec<String> = headers.get_all("impersonate-group").iter().map(text).collect();
    let uid = headers.get("impersonate-uid").map(text).unwrap_or_default();
    let extra: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| {
            name.as_str()
                .strip_prefix("impersonate-extra-")
                .map(|key| (unescape(key, false), text(value)))
        })
        .collect();
    if user.is_empty() {
        if groups.is_empty() && uid.is_empty() && extra.is_empty() {
            return Ok(identity);
        }
        return Err(Status::plain(500, format!("requested {groups:?} without impersonating a user")));
    }
    let allowed = |group: &'static str, plural: &'static str, namespace: &str, name: &str| {
        let attributes = Attributes::resource("impersonate", Resource::new(group, "v1", plural), namespace, name);
        server.authorizer.check(&server.store, &identity, &attributes)
    };
    let account = user.strip_prefix("system:serviceaccount:").and_then(|rest| rest.split_once(':'));
    match account {
        Some((namespace, name)) => allowed("", "serviceaccounts", namespace, name)?,
        None => allowed("", "users", "", &user)?,
    }
    for group in &groups {
        allowed("", "groups", "", group)?;
    }
    if !uid.is_empty() {
        allowed("authentication.k8s.io", "uids", "", &uid)?;
    }
    for (_, value) in &extra {
        allowed("authentication.k8s.io", "userextras", "", value)?;
    }
    Ok(Arc::new(impersonated(&user, groups, uid, extra, account)))
}

fn impersonated(user: &str, groups: Vec<String>, uid: String, extra: Vec<(String, String)>, account: Option<(&str, &str)>) -> Identity {
    let mut groups = groups;
    if let Some((namespace, _)) = account.filter(|_| groups.is_empty()) {
        groups = vec!["system:serviceaccounts".into(), format!("system:serviceaccounts:{namespace}")];
    }
    let mut identity = if user == "system:anonymous" || groups.iter().any(|g| g == UNAUTHENTICATED) {
        Identity {
            user: user.into(),
            groups: [groups, vec![UNAUTHENTICATED.into()]].concat(),
            ..Identity::default()
        }
    } else {
        Identity::new(user, groups)
    };
    identity.uid = uid;
    for (key, value) in extra {
        identity.extra.entry(key).or_default().push(value);
    }
    identity
}
