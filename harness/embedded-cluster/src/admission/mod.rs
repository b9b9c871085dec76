//! Admission: one chain that every write passes, first changing, then checking.
//!
//! Kubernetes' own plugins come first; then the policies and webhooks that users of the cluster configured.

mod attempt;
mod configured;
mod expressions;
mod limit_ranger;
mod matching;
mod namespace_lifecycle;
mod node_taint;
mod pod_security;
mod pod_tolerations;
mod policies;
mod priority;
mod rbac;
mod resource_quota;
mod runtime_class;
mod service_account;
mod storage_class;
mod storage_finalizers;
mod usage;
mod webhooks;

use std::collections::BTreeSet;

use crate::status::Status;

pub(crate) use attempt::Attempt;
pub(crate) use configured::Configuration;
pub(crate) use expressions::Names;
pub(crate) use usage::{Reserved, Usage};

/// One link of the chain.
trait Plugin: Sync {
    /// Changes the object, or refuses it.
    fn mutate(&self, _attempt: &mut Attempt<'_>) -> Result<(), Status> {
        Ok(())
    }

    /// Refuses the object.
    fn validate(&self, _attempt: &mut Attempt<'_>) -> Result<(), Status> {
        Ok(())
    }
}

/// The built-in chain, in Kubernetes' order.
const CHAIN: &[&dyn Plugin] = &[
    &namespace_lifecycle::NamespaceLifecycle,
    &limit_ranger::LimitRanger,
    &service_account::ServiceAccount,
    &node_taint::TaintNodesByCondition,
    &pod_security::PodSecurity,
    &priority::Priority,
    &pod_tolerations::DefaultTolerationSeconds,
    &storage_class::DefaultStorageClass,
    &runtime_class::RuntimeClass,
    &storage_finalizers::StorageObjectInUse,
    &rbac::NoEscalation,
];

/// Lets plugins, then policies and webhooks change the object.
///
/// # Errors
/// The first refusal.
pub(crate) async fn mutate(attempt: &mut Attempt<'_>) -> Result<(), Status> {
    let own = |attempt: &mut Attempt<'_>| match attempt.part {
        None => CHAIN.iter().try_for_each(|plugin| plugin.mutate(attempt)),
        Some(_) => Ok(()),
    };
    own(attempt)?;
    let configured = attempt.server.admission.configured(&attempt.server.store);
    if !configured.mutates() {
        return Ok(());
    }
    let mut taken = BTreeSet::new();
    let mut round = webhooks::Round::default();
    let changed = policies::mutate(attempt, &configured, &mut taken, false)?;
    webhooks::mutate(attempt, &configured, &mut round).await?;
    if round.again(changed) {
        // What one changed, the others may have to see.
        own(attempt)?;
        policies::mutate(attempt, &configured, &mut taken, true)?;
        webhooks::mutate(attempt, &configured, &mut round).await?;
    }
    Ok(())
}

/// Takes something that is only answered, not stored, through both halves: a review, a binding, an eviction.
///
/// # Errors
/// The first refusal.
pub(crate) async fn submit(attempt: &mut Attempt<'_>) -> Result<(), Status> {
    mutate(attempt).await?;
    validate(attempt).await.map(drop)
}

/// Lets plugins, then policies and webhooks check the object. What quotas have left for it stays so while the answer is held.
///
/// # Errors
/// The first refusal.
pub(crate) async fn validate(attempt: &mut Attempt<'_>) -> Result<Reserved, Status> {
    if attempt.part.is_none() {
        CHAIN.iter().try_for_each(|plugin| plugin.validate(attempt))?;
    }
    let configured = attempt.server.admission.configured(&attempt.server.store);
    if configured.validates() {
        policies::validate(attempt, &configured)?;
        webhooks::validate(attempt, &configured).await?;
        if attempt.part.is_none() {
            // Time has passed: the namespace may have gone meanwhile.
            namespace_lifecycle::NamespaceLifecycle.mutate(attempt)?;
        }
    }
    resource_quota::check(attempt).await
}
