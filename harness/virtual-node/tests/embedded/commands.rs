//! Containers whose image no program stands for run their command, where all of it is known.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Service};
use kube::Api;
use kube::api::{AttachParams, DeleteParams, ListParams, LogParams};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use virtual_node::Programs;

use crate::app::{app, program, web};
use crate::world::{World, condition, container, phase, waiting};

/// A pod of busybox that runs a script once.
fn script(script: &str) -> Value {
    json!({"metadata": {"name": "p"}, "spec": {"restartPolicy": "Never", "terminationGracePeriodSeconds": 30,
        "containers": [{"name": "main", "image": "busybox:1.36", "command": ["sh", "-c", script]}]}})
}

async fn log(world: &World, pod: &str) -> String {
    world.api::<Pod>().logs(pod, &LogParams::default()).await.unwrap()
}

fn code(pod: &Pod, name: &str) -> Option<i32> {
    Some(container(pod, name).state?.terminated?.exit_code)
}

async fn ended(world: &World) -> i32 {
    let pod = world.until("p", |pod: &Pod| matches!(phase(pod), "Succeeded" | "Failed")).await;
    code(&pod, "main").unwrap()
}

#[tokio::test(start_paused = true)]
async fn scripts_run_and_leave_their_log_code_and_message() {
    let world = World::start(Programs::new()).await;
    let mut pod = script("echo hi; echo $GREETING >&2; pwd; echo why > /dev/termination-log; exit 3");
    pod["spec"]["containers"][0]["env"] = json!([{"name": "GREETING", "value": "hello"}]);
    pod["spec"]["containers"][0]["workingDir"] = json!("/tmp");
    world.create::<Pod>(pod).await;
    assert_eq!(ended(&world).await, 3);
    assert_eq!(log(&world, "p").await, "hi\nhello\n/tmp\n");
    let pod = world.api::<Pod>().get("p").await.unwrap();
    let terminated = container(&pod, "main").state.unwrap().terminated.unwrap();
    assert_eq!(
        (terminated.reason.as_deref(), terminated.message.as_deref()),
        (Some("Error"), Some("why\n"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_job_that_fails_has_its_limit() {
    let world = World::start(Programs::new()).await;
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "busybox", "command": ["sh", "-c", "exit 1"]}]}});
    world
        .create::<Job>(json!({"metadata": {"name": "j"}, "spec": {"backoffLimit": 1, "template": template}}))
        .await;
    let failed = |job: &Job| {
        job.status
            .iter()
            .flat_map(|status| status.conditions.iter().flatten())
            .any(|condition| condition.type_ == "Failed")
    };
    let job = world.until("j", failed).await;
    let conditions = job.status.unwrap().conditions.unwrap();
    let reason = conditions
        .iter()
        .find(|condition| condition.type_ == "Failed")
        .unwrap()
        .reason
        .clone();
    assert_eq!(reason.as_deref(), Some("BackoffLimitExceeded"));
}

#[tokio::test(start_paused = true)]
async fn an_indexed_job_tells_each_pod_its_number() {
    let world = World::start(Programs::new()).await;
    let main = json!({"name": "main", "image": "alpine", "args": ["sh", "-c", "echo index $JOB_COMPLETION_INDEX"]});
    let template = json!({"spec": {"restartPolicy": "Never", "containers": [main]}});
    let spec = json!({"completions": 3, "parallelism": 3, "completionMode": "Indexed", "template": template});
    world.create::<Job>(json!({"metadata": {"name": "j"}, "spec": spec})).await;
    world
        .until("j", |job: &Job| job.status.as_ref().and_then(|status| status.succeeded) == Some(3))
        .await;
    let mut logs = Vec::new();
    for pod in world.api::<Pod>().list(&ListParams::default()).await.unwrap() {
        logs.push(log(&world, pod.metadata.name.as_deref().unwrap()).await);
    }
    logs.sort();
    assert_eq!(logs, ["index 0\n", "index 1\n", "index 2\n"]);
}

#[tokio::test(start_paused = true)]
async fn an_init_container_waits_for_a_service_that_is_then_asked() {
    let world = World::start(program(web)).await;
    let mut pod =
        script("wget -qO- http://web && nc -zv web 80 && curl -s -o /dev/null -w '%{http_code}\\n' web/healthz; wget -qO- http://nowhere");
    pod["spec"]["initContainers"] =
        json!([{"name": "wait", "image": "busybox", "command": ["sh", "-c", "until nslookup web; do echo waiting; sleep 2; done"]}]);
    world.create::<Pod>(pod).await;
    world.create::<Pod>(app("server", json!({}))).await;
    world.ready("server").await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let waits = world.api::<Pod>().get("p").await.unwrap();
    assert_eq!(
        (phase(&waits), waiting(&waits, "main").as_deref()),
        ("Pending", Some("PodInitializing"))
    );
    let ports = json!([{"port": 80, "targetPort": 8080}]);
    world
        .create::<Service>(json!({"metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": ports}}))
        .await;
    assert_eq!(ended(&world).await, 1);
    assert_eq!(
        log(&world, "p").await,
        "server /web (web:80) open\n503\nwget: bad address 'nowhere'\n"
    );
}

#[tokio::test(start_paused = true)]
async fn containers_share_what_they_write() {
    let world = World::start(Programs::new()).await;
    let mount = json!([{"name": "shared", "mountPath": "/shared"}]);
    let mut pod = script("until [ -s /shared/out ]; do sleep 1; done; cat /shared/out");
    pod["spec"]["containers"][0]["volumeMounts"] = mount.clone();
    pod["spec"]["volumes"] = json!([{"name": "shared", "emptyDir": {}}]);
    let writer = "(sleep 5; echo from the sidecar) > /shared/out; exec tail -f /dev/null";
    pod["spec"]["initContainers"] = json!([{"name": "side", "image": "debian", "restartPolicy": "Always", "volumeMounts": mount,
        "command": ["sh", "-c", writer]}]);
    world.create::<Pod>(pod).await;
    assert_eq!(ended(&world).await, 0);
    assert_eq!(log(&world, "p").await, "from the sidecar\n");
}

#[tokio::test(start_paused = true)]
async fn sigterm_is_for_those_that_trap_it() {
    let world = World::start(Programs::new()).await;
    let waits = "trap 'echo stopped; exit 0' TERM; echo up; while true; do sleep 1; done";
    let background = "trap 'echo stopped; exit 0' TERM; sleep 3600 & wait";
    for (command, seconds, code) in [
        ("sleep 3600", 30, 137),
        (waits, 0, 0),
        (background, 0, 0),
        ("exec sleep 3600", 30, 137),
    ] {
        world.create::<Pod>(script(command)).await;
        world.until("p", |pod: &Pod| phase(pod) == "Running").await;
        tokio::time::sleep(Duration::from_millis(10_500)).await;
        let began = world.seconds();
        let watched = async {
            let pod = world.until("p", |pod: &Pod| self::code(pod, "main").is_some()).await;
            self::code(&pod, "main")
        };
        let delete = async { world.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap() };
        let (found, _) = tokio::join!(watched, delete);
        world.until_gone("p").await;
        let took = world.seconds() - began;
        assert!(
            (seconds..=seconds + 1).contains(&took) && found == Some(code),
            "{command}: {took} {found:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn probes_and_hooks_run_in_the_container() {
    let world = World::start(Programs::new()).await;
    let mut pod = script("sleep 20; touch /tmp/healthy; sleep 60; rm /tmp/healthy; sleep 3600");
    let probe = json!({"exec": {"command": ["cat", "/tmp/healthy"]}, "periodSeconds": 5, "failureThreshold": 1});
    let main = &mut pod["spec"]["containers"][0];
    main["readinessProbe"] = probe.clone();
    main["livenessProbe"] = json!({"exec": {"command": ["sh", "-c", "[ -e /tmp/started ]"]}, "periodSeconds": 5});
    main["lifecycle"] =
        json!({"postStart": {"exec": {"command": ["touch", "/tmp/started"]}}, "preStop": {"exec": {"command": ["sleep", "7"]}}});
    world.create::<Pod>(pod).await;
    world.ready("p").await;
    assert!((20..=26).contains(&world.seconds()), "{}", world.seconds());
    world.until("p", |pod: &Pod| condition(pod, "Ready") == "False").await;
    assert!((80..=87).contains(&world.seconds()), "{}", world.seconds());
    let events = world.events("p").await;
    let told = "Readiness probe failed: cat: can't open '/tmp/healthy': No such file or directory";
    assert!(events.iter().any(|(_, message, _)| message == told), "{events:?}");
    assert_eq!(container(&world.api::<Pod>().get("p").await.unwrap(), "main").restart_count, 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_follows_the_script_and_says_so() {
    let world = World::start(Programs::new()).await;
    for command in ["python app.py", "echo half; [[ a = a ]]"] {
        world.create::<Pod>(script(command)).await;
        assert_eq!(ended(&world).await, 0);
        assert_eq!(log(&world, "p").await, "", "it does not run by half");
        world.api::<Pod>().delete("p", &DeleteParams::default()).await.unwrap();
        world.until_gone("p").await;
    }
    let events = world.events("p").await;
    for why in ["python is no command that it knows", "[[: not supported by this shell"] {
        let message = format!("The container's command does not run on this node: {why}. A script of its life stands in for it");
        assert!(
            events
                .iter()
                .any(|(reason, found, count)| reason == "Simulated" && *found == message && *count == 1),
            "{events:?}"
        );
    }
    // An annotation goes before the command.
    let mut pod = script("exit 1");
    pod["metadata"]["annotations"] = json!({"multiplane.dev/lifecycle": "main: {runFor: 1s, exitCode: 9}"});
    world.create::<Pod>(pod).await;
    assert_eq!(ended(&world).await, 9);
}

#[tokio::test(start_paused = true)]
async fn scripts_come_from_config_maps() {
    let world = World::start(Programs::new()).await;
    let text = "#!/bin/sh\nset -eu\nfor name in \"$@\"; do\n  echo \"hello $name\"\ndone\n";
    world
        .create::<ConfigMap>(json!({"metadata": {"name": "cm"}, "data": {"run.sh": text}}))
        .await;
    let mut pod = script("");
    pod["spec"]["containers"][0]["command"] = json!(["/scripts/run.sh", "a", "b"]);
    pod["spec"]["containers"][0]["volumeMounts"] = json!([{"name": "scripts", "mountPath": "/scripts"}]);
    pod["spec"]["volumes"] = json!([{"name": "scripts", "configMap": {"name": "cm", "defaultMode": 0o755}}]);
    world.create::<Pod>(pod).await;
    assert_eq!(ended(&world).await, 0);
    assert_eq!(log(&world, "p").await, "hello a\nhello b\n");
}

#[tokio::test(start_paused = true)]
async fn a_shell_without_input_ends_and_one_with_input_is_attached_to() {
    let world = World::start(Programs::new()).await;
    world
        .create::<Pod>(json!({"metadata": {"name": "p"}, "spec": {"containers": [{"name": "main", "image": "busybox"}]}}))
        .await;
    let crashes = |pod: &Pod| waiting(pod, "main").as_deref() == Some("CrashLoopBackOff");
    let pod = world.until("p", crashes).await;
    let last = container(&pod, "main").last_state.unwrap().terminated.unwrap();
    assert_eq!((last.exit_code, last.reason.as_deref()), (0, Some("Completed")));

    let main = json!({"name": "main", "image": "busybox", "args": ["sh"], "stdin": true, "stdinOnce": true});
    world
        .create::<Pod>(json!({"metadata": {"name": "i"}, "spec": {"restartPolicy": "Never", "containers": [main]}}))
        .await;
    world.until("i", |pod: &Pod| phase(pod) == "Running").await;
    let pods: Api<Pod> = Api::default_namespaced(world.outside().await);
    let params = AttachParams::default().stdin(true).stdout(true).stderr(false);
    let talk = async {
        let mut attached = pods.attach("i", &params).await.unwrap();
        let (mut stdin, mut stdout) = (attached.stdin().unwrap(), attached.stdout().unwrap());
        stdin
            .write_all(b"x=5\nfor i in 1 2\ndo echo $((x+i))\ndone\nexit 4\n")
            .await
            .unwrap();
        let mut told = String::new();
        stdout.read_to_string(&mut told).await.unwrap();
        told
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(3600), talk).await.unwrap(), "6\n7\n");
    let pod = world.until("i", |pod: &Pod| code(pod, "main").is_some()).await;
    assert_eq!((code(&pod, "main"), phase(&pod)), (Some(4), "Failed"));
}

#[tokio::test(start_paused = true)]
async fn curl_trusts_whom_it_is_told_to() {
    let world = World::start(Programs::new()).await;
    let call = "d=/var/run/secrets/kubernetes.io/serviceaccount; api=https://kubernetes.default.svc
        curl -sS --cacert $d/ca.crt -H \"Authorization: Bearer $(cat $d/token)\" $api/version | grep -o '\"major\":\"1\"'
        curl -s -k -o /dev/null -w '%{http_code}\\n' $api/api/v1/nodes; curl -s $api/version; echo $?; curl -s http://nowhere; echo $?";
    world.create::<Pod>(script(call)).await;
    assert_eq!(ended(&world).await, 0);
    assert_eq!(log(&world, "p").await, "\"major\":\"1\"\n403\n60\n6\n");
}

#[tokio::test(start_paused = true)]
async fn a_pod_knows_its_aliases() {
    let world = World::start(program(web)).await;
    world.create::<Pod>(app("server", json!({}))).await;
    let server = world.ready("server").await;
    let mut pod = script("wget -qO- http://db.local:8080 && tail -n 1 /etc/hosts && cat /etc/hostname");
    let ip = server.status.unwrap().pod_ip.unwrap();
    pod["spec"]["hostAliases"] = json!([{"ip": ip, "hostnames": ["db.local"]}]);
    world.create::<Pod>(pod).await;
    let code = ended(&world).await;
    let log = log(&world, "p").await;
    assert_eq!(code, 0, "{log}");
    assert!(log.ends_with(&format!("{ip}\tdb.local\np\n")), "{log}");
}

/// As the test of a chart of `helm create` does.
#[tokio::test(start_paused = true)]
async fn a_container_that_is_not_here_answers_on_its_ports_once_it_is_ready() {
    let world = World::start(Programs::new()).await;
    let container = json!({"name": "nginx", "image": "nginx:1", "ports": [{"name": "http", "containerPort": 80}]});
    let annotations = json!({"multiplane.dev/lifecycle": "nginx: {readyAfter: 30s}"});
    let metadata = json!({"name": "server", "labels": {"app": "web"}, "annotations": annotations});
    world
        .create::<Pod>(json!({"metadata": metadata, "spec": {"containers": [container]}}))
        .await;
    let spec = json!({"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]});
    world.create::<Service>(json!({"metadata": {"name": "web"}, "spec": spec})).await;
    world
        .create::<Pod>(script(
            "until wget -qO- http://web; do sleep 5; done; wget -q http://web:81; echo $?",
        ))
        .await;
    let code = ended(&world).await;
    assert_eq!((code, log(&world, "p").await.lines().last()), (0, Some("1")));
    assert!(log(&world, "p").await.contains("\nserver stands here for nginx:1\n"));
    let pod = world.api::<Pod>().get("server").await.unwrap();
    assert_eq!(condition(&pod, "Ready"), "True");
}
