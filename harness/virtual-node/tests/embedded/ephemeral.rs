//! Containers that are added to a running pod.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ContainerStatus, Pod};
use kube::Api;
use kube::api::{AttachParams, LogParams, Patch, PatchParams};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{app, program, web};
use crate::world::{World, condition, phase};

async fn debug(pods: &Api<Pod>, containers: Value) -> kube::Result<Pod> {
    let patch = json!({"spec": {"ephemeralContainers": containers}});
    pods.patch_ephemeral_containers("p", &PatchParams::default(), &Patch::Strategic(patch))
        .await
}

fn status(pod: &Pod, name: &str) -> Option<ContainerStatus> {
    let all = pod.status.as_ref()?.ephemeral_container_statuses.as_ref()?;
    all.iter().find(|status| status.name == name).cloned()
}

fn exit_code(pod: &Pod, name: &str) -> Option<i32> {
    Some(status(pod, name)?.state?.terminated?.exit_code)
}

fn runs(pod: &Pod, name: &str) -> bool {
    status(pod, name).and_then(|status| status.state?.running).is_some()
}

#[tokio::test(start_paused = true)]
async fn a_shell_is_added_attached_to_and_ends_alone() {
    let world = World::start(program(web)).await;
    world.create::<Pod>(app("p", json!({}))).await;
    world.ready("p").await;
    let pods: Api<Pod> = Api::default_namespaced(world.outside().await);
    let shell = json!({"name": "debugger", "image": "busybox", "stdin": true, "tty": true, "targetContainerName": "main",
        "env": [{"name": "GREETING", "value": "hello"}]});
    debug(&pods, json!([shell])).await.unwrap();
    let pod = world.until("p", |pod: &Pod| runs(pod, "debugger")).await;
    let state = status(&pod, "debugger").unwrap();
    assert_eq!(
        (state.ready, state.started, state.restart_count, state.image.as_str()),
        (false, None, 0, "busybox")
    );
    assert_eq!((phase(&pod), condition(&pod, "Ready").as_str()), ("Running", "True"));

    let params = AttachParams::default().container("debugger").stdin(true).stdout(true).stderr(false);
    let talk = async {
        let mut attached = pods.attach("p", &params).await.unwrap();
        let (mut stdin, mut stdout) = (attached.stdin().unwrap(), attached.stdout().unwrap());
        stdin.write_all(b"echo $GREETING from $HOSTNAME\nexit 3\n").await.unwrap();
        let mut told = String::new();
        stdout.read_to_string(&mut told).await.unwrap();
        told
    };
    assert_eq!(
        tokio::time::timeout(Duration::from_secs(3600), talk).await.unwrap(),
        "hello from p\n/ # "
    );
    let pod = world.until("p", |pod: &Pod| exit_code(pod, "debugger").is_some()).await;
    assert_eq!(exit_code(&pod, "debugger"), Some(3));
    // It does not start again, and the pod is as it was.
    world.until("p", |pod: &Pod| phase(pod) == "Running").await;
    tokio::time::sleep(Duration::from_secs(600)).await;
    let pod = pods.get("p").await.unwrap();
    assert_eq!((exit_code(&pod, "debugger"), condition(&pod, "Ready").as_str()), (Some(3), "True"));
    assert_eq!(status(&pod, "debugger").unwrap().restart_count, 0);
    let log = LogParams {
        container: Some("debugger".to_owned()),
        ..LogParams::default()
    };
    assert_eq!(pods.logs("p", &log).await.unwrap(), "/ # hello from p\n/ # \n");
    let fields: Vec<String> = world.events("p").await.into_iter().map(|(reason, ..)| reason).collect();
    assert_eq!(fields.iter().filter(|reason| *reason == "Started").count(), 2);
}

#[tokio::test(start_paused = true)]
async fn commands_run_once_and_containers_only_come() {
    let world = World::start(program(web)).await;
    world.create::<Pod>(app("p", json!({}))).await;
    world.ready("p").await;
    let pods: Api<Pod> = Api::default_namespaced(world.outside().await);
    let well =
        json!({"name": "well", "image": "busybox", "command": ["sh", "-c", "echo $POD; exit 0"], "env": [{"name": "POD", "value": "x"}]});
    let badly = json!({"name": "badly", "image": "busybox", "command": ["strace", "-p", "1"]});
    let silent = json!({"name": "silent", "image": "busybox"});
    debug(&pods, json!([well, badly, silent])).await.unwrap();
    for (name, code) in [("well", 0), ("badly", 128), ("silent", 0)] {
        let pod = world.until("p", |pod: &Pod| exit_code(pod, name).is_some()).await;
        assert_eq!(exit_code(&pod, name), Some(code), "{name}");
    }
    let refused = async |container: Value, part: &str| {
        let refused = debug(&pods, json!([container])).await.unwrap_err().to_string();
        assert!(refused.contains(part), "{refused}");
    };
    refused(
        json!({"name": "well", "image": "other"}),
        "existing ephemeral containers \"well\" may not be changed",
    )
    .await;
    refused(json!({"name": "main", "image": "busybox"}), "Duplicate value: \"main\"").await;
    refused(
        json!({"name": "new", "image": "busybox", "ports": [{"containerPort": 1}]}),
        "cannot be set for an Ephemeral Container",
    )
    .await;
    refused(
        json!({"name": "new", "image": "busybox", "targetContainerName": "none"}),
        "targetContainerName: Not found: \"none\"",
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn they_end_with_their_pod() {
    let world = World::start(program(|ctx| async move {
        tokio::time::sleep(Duration::from_secs(300)).await;
        drop(ctx);
        0
    }))
    .await;
    world.create::<Pod>(app("p", json!({"restartPolicy": "Never"}))).await;
    world.ready("p").await;
    let pods: Api<Pod> = Api::default_namespaced(world.outside().await);
    debug(&pods, json!([{"name": "debugger", "image": "busybox", "stdin": true}]))
        .await
        .unwrap();
    world.until("p", |pod: &Pod| runs(pod, "debugger")).await;
    let words = AttachParams::default().container("debugger").stderr(false);
    let mut entered = pods.exec("p", ["echo", "inside"], &words).await.unwrap();
    let mut told = String::new();
    entered.stdout().unwrap().read_to_string(&mut told).await.unwrap();
    assert_eq!(told, "inside\n");
    let pod = world.until("p", |pod: &Pod| phase(pod) == "Succeeded").await;
    // It is not over before that.
    // A first process without a trap does not hear SIGTERM: it is killed when its grace period is over.
    assert_eq!(exit_code(&pod, "debugger"), Some(137));
}
