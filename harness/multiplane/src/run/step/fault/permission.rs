//! A permission that is taken away.

use k8s_openapi::api::authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec};
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use scenario::verb::{Fault, Permission};

use super::{bites, hold, on_nothing, without_effect};
use crate::backend::faults::Undo;
use crate::run::context::Context;
use crate::run::step::bindings::{Bound, named};
use crate::run::step::failure::Failure;

/// Takes an account out of all of its bindings, and asks the cluster before and after.
pub(super) async fn forbid(context: &Context<'_>, step: &Fault, permission: &Permission) -> Result<(), Failure> {
    let cluster = &permission.cluster.value;
    let client = context.client(cluster)?;
    let what = format!(
        "{} may {} {} on {cluster}",
        permission.service_account, permission.verb, permission.resource
    );
    if !allowed(&client, permission).await? {
        return Err(on_nothing(format!("not so without the fault: {what}")));
    }
    let bound = named(&context.kinds(cluster)?, &permission.service_account).await?;
    hold(context, step, undo(bound.clone())).await;
    for binding in &bound {
        binding.take().await?;
    }
    if allowed(&client, permission).await? {
        return Err(without_effect(format!("still so, by a group of the account: {what}")));
    }
    bites(context, &format!("no longer: {what}"));
    Ok(())
}

fn undo(bound: Vec<Bound>) -> Undo {
    Box::pin(async move {
        for binding in &bound {
            binding.give_back().await.map_err(|error| error.to_string())?;
        }
        let names: Vec<String> = bound.iter().map(Bound::to_string).collect();
        Ok(format!("{} as before", names.join(", ")))
    })
}

async fn allowed(client: &Client, permission: &Permission) -> Result<bool, Failure> {
    let account = &permission.service_account;
    let (resource, group) = permission.resource.split_once('.').unwrap_or((&permission.resource, ""));
    let spec = SubjectAccessReviewSpec {
        user: Some(format!("system:serviceaccount:{}:{}", account.namespace, account.name)),
        groups: Some(vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{}", account.namespace),
            "system:authenticated".to_owned(),
        ]),
        resource_attributes: Some(ResourceAttributes {
            verb: Some(permission.verb.clone()),
            resource: Some(resource.to_owned()),
            group: Some(group.to_owned()),
            ..ResourceAttributes::default()
        }),
        ..SubjectAccessReviewSpec::default()
    };
    let review = SubjectAccessReview {
        metadata: ObjectMeta::default(),
        spec,
        status: None,
    };
    let reviews: Api<SubjectAccessReview> = Api::all(client.clone());
    let answer = reviews.create(&PostParams::default(), &review).await?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}
