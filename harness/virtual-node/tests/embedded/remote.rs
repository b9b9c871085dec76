//! Ways into running containers, by kube's own client over the network.

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::Api;
use kube::api::{AttachParams, AttachedProcess};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{app, program, web};
use crate::world::World;

/// What a command wrote and how it ended: standard output, standard error, exit code.
type Ended = (String, String, Option<String>);

async fn ended(mut process: AttachedProcess, input: &str) -> Ended {
    let stdin = process.stdin();
    let write = async {
        if let Some(mut stdin) = stdin {
            stdin.write_all(input.as_bytes()).await.unwrap();
            stdin.shutdown().await.unwrap();
        }
    };
    let (mut out, mut err) = (process.stdout().unwrap(), process.stderr().unwrap());
    let status = process.take_status().unwrap();
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let (a, b, status, ()) = tokio::join!(out.read_to_string(&mut stdout), err.read_to_string(&mut stderr), status, write);
    a.unwrap();
    b.unwrap();
    let status = status.unwrap();
    let code = match status.status.as_deref() {
        Some("Success") => Some("0".to_owned()),
        _ => status.details.and_then(|details| Some(details.causes?.first()?.message.clone()?)),
    };
    (stdout, stderr, code)
}

async fn exec(pods: &Api<Pod>, words: &[&str], input: &str) -> Ended {
    let params = AttachParams::default().stdin(!input.is_empty());
    ended(pods.exec("p", words.iter().copied(), &params).await.unwrap(), input).await
}

async fn world_with_pod() -> (World, Api<Pod>) {
    let world = World::start(program(web)).await;
    world
        .create::<ConfigMap>(json!({"metadata": {"name": "cm"}, "data": {"health": "good", "a.yaml": "a: 1\nb: 2\n"}}))
        .await;
    let container = json!({"env": [{"name": "GREETING", "value": "hello  there"}],
        "volumeMounts": [{"name": "etc", "mountPath": "/etc/app"}, {"name": "scratch", "mountPath": "/scratch"}]});
    let volumes = json!([{"name": "etc", "configMap": {"name": "cm"}}, {"name": "scratch", "emptyDir": {}}]);
    world
        .create::<Pod>(app("p", json!({"container": container, "volumes": volumes})))
        .await;
    world.ready("p").await;
    let pods = Api::default_namespaced(world.outside().await);
    (world, pods)
}

#[tokio::test(start_paused = true)]
async fn commands_run_in_a_container() {
    let (_world, pods) = world_with_pod().await;
    let big = "x".repeat(100_000);
    for (words, input, (stdout, stderr, code)) in [
        (&["cat", "/etc/app/health"][..], "", ("good", "", "0")),
        (&["ls", "/etc/app"], "", ("a.yaml\nhealth\n", "", "0")),
        (
            &["/bin/cat", "/none"],
            "",
            ("", "cat: can't open '/none': No such file or directory\n", "1"),
        ),
        (&["sh", "-c", "false; exit; echo no"], "", ("", "", "1")),
        (
            &["sh", "-c", "echo $GREETING | wc -c; echo \"$GREETING\""],
            "",
            ("12\nhello  there\n", "", "0"),
        ),
        (
            &["sh", "-c", "false || echo no > /scratch/f && cat /scratch/f"],
            "",
            ("no\n", "", "0"),
        ),
        (
            &["sh", "-c", "echo x > /etc/app/health"],
            "",
            ("", "sh: open /etc/app/health: read-only file system\n", "1"),
        ),
        (
            &["sh", "-c", "for i in 1 2; do echo $i; done"],
            "",
            (
                "",
                "sh: for: not supported: a line here has commands, pipes, && || ; and > only\n",
                "2",
            ),
        ),
        (
            &["sh", "-c", "cat /none > /scratch/e 2>&1; cat /scratch/e"],
            "",
            ("cat: can't open '/none': No such file or directory\n", "", "0"),
        ),
        (&["tail", "-n", "1", "/etc/app/a.yaml"], "", ("b: 2\n", "", "0")),
        (&["cat"], "from outside", ("from outside", "", "0")),
        (&["cat"], &big, (&big, "", "0")),
        (&["sh"], "echo one\nfalse\nexit 3\n", ("one\n", "", "3")),
        (&["[", "-d", "/etc/app", "]"], "", ("", "", "0")),
        (&["sleep", "1m"], "", ("", "", "0")),
    ] {
        let found = exec(&pods, words, input).await;
        assert_eq!(
            (found.0.as_str(), found.1.as_str(), found.2.as_deref()),
            (stdout, stderr, Some(code)),
            "{words:?}"
        );
    }
    let missing = exec(&pods, &["python3"], "").await;
    assert!(
        missing
            .2
            .unwrap()
            .ends_with("exec: \"python3\": executable file not found in $PATH")
    );
}

#[tokio::test(start_paused = true)]
async fn files_come_and_go_as_archives() {
    let (_world, pods) = world_with_pod().await;
    let mut process = pods
        .exec("p", ["tar", "cf", "-", "/etc/app"], &AttachParams::default().stderr(false))
        .await
        .unwrap();
    let mut packed = Vec::new();
    process.stdout().unwrap().read_to_end(&mut packed).await.unwrap();
    let unpack = AttachParams::default().stdin(true).stdout(true).stderr(true);
    let process = pods.exec("p", ["tar", "-xmf", "-", "-C", "/scratch"], &unpack).await.unwrap();
    let input = String::from_utf8(packed).unwrap();
    assert_eq!(ended(process, &input).await, (String::new(), String::new(), Some("0".to_owned())));
    assert_eq!(exec(&pods, &["cat", "/scratch/etc/app/a.yaml"], "").await.0, "a: 1\nb: 2\n");
}

#[tokio::test(start_paused = true)]
async fn ports_are_forwarded() {
    let (_world, pods) = world_with_pod().await;
    let mut forward = pods.portforward("p", &[8080, 9]).await.unwrap();
    let refused = forward.take_error(9).unwrap();
    let mut stream = forward.take_stream(8080).unwrap();
    stream
        .write_all(b"GET /there HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = vec![0; 1024];
    let length = stream.read(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("p /there"), "{answer}");
    assert!(refused.await.unwrap().contains("failed to connect to"));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_entered_says_why() {
    let (world, pods) = world_with_pod().await;
    let refused = async |name: &str, container: Option<&str>| {
        let params = AttachParams {
            container: container.map(str::to_owned),
            ..AttachParams::default()
        };
        let refused = pods.exec(name, ["true"], &params).await.err();
        refused.map(|error| error.to_string()).unwrap_or_default()
    };
    assert!(refused("none", None).await.contains("404"));
    assert!(refused("p", Some("other")).await.contains("400"));
    world.create::<Pod>(app("pending", json!({"nodeSelector": {"no": "where"}}))).await;
    assert!(refused("pending", None).await.contains("400"));
}
