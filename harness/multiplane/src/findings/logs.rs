//! Logs of all containers.

use futures::stream::{self, StreamExt};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::api::{ListParams, LogParams};
use kube::{Api, Client};

use super::Found;

/// Lines of each log, the last ones.
const LINES: i64 = 2000;
/// Logs that are asked for at the same time.
const AT_ONCE: usize = 8;

/// Adds the logs of all containers, also of their last run where they were started again.
pub(super) async fn logs(client: &Client, found: &mut Found) {
    let Ok(pods) = Api::<Pod>::all(client.clone()).list(&ListParams::default()).await else {
        return;
    };
    let wanted = pods.items.iter().flat_map(|pod| {
        let status = pod.status.as_ref();
        let inits = status
            .and_then(|status| status.init_container_statuses.as_deref())
            .unwrap_or_default();
        let mains = status.and_then(|status| status.container_statuses.as_deref()).unwrap_or_default();
        inits
            .iter()
            .chain(mains)
            .flat_map(move |container| runs(container).map(move |previous| (pod, container, previous)))
    });
    let texts = stream::iter(wanted).map(async |(pod, container, previous)| {
        let (namespace, name) = (
            pod.metadata.namespace.as_deref().unwrap_or_default(),
            pod.metadata.name.as_deref().unwrap_or_default(),
        );
        let params = LogParams {
            container: Some(container.name.clone()),
            previous,
            tail_lines: Some(LINES),
            ..LogParams::default()
        };
        let log = Api::<Pod>::namespaced(client.clone(), namespace).logs(name, &params).await;
        let suffix = if previous { ".previous" } else { "" };
        (
            format!("logs/{namespace}/{name}/{}{suffix}.log", container.name),
            log.unwrap_or_else(|error| format!("no log: {error}\n")),
        )
    });
    let texts: Vec<(String, String)> = texts.buffered(AT_ONCE).collect().await;
    for (path, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        found.add(path, text);
    }
}

/// Which runs of a container have a log: the one of now, and the one before.
fn runs(container: &ContainerStatus) -> impl Iterator<Item = bool> + use<> {
    let has = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| {
        state
            .as_ref()
            .is_some_and(|state| state.running.is_some() || state.terminated.is_some())
    };
    let (now, before) = (has(&container.state), has(&container.last_state));
    [(now, false), (before, true)]
        .into_iter()
        .filter(|(has, _)| *has)
        .map(|(_, previous)| previous)
}
