//! Ways into running containers over SPDY.

use std::time::Duration;

use bytes::Bytes;
use kube::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use virtual_node::ContainerContext;

use crate::app::{app, program, web};
use crate::spdy_client::{Dialled, all, dial, tunnel};
use crate::world::World;

const COMMANDS: [&str; 5] = [
    "v5.channel.k8s.io",
    "v4.channel.k8s.io",
    "v3.channel.k8s.io",
    "v2.channel.k8s.io",
    "channel.k8s.io",
];
const PORTS: [&str; 1] = ["portforward.k8s.io"];

/// Whatever hangs waits for ever: in virtual time, an hour is over at once.
async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(3600), what).await.unwrap()
}

async fn world() -> (World, Client) {
    let world = World::start(program(web)).await;
    world.create::<k8s_openapi::api::core::v1::Pod>(app("p", json!({}))).await;
    world.ready("p").await;
    let client = world.outside().await;
    (world, client)
}

/// Runs a command over streams of these types: what came on standard output, standard error and the error stream.
async fn exec(client: &Client, query: &str, protocols: &[&str], input: Option<Vec<u8>>) -> (String, Vec<u8>, Vec<u8>, String) {
    let dialled = dial(client, &format!("p/exec?{query}"), protocols).await.unwrap();
    let wants = |name: &str| query.contains(&format!("{name}=true"));
    let mut opened = Vec::new();
    for name in ["error", "stdin", "stdout", "stderr"] {
        if name == "error" || wants(name) && !(name == "stderr" && wants("tty")) {
            opened.push((name, dialled.open(&[("streamType", name)]).await.unwrap()));
        }
    }
    if wants("tty") && dialled.protocol.starts_with(['v']) && dialled.protocol != "v2.channel.k8s.io" {
        opened.push(("resize", dialled.open(&[("streamType", "resize")]).await.unwrap()));
    }
    let mut take = |name: &str| {
        let at = opened.iter().position(|(known, _)| *known == name)?;
        Some(opened.remove(at).1)
    };
    let (mut error, stdin, stdout, stderr) = (take("error").unwrap(), take("stdin"), take("stdout"), take("stderr"));
    let write = async {
        if let (Some(stdin), Some(input)) = (&stdin, input) {
            // A command that ends reads no more.
            let _ = stdin.writer.write(input.into()).await;
            stdin.writer.finish().await;
        }
    };
    let output = |stream: Option<spdy::Stream>| async move {
        match stream {
            Some(mut stream) => all(&mut stream).await,
            None => Vec::new(),
        }
    };
    let ((), out, err, ended) = soon(async { tokio::join!(write, output(stdout), output(stderr), all(&mut error)) }).await;
    (dialled.protocol, out, err, String::from_utf8(ended).unwrap())
}

#[tokio::test(start_paused = true)]
async fn commands_run_over_every_version() {
    let (_world, client) = world().await;
    let line = "command=sh&command=-c&command=echo+one%3B+echo+two+%3E%262%3B+exit+3";
    let text = "command terminated with non-zero exit code: exit status 3";
    for (first, agreed, status) in [
        (0, "v4.channel.k8s.io", true),
        (2, "v3.channel.k8s.io", false),
        (3, "v2.channel.k8s.io", false),
        (4, "channel.k8s.io", false),
        (5, "", false),
    ] {
        for (query, out, err) in [
            ("stdout=true&stderr=true", "one\n", "two\n"),
            ("stdout=true&stdin=true", "one\n", ""),
            ("stdout=true&stderr=true&tty=true", "one\r\ntwo\r\n", ""),
        ] {
            let (protocol, got, errors, ended) = exec(&client, &format!("{query}&{line}"), &COMMANDS[first..], None).await;
            assert_eq!(
                (protocol.as_str(), got.as_slice(), errors.as_slice()),
                (agreed, out.as_bytes(), err.as_bytes()),
                "{query}"
            );
            if status {
                let told: Value = serde_json::from_str(&ended).unwrap();
                let cause = &told["details"]["causes"][0];
                assert_eq!(
                    (&told["reason"], &cause["message"], &told["message"]),
                    (&json!("NonZeroExitCode"), &json!("3"), &json!(text))
                );
            } else {
                assert_eq!(ended, text);
            }
        }
        let (_, _, _, ended) = exec(&client, "stdout=true&command=true", &COMMANDS[first..], None).await;
        let well = json!({"metadata": {}, "status": "Success"}).to_string();
        assert_eq!(ended, if status { well } else { String::new() });
    }
}

#[tokio::test(start_paused = true)]
async fn much_goes_through_a_command() {
    let (_world, client) = world().await;
    let input: Vec<u8> = (0..10_000_000_u32).map(|at| (at % 251) as u8).collect();
    let (_, out, ..) = exec(&client, "stdin=true&stdout=true&command=cat", &COMMANDS, Some(input.clone())).await;
    assert_eq!(out.len(), input.len());
    assert!(out == input);
    // Who does not read its input does not wait for its end, either.
    let (_, out, _, ended) = exec(&client, "stdin=true&stdout=true&command=echo&command=x", &COMMANDS, Some(input)).await;
    assert_eq!(out, b"x\n");
    assert!(ended.contains("Success"), "{ended}");
}

#[tokio::test(start_paused = true)]
async fn clients_that_keep_no_word_are_refused() {
    let (_world, client) = world().await;
    let refused = dial(&client, "p/portforward", &COMMANDS).await.err().unwrap();
    assert_eq!(refused.0, 403);
    assert!(
        refused
            .1
            .contains("unable to upgrade: unable to negotiate protocol: client supports [v5.channel.k8s.io"),
        "{}",
        refused.1
    );
    let refused = dial(&client, "none/portforward", &PORTS).await.err().unwrap();
    assert_eq!(refused.0, 404);
    // Streams that were not asked for, and some that never come.
    let dialled = dial(&client, "p/exec?stdout=true&command=true", &COMMANDS).await.unwrap();
    assert!(dialled.open(&[("streamType", "other")]).await.is_err());
    let mut error = dialled.open(&[("streamType", "error")]).await.unwrap();
    assert!(dialled.open(&[("streamType", "error")]).await.is_err());
    assert_eq!(soon(all(&mut error)).await, b"");
}

#[tokio::test(start_paused = true)]
async fn output_is_shown_until_the_client_leaves() {
    let (_world, client) = world().await;
    let dialled = dial(
        &client,
        "p/exec?stdout=true&command=sh&command=-c&command=echo+started%3B+sleep+100000",
        &COMMANDS,
    )
    .await
    .unwrap();
    let _error = dialled.open(&[("streamType", "error")]).await.unwrap();
    let mut stdout = dialled.open(&[("streamType", "stdout")]).await.unwrap();
    assert_eq!(stdout.reader.next().await.as_deref(), Some(b"started\n".as_slice()));
    drop(dialled);
    assert_eq!(soon(stdout.reader.next()).await, None);
    // Nothing of it is in the way of the next one.
    let (_, out, ..) = exec(&client, "stdout=true&command=echo&command=next", &COMMANDS, None).await;
    assert_eq!(out, b"next\n");
}

async fn get(dialled: &Dialled, request: &str, path: &str) -> String {
    let (mut error, mut data) = dialled.connect("8080", request).await;
    let asked = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    data.writer.write(Bytes::from(asked)).await.unwrap();
    let answer = soon(all(&mut data)).await;
    assert_eq!(soon(all(&mut error)).await, b"");
    String::from_utf8(answer).unwrap()
}

#[tokio::test(start_paused = true)]
async fn ports_are_forwarded_plainly_and_in_a_tunnel() {
    let (_world, client) = world().await;
    let plain = dial(&client, "p/portforward", &PORTS).await.unwrap();
    let tunnelled = tunnel(&client, "p/portforward").await.unwrap();
    assert_eq!(
        (plain.protocol.as_str(), tunnelled.protocol.as_str()),
        ("portforward.k8s.io", "SPDY/3.1+portforward.k8s.io")
    );
    for dialled in [&plain, &tunnelled] {
        let (one, two, three) = tokio::join!(get(dialled, "1", "/one"), get(dialled, "2", "/two"), get(dialled, "3", "/three"));
        for (answer, path) in [(one, "/one"), (two, "/two"), (three, "/three")] {
            assert!(
                answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with(&format!("p {path}")),
                "{answer}"
            );
        }
        // Nobody listens there; the connection goes on.
        let (mut error, mut data) = dialled.connect("9", "4").await;
        let told = String::from_utf8(soon(all(&mut error)).await).unwrap();
        assert!(
            told.starts_with("error forwarding port 9 to pod") && told.contains("failed to connect to"),
            "{told}"
        );
        assert_eq!(soon(all(&mut data)).await, b"");
        assert!(get(dialled, "5", "/again").await.ends_with("p /again"));
    }
}

#[tokio::test(start_paused = true)]
async fn halves_of_requests_find_each_other_or_are_given_up() {
    let (_world, client) = world().await;
    let dialled = dial(&client, "p/portforward", &PORTS).await.unwrap();
    for headers in [
        vec![("streamType", "data"), ("requestID", "1")],
        vec![("streamType", "data"), ("port", "0"), ("requestID", "1")],
        vec![("streamType", "data"), ("port", "http"), ("requestID", "1")],
        vec![("streamType", "stdin"), ("port", "8080"), ("requestID", "1")],
        vec![("streamType", "data"), ("port", "8080")],
    ] {
        assert!(dialled.open(&headers).await.is_err(), "{headers:?}");
    }
    let error = [("streamType", "error"), ("port", "8080"), ("requestID", "7")];
    let mut lonely = dialled.open(&error).await.unwrap();
    assert!(dialled.open(&error).await.is_err());
    assert_eq!(soon(all(&mut lonely)).await, b"(request=7) timed out waiting for streams");
    let mut lonely = dialled
        .open(&[("streamType", "data"), ("port", "8080"), ("requestID", "8")])
        .await
        .unwrap();
    assert_eq!(soon(all(&mut lonely)).await, b"");
}

/// Sends back what it reads, once it has read all; so says a client's end of data.
async fn mirror(ctx: ContainerContext) -> i32 {
    let mut listener = ctx.host.listen(8080).await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        ctx.tasks.spawn(async move {
            let mut all = Vec::new();
            if stream.read_to_end(&mut all).await.is_ok() && stream.write_all(&all).await.is_ok() {
                let _ = stream.shutdown().await;
            }
        });
    }
}

#[tokio::test(start_paused = true)]
async fn connections_end_one_direction_at_a_time() {
    let world = World::start(program(mirror)).await;
    world.create::<k8s_openapi::api::core::v1::Pod>(app("p", json!({}))).await;
    world.ready("p").await;
    let client = world.outside().await;
    let dialled = dial(&client, "p/portforward", &PORTS).await.unwrap();
    let (_error, mut data) = dialled.connect("8080", "1").await;
    let sent = Bytes::from(vec![7; 1_000_000]);
    data.writer.write(sent.clone()).await.unwrap();
    data.writer.finish().await;
    assert!(soon(all(&mut data)).await == sent);
    // A connection that the client gives up is no more, and others are as they were.
    let (_, given_up) = dialled.connect("8080", "2").await;
    given_up.writer.reset().await;
    let (_, mut data) = dialled.connect("8080", "3").await;
    data.writer.write(Bytes::from_static(b"still")).await.unwrap();
    data.writer.finish().await;
    assert_eq!(soon(all(&mut data)).await, b"still");
}
