//! Why the pods of a namespace are not ready: the containers at fault, with the last lines they said and the last warning about the pod.

use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::{ContainerStatus, Event, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::api::{ListParams, LogParams};
use kube::{Api, Client};

/// Lines of a container's log that are shown.
const TAIL: i64 = 6;

/// What keeps the pods of a namespace from being ready; like pods are told of once.
///
/// # Errors
/// As the API server's, for the list of pods; a log that cannot be read is left out.
pub(crate) async fn unready(client: &Client, namespace: &str) -> kube::Result<Vec<String>> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let events: Api<Event> = Api::namespaced(client.clone(), namespace);
    // A cluster that tells no events still tells of its pods.
    let warnings = events
        .list(&ListParams::default())
        .await
        .map_or_else(|_| Vec::new(), |events| warnings(events.items));
    let mut told: Vec<(String, Vec<String>)> = Vec::new();
    for pod in pods.list(&ListParams::default()).await?.items {
        let Some(fault) = fault(&pod) else { continue };
        let name = pod.metadata.name.unwrap_or_default();
        if told.iter().any(|(said, _)| *said == fault.text) {
            continue;
        }
        let mut lines = vec![format!("pod {namespace}/{name}: {}", fault.text)];
        lines.extend(
            warnings
                .iter()
                .rev()
                .find(|(pod, _)| *pod == name)
                .map(|(_, warning)| format!("  {warning}")),
        );
        if let Some((container, previous)) = fault.container {
            let params = LogParams {
                container: Some(container),
                previous,
                tail_lines: Some(TAIL),
                ..LogParams::default()
            };
            let log = pods.logs(&name, &params).await.unwrap_or_default();
            lines.extend(log.lines().map(|line| format!("  | {line}")));
        }
        told.push((fault.text, lines));
    }
    Ok(told.into_iter().flat_map(|(_, lines)| lines).collect())
}

/// The workloads of a namespace that are not ready, in one line, each with the first of its pods at fault.
///
/// # Errors
/// As the API server's.
pub(crate) async fn lagging(client: &Client, namespace: &str) -> kube::Result<String> {
    let all = ListParams::default();
    let (deployments, sets) = (
        Api::<Deployment>::namespaced(client.clone(), namespace),
        Api::<StatefulSet>::namespaced(client.clone(), namespace),
    );
    let pods = Api::<Pod>::namespaced(client.clone(), namespace).list(&all).await?.items;
    let deployments = deployments.list(&all).await?.items.into_iter().filter_map(|deployment| {
        let spec = deployment.spec?;
        let ready = deployment.status.and_then(|status| status.ready_replicas);
        Some(("Deployment", deployment.metadata.name?, spec.replicas, ready, spec.selector))
    });
    let sets = sets.list(&all).await?.items.into_iter().filter_map(|set| {
        let spec = set.spec?;
        let ready = set.status.and_then(|status| status.ready_replicas);
        Some(("StatefulSet", set.metadata.name?, spec.replicas, ready, spec.selector))
    });
    let lines: Vec<String> = deployments
        .chain(sets)
        .filter_map(|(kind, name, wanted, ready, selector)| {
            let (wanted, ready) = (wanted.unwrap_or(1), ready.unwrap_or_default());
            let why = pods.iter().filter(|pod| selects(&selector, pod)).find_map(fault);
            let why = why.map_or(String::new(), |fault| format!(": {}", fault.text));
            (ready < wanted).then(|| format!("{kind} {namespace}/{name}: {ready} of {wanted} ready{why}"))
        })
        .collect();
    if !lines.is_empty() {
        return Ok(lines.join("; "));
    }
    let at_fault = pods.iter().find_map(|pod| Some((pod.metadata.name.clone()?, fault(pod)?)));
    Ok(at_fault.map_or("all workloads are ready".to_owned(), |(name, fault)| {
        format!("pod {namespace}/{name}: {}", fault.text)
    }))
}

fn selects(selector: &LabelSelector, pod: &Pod) -> bool {
    let labels = pod.metadata.labels.clone().unwrap_or_default();
    let mut wanted = selector.match_labels.iter().flatten();
    wanted.all(|(key, value)| labels.get(key) == Some(value))
}

/// Warnings about pods, with the pods' names, in their order of time. That a container will be started again is no news.
fn warnings(events: Vec<Event>) -> Vec<(String, String)> {
    let mut warnings: Vec<Event> = events
        .into_iter()
        .filter(|event| event.type_.as_deref() == Some("Warning") && event.involved_object.kind.as_deref() == Some("Pod"))
        .filter(|event| event.reason.as_deref() != Some("BackOff"))
        .collect();
    warnings.sort_by_key(|event| event.last_timestamp.as_ref().map(|time| time.0));
    let text = |event: Event| {
        let (reason, message) = (event.reason.unwrap_or_default(), event.message.unwrap_or_default());
        (event.involved_object.name.unwrap_or_default(), format!("{reason}: {message}"))
    };
    warnings.into_iter().map(text).collect()
}

struct Fault {
    text: String,
    /// The container whose log tells more, and whether its previous run's does.
    container: Option<(String, bool)>,
}

fn fault(pod: &Pod) -> Option<Fault> {
    let status = pod.status.as_ref()?;
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let condition = |of: &str| conditions.iter().find(|condition| condition.type_ == of);
    if matches!(status.phase.as_deref(), Some("Succeeded")) || condition("Ready").is_some_and(|ready| ready.status == "True") {
        return None;
    }
    if let Some(unscheduled) = condition("PodScheduled").filter(|scheduled| scheduled.status == "False") {
        return Some(Fault {
            text: unscheduled.message.clone().unwrap_or_else(|| "not scheduled".to_owned()),
            container: None,
        });
    }
    let inits = status
        .init_container_statuses
        .iter()
        .flatten()
        .map(|container| ("init container", container));
    let mains = status.container_statuses.iter().flatten().map(|container| ("container", container));
    inits.chain(mains).find_map(|(kind, container)| container_fault(kind, container))
}

fn container_fault(kind: &str, status: &ContainerStatus) -> Option<Fault> {
    let name = &status.name;
    let state = status.state.as_ref()?;
    let last = status.last_state.as_ref().and_then(|last| last.terminated.as_ref());
    if let Some(ended) = state.terminated.as_ref().filter(|ended| ended.exit_code != 0) {
        let text = format!("{kind} {name} exited with {}", ended.exit_code);
        return Some(Fault {
            text,
            container: Some((name.clone(), false)),
        });
    }
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.as_deref().unwrap_or("waiting");
        let text = match (last, &waiting.message) {
            (Some(last), _) => format!("{reason}: {kind} {name} exited with {}", last.exit_code),
            (None, Some(message)) => format!("{reason}: {kind} {name}: {message}"),
            // The next container in a row simply has not had its turn.
            (None, None) if reason == "PodInitializing" => return None,
            (None, None) => format!("{reason}: {kind} {name}"),
        };
        return Some(Fault {
            text,
            container: last.map(|_| (name.clone(), true)),
        });
    }
    (state.running.is_some() && !status.ready && kind == "container").then(|| Fault {
        text: format!("container {name} is running, but not ready"),
        container: Some((name.clone(), false)),
    })
}
