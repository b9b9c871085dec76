//! The life cycle of pods without programs, against an embedded cluster in virtual time.
use std::time::Duration;

use crate::world::{World, condition, container, phase, waiting};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{Node, Pod};
use kube::Api;
use kube::api::{DeleteParams, LogParams};
use serde_json::{Value, json};
use virtual_node::Programs;

/// A pod with one container `main` that follows a script.
fn scripted(script: &str, spec: Value) -> Value {
    let mut pod = json!({
        "metadata": {"name": "p", "annotations": {"multiplane.dev/lifecycle": script}},
        "spec": {"containers": [{"name": "main", "image": "busybox"}]},
    });
    for (key, value) in spec.as_object().unwrap() {
        pod["spec"][key] = value.clone();
    }
    pod
}

#[tokio::test(start_paused = true)]
async fn the_node_registers_and_keeps_its_lease() {
    let world = World::start(Programs::new()).await;
    let node = Api::<Node>::all(world.client.clone()).get("node-1").await.unwrap().status.unwrap();
    let ready = node
        .conditions
        .unwrap()
        .into_iter()
        .find(|condition| condition.type_ == "Ready")
        .unwrap();
    assert_eq!(ready.status, "True");
    assert_eq!(node.daemon_endpoints.unwrap().kubelet_endpoint.unwrap().port, 10250);
    tokio::time::sleep(Duration::from_secs(65)).await;
    let lease = Api::<Lease>::namespaced(world.client.clone(), "kube-node-lease")
        .get("node-1")
        .await
        .unwrap();
    assert_eq!(lease.spec.unwrap().renew_time.unwrap().0.to_string(), "2026-01-01T00:01:00Z");
}

#[tokio::test(start_paused = true)]
async fn a_deployment_becomes_available() {
    let world = World::start(Programs::new()).await;
    let template = json!({
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "main", "image": "nginx"}]},
    });
    let spec = json!({"replicas": 2, "selector": {"matchLabels": {"app": "x"}}, "template": template});
    world.create::<Deployment>(json!({"metadata": {"name": "d"}, "spec": spec})).await;
    let available = |deployment: &Deployment| deployment.status.as_ref().and_then(|status| status.available_replicas) == Some(2);
    world.until("d", available).await;
}

#[tokio::test(start_paused = true)]
async fn a_pod_tells_of_its_start_in_events_and_status() {
    let world = World::start(Programs::new()).await;
    world.create::<Pod>(scripted("main: {log: [hello]}", json!({}))).await;
    let pod = world.ready("p").await;
    assert_eq!(phase(&pod), "Running");
    let status = pod.status.clone().unwrap();
    assert_eq!(status.pod_ip.as_deref(), Some("10.244.0.2"));
    assert_eq!(status.host_ip.as_deref(), Some("172.18.0.2"));
    assert_eq!(status.observed_generation, pod.metadata.generation);
    let events = world.events("p").await;
    let kubelet: Vec<_> = events.iter().filter(|(reason, ..)| reason != "Scheduled").collect();
    let messages: Vec<_> = kubelet
        .iter()
        .map(|(reason, message, count)| (reason.as_str(), message.as_str(), *count))
        .collect();
    assert_eq!(
        messages,
        [
            (
                "Pulled",
                "Container image \"busybox\" already present on machine and can be accessed by the pod",
                1
            ),
            ("Created", "Container created", 1),
            ("Started", "Container started", 1),
        ]
    );
    let log = world.api::<Pod>().logs("p", &LogParams::default()).await.unwrap();
    assert_eq!(log, "hello\n");
}

#[tokio::test(start_paused = true)]
async fn a_crash_loop_backs_off_as_a_kubelet_does() {
    let world = World::start(Programs::new()).await;
    world
        .create::<Pod>(scripted("main: {crashAfter: 1s, exitCode: 3}", json!({})))
        .await;
    let mut restarts = Vec::new();
    let began = world.seconds();
    for count in 1..=6 {
        world.until("p", |pod: &Pod| container(pod, "main").restart_count == count).await;
        restarts.push(world.seconds() - began);
    }
    // At once, then after 10, 20, 40, 80 and 160 seconds; each run lasts one.
    assert_eq!(restarts, [1, 12, 33, 74, 155, 316]);
    let pod = world
        .until("p", |pod: &Pod| waiting(pod, "main").as_deref() == Some("CrashLoopBackOff"))
        .await;
    let status = container(&pod, "main");
    let message = status.state.unwrap().waiting.unwrap().message.unwrap();
    assert!(
        message.starts_with("back-off 5m0s restarting failed container=main pod=p_default("),
        "{message}"
    );
    let last = status.last_state.unwrap().terminated.unwrap();
    assert_eq!((last.exit_code, last.reason.as_deref()), (3, Some("Error")));
    assert_eq!(phase(&pod), "Running");
    let events = world.events("p").await;
    let back_off = events.iter().find(|(reason, ..)| reason == "BackOff").unwrap();
    assert!(
        back_off
            .1
            .starts_with("Back-off restarting failed container main in pod p_default("),
        "{}",
        back_off.1
    );
    assert_eq!(back_off.2, 6);
}

#[tokio::test(start_paused = true)]
async fn restart_policies_end_pods() {
    let world = World::start(Programs::new()).await;
    for (policy, script, expected, code) in [
        ("Never", "main: {runFor: 5s}", "Succeeded", 0),
        ("Never", "main: {crashAfter: 5s}", "Failed", 1),
        ("Never", "main: {oomAfter: 5s}", "Failed", 137),
        ("OnFailure", "main: {runFor: 5s}", "Succeeded", 0),
    ] {
        world.create::<Pod>(scripted(script, json!({"restartPolicy": policy}))).await;
        let pod = world.until("p", |pod: &Pod| phase(pod) == expected).await;
        let terminated = container(&pod, "main").state.unwrap().terminated.unwrap();
        assert_eq!(terminated.exit_code, code, "{policy} {script}");
        assert_eq!(condition(&pod, "Ready"), "False");
        world.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
        world.until_gone("p").await;
    }
}

#[tokio::test(start_paused = true)]
async fn init_containers_run_in_order_and_sidecars_beside() {
    let world = World::start(Programs::new()).await;
    let inits = json!([
        {"name": "first", "image": "a"},
        {"name": "sidecar", "image": "b", "restartPolicy": "Always"},
        {"name": "second", "image": "c"},
    ]);
    let script = "{first: {runFor: 3s}, sidecar: {readyAfter: 1s}, second: {runFor: 4s}, main: {runFor: 2s}}";
    world
        .create::<Pod>(scripted(script, json!({"initContainers": inits, "restartPolicy": "Never"})))
        .await;
    let pod = world
        .until("p", |pod: &Pod| {
            container(pod, "first").state.is_some_and(|state| state.running.is_some())
        })
        .await;
    assert_eq!(phase(&pod), "Pending");
    assert_eq!(waiting(&pod, "main").as_deref(), Some("PodInitializing"));
    let pod = world.until("p", |pod: &Pod| phase(pod) == "Succeeded").await;
    let times = |name: &str| {
        let terminated = container(&pod, name).state.unwrap().terminated.unwrap();
        let second = |time: Option<k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>| time.unwrap().0.as_second();
        (second(terminated.started_at), second(terminated.finished_at))
    };
    let (first, sidecar, second, main) = (times("first"), times("sidecar"), times("second"), times("main"));
    assert_eq!(first.1 - first.0, 3);
    assert_eq!((sidecar.0, second.0), (first.1, first.1));
    assert_eq!(main, (second.1, second.1 + 2));
    assert_eq!(sidecar.1, main.1, "the sidecar stops when the pod's containers have ended");
}

#[tokio::test(start_paused = true)]
async fn a_deleted_pod_has_its_grace_period() {
    let world = World::start(Programs::new()).await;
    for (script, grace, seconds) in [
        ("main: {}", 30, 0),
        ("main: {ignoreStop: true}", 30, 30),
        ("main: {ignoreStop: true}", 7, 7),
    ] {
        world
            .create::<Pod>(scripted(script, json!({"terminationGracePeriodSeconds": grace})))
            .await;
        world.ready("p").await;
        let began = world.seconds();
        world.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
        world.until_gone("p").await;
        assert_eq!(world.seconds() - began, seconds, "{script} {grace}");
    }
    let events = world.events("p").await;
    assert!(
        events
            .iter()
            .any(|(reason, message, _)| reason == "Killing" && message == "Stopping container main"),
        "{events:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn trouble_shows_in_the_container_state() {
    let world = World::start(Programs::new()).await;
    for (script, env, reason, message) in [
        ("main: {pullError: not found}", json!([]), "ErrImagePull", "not found"),
        (
            "main: {pullError: not found}",
            json!([]),
            "ImagePullBackOff",
            "Back-off pulling image \"busybox\"",
        ),
        (
            "main: {crash: 1s}",
            json!([]),
            "CreateContainerConfigError",
            "multiplane.dev/lifecycle",
        ),
        (
            "main: {}",
            json!([{"name": "A", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k"}}}]),
            "CreateContainerConfigError",
            "secret \"none\" not found",
        ),
    ] {
        let containers = json!([{"name": "main", "image": "busybox", "env": env}]);
        world.create::<Pod>(scripted(script, json!({"containers": containers}))).await;
        let pod = world.until("p", |pod: &Pod| waiting(pod, "main").as_deref() == Some(reason)).await;
        let found = container(&pod, "main").state.unwrap().waiting.unwrap().message.unwrap();
        assert!(found.contains(message), "{found}");
        let log = world.api::<Pod>().logs("p", &LogParams::default()).await.unwrap_err().to_string();
        assert!(
            log.contains(&format!("container \"main\" in pod \"p\" is waiting to start: {reason}")),
            "{log}"
        );
        assert_eq!(phase(&pod), "Pending");
        world.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
        world.until_gone("p").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_deadline_fails_the_pod() {
    let world = World::start(Programs::new()).await;
    world
        .create::<Pod>(scripted("main: {}", json!({"activeDeadlineSeconds": 20})))
        .await;
    let pod = world.until("p", |pod: &Pod| phase(pod) == "Failed").await;
    assert_eq!(pod.status.unwrap().reason.as_deref(), Some("DeadlineExceeded"));
    assert_eq!(world.seconds(), 20);
}

#[tokio::test(start_paused = true)]
async fn host_paths_are_refused_aloud() {
    let world = World::start(Programs::new()).await;
    let volumes = json!([{"name": "v", "hostPath": {"path": "/"}}]);
    world.create::<Pod>(scripted("main: {}", json!({"volumes": volumes}))).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let events = world.events("p").await;
    let expected = "MountVolume.SetUp failed for volume \"v\" : hostPath volumes are not supported by virtual nodes";
    assert!(
        events
            .iter()
            .any(|(reason, message, _)| reason == "FailedMount" && message == expected),
        "{events:?}"
    );
    let pod = world.api::<Pod>().get("p").await.unwrap();
    assert_eq!(waiting(&pod, "main").as_deref(), Some("ContainerCreating"));
}

#[tokio::test(start_paused = true)]
async fn more_pods_come_and_end_than_the_node_has_addresses() {
    let world = World::start(Programs::new()).await;
    let name = |number: usize| format!("p-{number}");
    for number in 0..260 {
        let mut pod = scripted("main: {runFor: 1s}", json!({"restartPolicy": "Never"}));
        pod["metadata"]["name"] = name(number).into();
        world.create::<Pod>(pod).await;
        // Ended pods stay, but not their addresses.
        world.until(&name(number), |pod: &Pod| phase(pod) == "Succeeded").await;
    }
    let first = world.until(&name(0), |_: &Pod| true).await;
    assert_eq!(first.status.unwrap().pod_ip.as_deref(), Some("10.244.0.2"), "the status keeps it");
}
