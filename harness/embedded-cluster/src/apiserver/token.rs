//! `serviceaccounts/<name>/token`: tokens on request.

use std::sync::Arc;

use crate::value::{Value, json};

use super::{ApiServer, Outcome, Request, decode, read, seconds};
use crate::admission::{self, Attempt};
use crate::auth::{Bound, Claims, Tokens};
use crate::kinds::Kind;
use crate::object::Object;
use crate::resource::Resource;
use crate::status::{Cause, Status};

const GROUP: &str = "authentication.k8s.io";
const DEFAULT_SECONDS: i64 = 3600;
const SHORTEST_SECONDS: i64 = 600;
const LONGEST_SECONDS: i64 = 1 << 32;
/// Tokens of projected volumes are asked for with this many seconds; they live a year, so that old
/// clients which never read them again go on working, and warn after the time asked for.
const EXTENDED_FOR: i64 = 3607;
const YEAR_SECONDS: i64 = 365 * 24 * 3600;

/// POST of a `TokenRequest`.
pub(super) async fn create(server: &Arc<ApiServer>, kind: &Kind, request: &Request, warnings: &mut Vec<String>) -> Result<Outcome, Status> {
    let account = read::find(server, kind, request)?;
    let part = Kind::part(GROUP, "v1", "TokenRequest");
    let mut body = decode::object(&part, &request.body, &request.options)?.value;
    admission::submit(&mut Attempt::answered(server, kind, Some(&part), request, &mut body, warnings)).await?;
    let invalid = |name: &str, cause| Status::invalid(GROUP, "TokenRequest", name, vec![cause]);
    if let Some(name) = body["metadata"]["name"].as_str().filter(|n| !n.is_empty() && *n != account.name()) {
        let cause = Cause::invalid("metadata.name", &name.into(), "must match the service account name if specified");
        return Err(invalid(account.name(), cause));
    }
    let life = body["spec"]["expirationSeconds"].as_i64().unwrap_or(DEFAULT_SECONDS);
    let bad_life = |detail: &str| invalid("", Cause::invalid("spec.expirationSeconds", &life.into(), detail));
    if life < SHORTEST_SECONDS {
        return Err(bad_life("may not specify a duration less than 10 minutes"));
    }
    if life > LONGEST_SECONDS {
        return Err(bad_life("may not specify a duration larger than 2^32 seconds"));
    }
    let mut audiences: Vec<String> = body["spec"]["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|a| a.as_str().map(str::to_owned))
        .collect();
    if audiences.is_empty() {
        audiences.push(server.tokens.issuer().into());
    }
    let now = server.clock.now();
    let claims = claims(
        server,
        &account,
        &body["spec"]["boundObjectRef"],
        audiences.clone(),
        life,
        now.as_second(),
    )?;
    let token = server
        .tokens
        .sign(&claims)
        .map_err(|_| Status::internal("the token could not be signed"))?;
    body["metadata"] = json!({
        "name": account.name(), "namespace": account.namespace(), "uid": account.uid(), "creationTimestamp": server.timestamp(),
    });
    let bound = body["spec"]["boundObjectRef"].clone();
    body["spec"] = json!({"audiences": audiences, "expirationSeconds": life, "boundObjectRef": bound});
    let expires = now + jiff::SignedDuration::from_secs(life);
    body["status"] = json!({"token": token, "expirationTimestamp": seconds(expires)});
    Ok(Outcome::Value(body, 201))
}

fn claims(server: &ApiServer, account: &Object, bound: &Value, audiences: Vec<String>, life: i64, now: i64) -> Result<Claims, Status> {
    let namespace = account.namespace().unwrap_or_default();
    let extended = life == EXTENDED_FOR && audiences == [server.tokens.issuer()] && bound["kind"] == "Pod";
    let mut claims = Claims {
        namespace: namespace.into(),
        service_account: Bound {
            name: account.name().into(),
            uid: account.uid().into(),
        },
        pod: None,
        secret: None,
        node: None,
        audiences,
        issued_at: now,
        expires_at: Some(now + if extended { YEAR_SECONDS } else { life }),
        warn_after: extended.then_some(now + life),
        id: server.uid(),
    };
    let Some(kind) = bound["kind"].as_str() else { return Ok(claims) };
    let name = bound["name"].as_str().unwrap_or_default();
    let plural = match kind {
        "Pod" => "pods",
        "Secret" => "secrets",
        "Node" => "nodes",
        _ => {
            return Err(Status::bad_request(format!(
                "cannot bind token for serviceaccount {:?} to object type {kind:?}",
                account.name()
            )));
        }
    };
    let place = if kind == "Node" { "" } else { namespace };
    let object = server
        .store
        .get(&plural.into(), place, name)
        .ok_or_else(|| Status::not_found(&Resource::named("", "v1", plural), name))?;
    if let Some(uid) = bound["uid"].as_str().filter(|uid| !uid.is_empty() && *uid != object.uid()) {
        let because = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(Status::conflict(&Resource::named("", "v1", plural), name, &because));
    }
    let bound = Some(Bound {
        name: name.into(),
        uid: object.uid().into(),
    });
    match kind {
        "Secret" => claims.secret = bound,
        "Node" => claims.node = bound,
        _ => {
            if object.value()["spec"]["serviceAccountName"] != account.name() {
                let because = format!(
                    "cannot bind token for serviceaccount {:?} to pod running with different serviceaccount name.",
                    account.name()
                );
                return Err(Status::bad_request(because));
            }
            claims.pod = bound;
            let node = object.value()["spec"]["nodeName"]
                .as_str()
                .and_then(|node| server.store.get(&"nodes".into(), "", node));
            claims.node = node.map(|node| Bound {
                name: node.name().into(),
                uid: node.uid().into(),
            });
        }
    }
    Ok(claims)
}

/// The token of a `kubernetes.io/service-account-token` Secret: it lives as long as the Secret. `now` is in seconds since 1970.
///
/// # Errors
/// When signing fails.
pub(crate) fn legacy(tokens: &Tokens, now: i64, account: &Object, secret: &Object) -> Result<String, Status> {
    let claims = Claims {
        namespace: account.namespace().unwrap_or_default().into(),
        service_account: Bound {
            name: account.name().into(),
            uid: account.uid().into(),
        },
        pod: None,
        secret: Some(Bound {
            name: secret.name().into(),
            uid: String::new(),
        }),
        node: None,
        audiences: vec![],
        issued_at: now,
        expires_at: None,
        warn_after: None,
        id: String::new(),
    };
    tokens.sign(&claims).map_err(|_| Status::internal("the token could not be signed"))
}
