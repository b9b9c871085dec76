//! Programs in pods: files, environment, tokens, probes.

use std::time::Duration;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret};
use k8s_openapi::api::storage::v1::StorageClass;
use kube::Api;
use kube::api::{DeleteParams, LogParams, Patch, PatchParams, PostParams};
use serde_json::json;
use simnet::http::{Access, AccessService};
use virtual_node::PersistentVolumes;

use crate::app::{app, program, web};
use crate::world::{World, ZONE, condition, container, phase, waiting};

#[tokio::test(start_paused = true)]
async fn a_program_gets_what_a_container_gets() {
    let world = World::start(program(|ctx| async move {
        ctx.log.line(format!("command {:?} args {:?}", ctx.command, ctx.args));
        for name in ["A", "B", "C", "ME", "KEY", "CPU", "KUBERNETES_SERVICE_HOST"] {
            ctx.log.line(format!("{name}={}", ctx.env.get(name).cloned().unwrap_or_default()));
        }
        ctx.log.line(ctx.files.list("/etc/app/*").join(" "));
        ctx.files.write("/dev/termination-log", "last words").unwrap();
        3
    }))
    .await;
    world
        .create::<ConfigMap>(json!({"metadata": {"name": "cm"}, "data": {"A": "1", "key": "v"}}))
        .await;
    let spec = json!({
        "restartPolicy": "Never",
        "container": {
            "command": ["run", "$(A)-$(B)-$$(A)"], "args": ["$(ME)"],
            "envFrom": [{"configMapRef": {"name": "cm"}}],
            "env": [
                {"name": "B", "value": "$(A)2"},
                {"name": "C", "valueFrom": {"secretKeyRef": {"name": "none", "key": "k", "optional": true}}},
                {"name": "ME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "cm", "key": "key"}}},
                {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            ],
            "resources": {"limits": {"cpu": "250m"}},
            "volumeMounts": [{"name": "v", "mountPath": "/etc/app/"}],
        },
        "volumes": [{"name": "v", "projected": {"sources": [
            {"configMap": {"name": "cm", "items": [{"key": "key", "path": "renamed"}]}},
            {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}}]}},
        ]}}],
    });
    world.create::<Pod>(app("p", spec)).await;
    let pod = world.until("p", |pod: &Pod| phase(pod) == "Failed").await;
    let terminated = container(&pod, "main").state.unwrap().terminated.unwrap();
    assert_eq!((terminated.exit_code, terminated.message.as_deref()), (3, Some("last words")));
    let log = world.api::<Pod>().logs("p", &LogParams::default()).await.unwrap();
    let expected = "command [\"run\", \"1-12-$(A)\"] args [\"p\"]\nA=1\nB=12\nC=\nME=p\nKEY=v\nCPU=250\n\
                    KUBERNETES_SERVICE_HOST=10.96.0.1\n/etc/app/labels /etc/app/renamed\n";
    assert_eq!(log, expected);
}

#[tokio::test(start_paused = true)]
async fn missing_objects_hold_a_pod_until_they_appear() {
    let world = World::start(program(|ctx| async move {
        ctx.stop.cancelled().await;
        0
    }))
    .await;
    let spec = json!({
        "container": {"volumeMounts": [{"name": "v", "mountPath": "/etc/app"}]},
        "volumes": [{"name": "v", "secret": {"secretName": "late"}}],
    });
    world.create::<Pod>(app("p", spec)).await;
    tokio::time::sleep(Duration::from_secs(300)).await;
    let pod = world.api::<Pod>().get("p").await.unwrap();
    assert_eq!(waiting(&pod, "main").as_deref(), Some("ContainerCreating"));
    let events = world.events("p").await;
    let expected = "MountVolume.SetUp failed for volume \"v\" : secret \"late\" not found";
    assert!(
        events
            .iter()
            .any(|(reason, message, _)| reason == "FailedMount" && message == expected),
        "{events:?}"
    );
    world
        .create::<Secret>(json!({"metadata": {"name": "late"}, "stringData": {"k": "v"}}))
        .await;
    let before = world.seconds();
    world.ready("p").await;
    assert_eq!(world.seconds(), before, "a watch tells, nobody polls");
}

/// A volume is there for the next pod, too, and nobody has to wait for it longer than for a kubelet's next look.
#[tokio::test(start_paused = true)]
async fn volumes_of_claims_outlive_pods() {
    let world = World::start(program(|ctx| async move {
        let before = ctx.files.read_to_string("/data/count").map_or(0, |text| text.parse().unwrap());
        let count: i32 = before + 1;
        ctx.files.write("/data/count", count.to_string()).unwrap();
        count
    }))
    .await;
    let class =
        json!({"metadata": {"name": "memory"}, "provisioner": PersistentVolumes::DRIVER, "volumeBindingMode": "WaitForFirstConsumer"});
    let classes: Api<StorageClass> = Api::all(world.client.clone());
    classes
        .create(&PostParams::default(), &serde_json::from_value(class).unwrap())
        .await
        .unwrap();
    let resources = json!({"requests": {"storage": "1Gi"}});
    let spec = json!({"storageClassName": "memory", "accessModes": ["ReadWriteOnce"], "resources": resources});
    world
        .create::<PersistentVolumeClaim>(json!({"metadata": {"name": "data"}, "spec": spec}))
        .await;
    for (pod, expected) in [("a", 1), ("b", 2)] {
        let spec = json!({
            "restartPolicy": "Never",
            "container": {"volumeMounts": [{"name": "v", "mountPath": "/data"}]},
            "volumes": [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}],
        });
        world.create::<Pod>(app(pod, spec)).await;
        let ended = world
            .until(pod, |pod: &Pod| {
                container(pod, "main").state.is_some_and(|state| state.terminated.is_some())
            })
            .await;
        let state = container(&ended, "main").state.unwrap();
        assert_eq!(state.terminated.unwrap().exit_code, expected);
    }
    assert!(world.seconds() < 10, "{}", world.seconds());
}

#[tokio::test(start_paused = true)]
async fn probes_follow_a_config_map_as_it_changes() {
    let world = World::start(program(web)).await;
    world
        .create::<ConfigMap>(json!({"metadata": {"name": "cm"}, "data": {"health": "bad"}}))
        .await;
    let spec = json!({
        "container": {
            "volumeMounts": [{"name": "v", "mountPath": "/etc/app"}],
            "ports": [{"name": "http", "containerPort": 8080}],
            "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 5, "initialDelaySeconds": 7},
            "livenessProbe": {"tcpSocket": {"port": 8080}},
        },
        "volumes": [{"name": "v", "configMap": {"name": "cm"}}],
    });
    world.create::<Pod>(app("p", spec)).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let pod = world.api::<Pod>().get("p").await.unwrap();
    assert_eq!(condition(&pod, "Ready"), "False");
    let events = world.events("p").await;
    let unhealthy = events.iter().find(|(reason, ..)| reason == "Unhealthy").unwrap();
    assert_eq!(unhealthy.1, "Readiness probe failed: HTTP probe failed with statuscode: 503");
    assert_eq!(unhealthy.2, 11, "at 7 s and every 5 s after");
    set_health(&world, "good").await;
    world.ready("p").await;
    set_health(&world, "bad").await;
    let began = world.seconds();
    world.until("p", |pod: &Pod| condition(pod, "Ready") == "False").await;
    assert!((11..=15).contains(&(world.seconds() - began)), "three failures, five seconds apart");
    assert_eq!(container(&world.api::<Pod>().get("p").await.unwrap(), "main").restart_count, 0);
}

async fn set_health(world: &World, health: &str) {
    let patch = json!({"data": {"health": health}});
    let maps = world.api::<ConfigMap>();
    maps.patch("cm", &PatchParams::default(), &Patch::Merge(patch)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_failing_liveness_probe_restarts_the_container() {
    let world = World::start(program(|ctx| async move {
        let healthy_until = ctx.clock.elapsed() + Duration::from_secs(30);
        let clock = ctx.clock.clone();
        ctx.probes.set_exec(move |command| {
            let healthy = clock.elapsed() < healthy_until;
            async move { if healthy { Ok(()) } else { Err(format!("{command:?} is unwell")) } }
        });
        ctx.log.line("run");
        ctx.stop.cancelled().await;
        0
    }))
    .await;
    let probe = json!({"exec": {"command": ["check"]}, "periodSeconds": 10, "failureThreshold": 2});
    world.create::<Pod>(app("p", json!({"container": {"livenessProbe": probe}}))).await;
    let pod = world.until("p", |pod: &Pod| container(pod, "main").restart_count == 1).await;
    assert_eq!(world.seconds(), 41, "probed from the first second on, every ten");
    assert!(container(&pod, "main").last_state.unwrap().terminated.is_some());
    let events = world.events("p").await;
    for expected in [
        "Container main failed liveness probe, will be restarted",
        "Liveness probe failed: [\"check\"] is unwell",
    ] {
        assert!(events.iter().any(|(_, message, _)| message == expected), "{events:?}");
    }
    let previous = LogParams {
        previous: true,
        ..LogParams::default()
    };
    assert_eq!(world.api::<Pod>().logs("p", &previous).await.unwrap(), "run\n");
}

#[tokio::test(start_paused = true)]
async fn a_projected_token_authenticates_and_is_renewed() {
    let world = World::start(program(|ctx| async move {
        let folder = "/var/run/secrets/kubernetes.io/serviceaccount";
        let read = |name: &str| ctx.files.read_to_string(&format!("{folder}/{name}")).unwrap();
        let first = read("token");
        for _ in 0..2 {
            let access = Access {
                server: "https://kubernetes.default.svc".to_owned(),
                ca_pem: read("ca.crt"),
                token: Some(read("token")),
                client: None,
            };
            let client = kube::Client::new(AccessService::new(&ctx.host, &access).unwrap(), read("namespace"));
            let reviews: Api<SelfSubjectReview> = Api::all(client);
            let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await.unwrap();
            ctx.log.line(review.status.unwrap().user_info.unwrap().username.unwrap());
            tokio::time::sleep(Duration::from_secs(3000)).await;
        }
        ctx.log.line(if first == read("token") {
            "the same token"
        } else {
            "another token"
        });
        0
    }))
    .await;
    world.create::<Pod>(app("p", json!({"restartPolicy": "Never"}))).await;
    world.until("p", |pod: &Pod| phase(pod) == "Succeeded").await;
    let log = world.api::<Pod>().logs("p", &LogParams::default()).await.unwrap();
    let user = "system:serviceaccount:default:default";
    assert_eq!(log, format!("{user}\n{user}\nanother token\n"));
}

#[tokio::test(start_paused = true)]
async fn containers_share_an_empty_dir_and_shells_run_programs() {
    let world = World::start(program(|ctx| async move {
        let words: Vec<&str> = ctx.arguments().collect();
        match words.as_slice() {
            ["write", path] => ctx.files.write(path, "shared").map_or(1, |()| 0),
            ["read", path] => {
                ctx.log.line(ctx.files.read_to_string(path).unwrap_or_default());
                0
            }
            _ => 2,
        }
    }))
    .await;
    let mount = json!([{"name": "scratch", "mountPath": "/etc/scratch"}]);
    let init = json!([{"name": "init", "image": "app", "volumeMounts": mount,
        "command": ["/bin/sh", "-c"], "args": ["app write /etc/scratch/a/b && app read /etc/scratch/a/b"]}]);
    let spec = json!({"restartPolicy": "Never", "initContainers": init, "volumes": [{"name": "scratch", "emptyDir": {}}],
        "container": {"command": ["sh", "-c", "app read /etc/scratch/a/b | cat; echo $HOSTNAME"], "volumeMounts": mount}});
    world.create::<Pod>(app("p", spec)).await;
    world.until("p", |pod: &Pod| phase(pod) == "Succeeded").await;
    let log = |container: &str| {
        let params = LogParams {
            container: Some(container.to_owned()),
            ..LogParams::default()
        };
        let pods = world.api::<Pod>();
        async move { pods.logs("p", &params).await.unwrap() }
    };
    assert_eq!(log("init").await, "shared\n");
    assert_eq!(log("main").await, "shared\np\n");
}

#[tokio::test(start_paused = true)]
async fn a_killed_container_leaves_nothing_behind() {
    let world = World::start(program(|ctx| async move {
        let mut listener = ctx.host.listen(9000).await.unwrap();
        ctx.tasks.spawn(async move {
            loop {
                drop(listener.accept().await);
            }
        });
        std::future::pending().await
    }))
    .await;
    world.create::<Pod>(app("p", json!({"terminationGracePeriodSeconds": 5}))).await;
    let pod = world.ready("p").await;
    let ip = pod.status.unwrap().pod_ip.unwrap();
    let node = world.network.host(ZONE, world.node.address());
    assert!(node.connect(&ip, 9000).await.is_ok());
    world.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
    world.until_gone("p").await;
    assert_eq!(world.seconds(), 5, "the program ignored its stop signal");
    assert!(node.connect(&ip, 9000).await.is_err());
}
