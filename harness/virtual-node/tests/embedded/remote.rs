//! Ways into running containers, by kube's own client over the network.

use std::time::Duration;

use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use kube::Api;
use kube::api::AttachParams;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::app::{app, program, web};
use crate::world::World;

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

/// Runs a command: what it wrote, and its status: reason and exit code.
async fn exec(pods: &Api<Pod>, command: &[&str], params: &AttachParams, input: &[u8]) -> (Vec<u8>, Vec<u8>, (String, String)) {
    let run = async {
        let mut process = pods.exec("p", command.iter().copied(), params).await.unwrap();
        let status = process.take_status().unwrap();
        let (stdin, stdout, stderr) = (process.stdin(), process.stdout(), process.stderr());
        let write = async {
            if let Some(mut stdin) = stdin {
                stdin.write_all(input).await.unwrap();
                stdin.shutdown().await.unwrap();
            }
        };
        let (mut out, mut err) = (vec![], vec![]);
        let read = async {
            if let Some(mut stdout) = stdout {
                stdout.read_to_end(&mut out).await.unwrap();
            }
        };
        let read_errors = async {
            if let Some(mut stderr) = stderr {
                stderr.read_to_end(&mut err).await.unwrap();
            }
        };
        let ((), (), (), status) = tokio::join!(write, read, read_errors, status);
        process.join().await.unwrap();
        let status = status.unwrap();
        let causes = status.details.into_iter().flat_map(|details| details.causes.unwrap_or_default());
        let codes: Vec<String> = causes.filter_map(|cause| cause.message).collect();
        (out, err, (status.reason.unwrap_or_default(), codes.join(",")))
    };
    // Whatever hangs here waits for ever: in virtual time, an hour is over at once.
    tokio::time::timeout(Duration::from_secs(3600), run).await.unwrap()
}

fn status(reason: &str, code: &str) -> (String, String) {
    (reason.to_owned(), code.to_owned())
}

#[tokio::test(start_paused = true)]
async fn commands_run_in_containers() {
    let (_world, pods) = world_with_pod().await;
    let line = ["sh", "-c", "echo one; echo two >&2; exit 3"];
    let failed = status("NonZeroExitCode", "3");
    let plain = AttachParams::default();
    for (params, out, err) in [
        (AttachParams::default(), "one\n", "two\n"),
        (AttachParams::default().stderr(false), "one\n", ""),
        (AttachParams::default().stdout(false), "", "two\n"),
        (AttachParams::default().tty(true).stderr(false), "one\r\ntwo\r\n", ""),
        (AttachParams::default().stdin(true), "one\n", "two\n"),
    ] {
        let told = format!("{params:?}");
        let expected = (out.as_bytes().to_vec(), err.as_bytes().to_vec(), failed.clone());
        assert_eq!(exec(&pods, &line, &params, b"").await, expected, "{told}");
    }
    let (out, _, ended) = exec(&pods, &["echo", "hello"], &plain, b"").await;
    assert_eq!((out, ended), (b"hello\n".to_vec(), status("", "")));
    let (_, _, ended) = exec(&pods, &["nothing-like-this"], &plain, b"").await;
    assert!(
        ended.0 == "InternalError" && ended.1.contains("executable file not found in $PATH"),
        "{ended:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn commands_read_what_is_sent() {
    let (_world, pods) = world_with_pod().await;
    let params = AttachParams::default().stdin(true);
    let input = b"0123456789abcde\n".repeat(20_000);
    let (out, ..) = exec(&pods, &["cat"], &params, &input).await;
    assert_eq!(out.len(), input.len());
    assert!(out == input);
    // Who does not read its input does not wait for its end, either.
    let (out, _, ended) = exec(&pods, &["sh", "-c", "sleep 2; echo done"], &params, b"ignored\n").await;
    assert_eq!((out, ended), (b"done\n".to_vec(), status("", "")));
    let (out, _, ended) = exec(&pods, &["sh"], &params, b"echo $GREETING\nexit 4\n").await;
    assert_eq!((out, ended), (b"hello there\n".to_vec(), status("NonZeroExitCode", "4")));
}

#[tokio::test(start_paused = true)]
async fn a_terminal_shows_what_is_typed() {
    let (_world, pods) = world_with_pod().await;
    let params = AttachParams::default().tty(true).stdin(true).stderr(false);
    for (command, keys, shown, code) in [
        ("sh", "echp\x7fo $GREETING\rexit 4\r", "echp\x08 \x08o $GREETING\r\n", "4"),
        ("sh", "lost\x03false\r\x04", "lost^C\r\nfalse\r\n", "1"),
        ("cat", "one\rtwo\x04\x04", "one\r\ntwo", ""),
        ("cat", "\x03", "^C\r\n", "130"),
    ] {
        let (out, _, (_, told)) = exec(&pods, &[command], &params, keys.as_bytes()).await;
        let out = String::from_utf8(out).unwrap();
        assert_eq!(told, code, "{out:?}");
        // The command's own output comes when it comes.
        assert!(out.replace("/ # ", "").starts_with(shown), "{out:?}");
        assert_eq!(out.contains("/ # "), command == "sh", "{out:?}");
        assert_eq!(out.contains("hello there\r\n"), code == "4", "{out:?}");
        assert_eq!(out.contains("one\r\n"), keys.starts_with("one"), "{out:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn files_are_copied_as_tar() {
    let (_world, pods) = world_with_pod().await;
    let (archive, errors, ended) = exec(&pods, &["tar", "cf", "-", "/etc/app"], &AttachParams::default(), b"").await;
    assert_eq!(ended, status("", ""), "{}", String::from_utf8_lossy(&errors));
    let params = AttachParams::default().stdin(true).stderr(false);
    let (_, _, ended) = exec(&pods, &["tar", "xmf", "-", "-C", "/scratch"], &params, &archive).await;
    assert_eq!(ended, status("", ""));
    let (copied, ..) = exec(&pods, &["cat", "/scratch/etc/app/a.yaml"], &AttachParams::default(), b"").await;
    assert_eq!(copied, b"a: 1\nb: 2\n");
}
