//! `expect: pods`.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher;
use kube::{Api, Client};
use scenario::verb::{PodState, Pods};

use super::pod_status::{ready, status};
use super::settle::{Patience, settle};
use crate::run::diagnose::unready;
use crate::run::step::failure::Failure;

/// Waits until the pods of one cluster are as expected; a failure names the containers at fault.
pub(crate) async fn expect(client: &Client, demand: &Pods, patience: Patience) -> Result<(), Failure> {
    let api: Api<Pod> = Api::namespaced(client.clone(), &demand.namespace);
    let config = demand.selector.as_ref().map_or_else(watcher::Config::default, |selector| {
        watcher::Config::default().labels(&selector.value)
    });
    let result = settle(api, config, patience, |pods| check(demand, pods)).await;
    let Err(failure) = result else { return Ok(()) };
    let details = unready(client, &demand.namespace).await.unwrap_or_default();
    Err(Failure {
        message: format!("pods in {} {}", demand.namespace, failure.message),
        ..failure
    }
    .details(details))
}

fn check(demand: &Pods, pods: &[Arc<Pod>]) -> Result<(), String> {
    let alive: Vec<&Arc<Pod>> = pods.iter().filter(|pod| pod.metadata.deletion_timestamp.is_none()).collect();
    if let Some(count) = demand.count
        && alive.len() != count as usize
    {
        return Err(format!("there are {}, expected {count}", alive.len()));
    }
    let Some(state) = demand.all else { return Ok(()) };
    if alive.is_empty() {
        return Err("there are none".to_owned());
    }
    let mut others: Vec<String> = alive.iter().filter(|pod| !is(pod, state)).map(|pod| describe(pod)).collect();
    others.sort();
    if others.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} of {} are not {}: {}",
            others.len(),
            alive.len(),
            word(state),
            others.join(", ")
        ))
    }
}

fn is(pod: &Pod, state: PodState) -> bool {
    let (up, of) = ready(pod);
    status(pod) == word(state) && (state != PodState::Running || up == of)
}

fn describe(pod: &Pod) -> String {
    let (up, of) = ready(pod);
    format!("{} {up}/{of} {}", pod.metadata.name.as_deref().unwrap_or_default(), status(pod))
}

/// The state as kubectl writes it.
fn word(state: PodState) -> &'static str {
    match state {
        PodState::Running => "Running",
        PodState::Pending => "Pending",
        PodState::Completed => "Completed",
        PodState::Error => "Error",
        PodState::CrashLoopBackOff => "CrashLoopBackOff",
        PodState::InitCrashLoopBackOff => "Init:CrashLoopBackOff",
        PodState::ImagePullBackOff => "ImagePullBackOff",
    }
}
