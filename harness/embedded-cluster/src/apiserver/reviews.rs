//! Kinds that are only answered: who am I, whose token is this, may somebody do that.

use std::sync::Arc;

use crate::value::{Value, json};

use super::{ApiServer, Outcome, Request, decode};
use crate::admission::{self, Attempt};
use crate::auth::{Attributes, Identity, Scope, token_identity};
use crate::kinds::Kind;
use crate::resource::Resource;
use crate::status::{Cause, Status};

/// Answers a review.
pub(super) async fn answer(server: &Arc<ApiServer>, kind: &Kind, request: Request, warnings: &mut Vec<String>) -> Result<Outcome, Status> {
    if kind.kind == "Binding" {
        return super::binding::create(server, kind, &request, warnings).await;
    }
    let decoded = decode::object(kind, &request.body, &request.options)?;
    warnings.extend(decoded.warnings);
    let mut review = decoded.value;
    admission::submit(&mut Attempt::answered(server, kind, None, &request, &mut review, warnings)).await?;
    match kind.kind.as_str() {
        "TokenReview" => token_review(server, &mut review)?,
        "SelfSubjectReview" => {
            review["metadata"]["creationTimestamp"] = server.timestamp().into();
            review["status"] = json!({"userInfo": request.identity.to_value()});
        }
        "SelfSubjectAccessReview" => access_review(server, &mut review, &request.identity)?,
        "SubjectAccessReview" => {
            let subject = subject(&review)?;
            access_review(server, &mut review, &subject)?;
        }
        "LocalSubjectAccessReview" => local_access_review(server, &mut review, &request)?,
        "SelfSubjectRulesReview" => rules_review(server, &mut review, &request.identity)?,
        _ => return Err(Status::not_implemented(&kind.kind)),
    }
    Ok(Outcome::Value(review, 201))
}

fn token_review(server: &ApiServer, review: &mut Value) -> Result<(), Status> {
    let token = review["spec"]["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(Status::bad_request("token is required for TokenReview in authentication"));
    }
    let audiences: Vec<String> = review["spec"]["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|a| a.as_str().map(str::to_owned))
        .collect();
    review["status"] = match token_identity(server, token, &audiences) {
        Ok((identity, audiences)) => json!({"authenticated": true, "user": identity.to_value(), "audiences": audiences}),
        Err(error) => json!({"user": {}, "error": error}),
    };
    Ok(())
}

fn subject(review: &Value) -> Result<Identity, Status> {
    let spec = &review["spec"];
    let user = spec["user"].as_str().unwrap_or_default();
    let groups: Vec<String> = spec["groups"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|g| g.as_str().map(str::to_owned))
        .collect();
    if user.is_empty() && groups.is_empty() {
        let cause = Cause::invalid("spec.user", &"".into(), "at least one of user or group must be specified");
        return Err(Status::invalid("authorization.k8s.io", "", "", vec![cause]));
    }
    Ok(Identity {
        user: user.into(),
        groups,
        ..Identity::default()
    })
}

fn access_review(server: &ApiServer, review: &mut Value, subject: &Identity) -> Result<(), Status> {
    let attributes = attributes(&review["spec"])?;
    let decision = server.authorizer.decide(&server.store, subject, &attributes);
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.into();
    }
    review["status"] = status;
    Ok(())
}

fn local_access_review(server: &ApiServer, review: &mut Value, request: &Request) -> Result<(), Status> {
    let namespace = request.target.namespace.clone().unwrap_or_default();
    super::write::name_and_namespace(&mut review.clone(), None, Some(&namespace))?;
    if review["spec"]["resourceAttributes"]["namespace"] != namespace.as_str() {
        let value = &review["spec"]["resourceAttributes"]["namespace"];
        let cause = Cause::invalid("spec.resourceAttributes.namespace", value, "must match metadata.namespace");
        return Err(Status::invalid("authorization.k8s.io", "", "", vec![cause]));
    }
    let subject = subject(review)?;
    access_review(server, review, &subject)?;
    review["metadata"]["namespace"] = namespace.into();
    Ok(())
}

fn attributes(spec: &Value) -> Result<Attributes, Status> {
    let resource = spec.get("resourceAttributes").filter(|v| !v.is_null());
    let path = spec.get("nonResourceAttributes").filter(|v| !v.is_null());
    let text = |v: &Value, field: &str| v[field].as_str().unwrap_or_default().to_owned();
    match (resource, path) {
        (Some(wanted), None) => Ok(Attributes {
            verb: text(wanted, "verb"),
            scope: Scope::Resource {
                resource: Resource::named(text(wanted, "group"), text(wanted, "version"), text(wanted, "resource")),
                subresource: text(wanted, "subresource"),
                namespace: text(wanted, "namespace"),
                name: text(wanted, "name"),
            },
        }),
        (None, Some(wanted)) => Ok(Attributes::path(&text(wanted, "verb"), &text(wanted, "path"))),
        (both, _) => {
            let detail = if both.is_some() {
                "cannot be specified in combination with resourceAttributes"
            } else {
                "exactly one of nonResourceAttributes or resourceAttributes must be specified"
            };
            let field = if both.is_some() {
                "spec.nonResourceAttributes"
            } else {
                "spec.resourceAttributes"
            };
            let cause = Cause::invalid(field, &Value::Null, detail);
            Err(Status::invalid("authorization.k8s.io", "", "", vec![cause]))
        }
    }
}

fn rules_review(server: &ApiServer, review: &mut Value, identity: &Identity) -> Result<(), Status> {
    let namespace = review["spec"]["namespace"].as_str().unwrap_or_default().to_owned();
    if namespace.is_empty() {
        return Err(Status::bad_request("no namespace on request"));
    }
    let (mut resources, mut paths) = (vec![], vec![]);
    for rule in server.authorizer.rules(&server.store, identity, &namespace) {
        let pick = |fields: &[&str]| {
            let mut picked = json!({"verbs": rule["verbs"]});
            for field in fields {
                if let Some(value) = rule.get(*field) {
                    picked[*field] = value.clone();
                }
            }
            picked
        };
        if rule.get("resources").is_some() {
            resources.push(pick(&["apiGroups", "resources", "resourceNames"]));
        }
        if rule.get("nonResourceURLs").is_some() {
            paths.push(pick(&["nonResourceURLs"]));
        }
    }
    review["spec"] = json!({});
    review["status"] = json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false});
    Ok(())
}
