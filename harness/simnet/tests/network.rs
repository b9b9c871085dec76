//! The same conversations over memory and over loopback sockets: two arms, one body.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use rstest::rstest;
use simnet::tls::{Authority, client_config, server_config};
use simnet::{Clock, Effect, Machine, Network, Resolve, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

fn rule(from: &str, to: &str, effect: Effect) -> Rule {
    Rule {
        from: Some(from.into()),
        to: Some(to.into()),
        effect,
    }
}

/// Serves "pong" for every "ping" on an address of a zone.
async fn ponger(network: &Network, zone: &str, address: &str, port: u16) {
    let mut listener = network.host(zone, address).listen(port).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut ping = [0; 4];
                while stream.read_exact(&mut ping).await.is_ok() {
                    stream.write_all(b"pong").await.unwrap();
                }
            });
        }
    });
}

async fn ping(stream: &mut simnet::Stream) {
    stream.write_all(b"ping").await.unwrap();
    let mut pong = [0; 4];
    stream.read_exact(&mut pong).await.unwrap();
    assert_eq!(&pong, b"pong");
}

struct Service;

impl Resolve for Service {
    fn resolve(&self, name: &str, port: u16) -> Option<Vec<(String, u16)>> {
        match (name, port) {
            ("web.flyte.svc.cluster.local", 80) => Some(vec![("10.1.0.1".into(), 8080)]),
            ("web.flyte.svc.cluster.local", _) => Some(vec![]),
            _ => None,
        }
    }
}

async fn names_and_refusals(network: Network) {
    ponger(&network, "a", "10.1.0.1", 8080).await;
    network.resolver("a", Arc::new(Service));
    network.name("web.example", "a", "10.1.0.1");
    let pod = network
        .host("a", "10.1.0.2")
        .with_search(vec!["flyte.svc.cluster.local".into(), "svc.cluster.local".into()]);
    for (name, port) in [
        ("10.1.0.1", 8080),
        ("web", 80),
        ("web.flyte.svc.cluster.local.", 80),
        ("WEB.example", 8080),
    ] {
        ping(&mut pod.connect(name, port).await.unwrap()).await;
    }
    network.domain("a.example", "a", "cluster.local");
    let stranger = network.host("b", "10.1.0.1");
    ping(&mut stranger.connect("web.flyte.svc.a.example", 80).await.unwrap()).await;
    ping(&mut stranger.connect("web.example", 8080).await.unwrap()).await;
    let kind = async |name, port| stranger.connect(name, port).await.unwrap_err().kind();
    assert_eq!(kind("web.example", 81).await, ErrorKind::ConnectionRefused);
    assert_eq!(kind("web.flyte.svc.cluster.local", 80).await, ErrorKind::NotFound);
    assert_eq!(pod.connect("web", 443).await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    // Another zone's addresses are not reachable, even where they are equal.
    assert_eq!(kind("10.1.0.1", 8080).await, ErrorKind::ConnectionRefused);
}

async fn partition_heals(network: Network) {
    ponger(&network, "b", "api", 443).await;
    network.name("b.example", "b", "api");
    let host = network.host("a", "pod");
    let mut stream = host.connect("b.example", 443).await.unwrap();
    ping(&mut stream).await;
    let id = network.rules().add(rule("a", "b", Effect::Drop));
    let blocked = tokio::time::timeout(Duration::from_millis(50), ping(&mut stream)).await;
    assert!(blocked.is_err(), "bytes crossed a partition");
    network.rules().remove(id);
    let mut pong = [0; 4];
    if tokio::time::timeout(Duration::from_millis(50), stream.read_exact(&mut pong))
        .await
        .is_err()
    {
        ping(&mut stream).await;
    }
    // Who opened a connection decides whose traffic it is.
    let id = network.rules().add(rule("b", "a", Effect::Refuse));
    ping(&mut stream).await;
    network.rules().remove(id);
    network.rules().add(rule("a", "b", Effect::Refuse));
    assert_eq!(
        host.connect("b.example", 443).await.unwrap_err().kind(),
        ErrorKind::ConnectionRefused
    );
    assert_eq!(stream.write_all(b"ping").await.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

async fn tls_checks_name_and_authority(network: Network) {
    let clock = network.clock().clone();
    let (ours, theirs) = (Authority::new("ours", &clock).unwrap(), Authority::new("theirs", &clock).unwrap());
    let server = server_config(&ours.issue_server(&["b.example"]).unwrap(), Some(ours.pem()), &[], &clock).unwrap();
    let mut listener = network.host("b", "api").listen(443).await.unwrap();
    network.name("b.example", "b", "api");
    network.name("other.example", "b", "api");
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(server);
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let user = stream.get_ref().1.peer_certificates().map_or(0, <[_]>::len);
                stream.write_all(&[b'0' + u8::try_from(user).unwrap()]).await.unwrap();
            }
        }
    });
    let client = ours.issue_client("admin", Some("system:masters")).unwrap();
    let mut answers = Vec::new();
    for (roots, name, shown) in [
        (ours.pem(), "b.example", None),
        (ours.pem(), "b.example", Some(&client)),
        (theirs.pem(), "b.example", None),
        (ours.pem(), "other.example", None),
    ] {
        let config = client_config(roots, shown, &[], &clock).unwrap();
        let stream = network.host("a", "pod").connect(name, 443).await.unwrap();
        let connected = tokio_rustls::TlsConnector::from(config)
            .connect(name.to_owned().try_into().unwrap(), stream)
            .await;
        answers.push(match connected {
            Ok(mut stream) => char::from(stream.read_u8().await.unwrap()),
            Err(_) => 'x',
        });
    }
    assert_eq!(answers, ['0', '1', 'x', 'x']);
}

#[rstest]
#[tokio::test(start_paused = true)]
async fn simulated() {
    let network = || Network::simulated(Clock::simulated());
    names_and_refusals(network()).await;
    partition_heals(network()).await;
    tls_checks_name_and_authority(network()).await;
}

#[tokio::test]
async fn loopback() {
    let network = || Network::loopback(Clock::real());
    names_and_refusals(network()).await;
    partition_heals(network()).await;
    tls_checks_name_and_authority(network()).await;
}

#[tokio::test(start_paused = true)]
async fn a_partition_times_new_connections_out() {
    let network = Network::simulated(Clock::simulated());
    ponger(&network, "b", "api", 443).await;
    network.name("b.example", "b", "api");
    network.rules().add(rule("b", "a", Effect::Drop));
    let start = Instant::now();
    let error = network.host("a", "pod").connect("b.example", 443).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed()), (ErrorKind::TimedOut, Duration::from_secs(127)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_link_costs_its_delay_in_each_direction() {
    let network = Network::simulated(Clock::simulated());
    ponger(&network, "b", "api", 443).await;
    network.name("b.example", "b", "api");
    network.rules().add(rule("a", "b", Effect::Delay(Duration::from_millis(300))));
    network.rules().add(rule("b", "a", Effect::Delay(Duration::from_millis(200))));
    let start = Instant::now();
    let mut stream = network.host("a", "pod").connect("b.example", 443).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(500));
    ping(&mut stream).await;
    assert_eq!(start.elapsed(), Duration::from_millis(1000));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_listener_frees_its_port() {
    let network = Network::simulated(Clock::simulated());
    let host = network.host("a", "api");
    let listener = host.listen(443).await.unwrap();
    assert_eq!(host.listen(443).await.unwrap_err().kind(), ErrorKind::AddrInUse);
    drop(listener);
    assert!(host.listen(443).await.is_ok());
}

#[tokio::test]
async fn outside_names_are_the_machines_own() {
    let inside = Network::loopback(Clock::real());
    let mut listener = inside.host("a", "server").listen(80).await.unwrap();
    let port = listener.socket_addr().unwrap().port();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let outside = Network::gateway(Clock::real(), Arc::new(Machine));
    let host = outside.host("operator", "operator");
    assert!(host.connect("localhost", port).await.is_ok());
    assert!(host.connect("127.0.0.1", port).await.is_ok());
    let error = host.connect("no-such-name.invalid", 80).await.unwrap_err();
    assert_eq!(error.to_string(), "lookup no-such-name.invalid: no such host");
    // What listens in this network comes first.
    ponger(&outside, "operator", "operator", 81).await;
    ping(&mut host.connect("operator", 81).await.unwrap()).await;
}
