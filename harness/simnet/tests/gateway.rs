//! Networks of which this process holds a part, and those that have no way out.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::{Clock, Effect, Network, OUTSIDE, Outside, Rule};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Knows one name, and takes everything but 10.0.0.0/8 for outside.
struct OneName(SocketAddr);

impl Outside for OneName {
    fn routes(&self, address: IpAddr) -> bool {
        !matches!(address, IpAddr::V4(address) if address.octets()[0] == 10)
    }

    fn dial<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        async move {
            match name {
                "peer.test" => TcpStream::connect((self.0.ip(), port)).await,
                name => simnet::dial(name, port).await,
            }
        }
        .boxed()
    }
}

async fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                tokio::io::copy(&mut read, &mut write).await.unwrap();
            });
        }
    });
    address
}

async fn round_trip(stream: &mut simnet::Stream) {
    stream.write_all(b"hello").await.unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"hello");
}

#[tokio::test]
async fn a_gateway_leads_out_and_lets_in() {
    let peer = echo().await;
    let network = Network::gateway(Clock::real(), Arc::new(OneName(peer)));
    let pod = network.host("a", "10.244.1.2");
    round_trip(&mut pod.connect("peer.test", peer.port()).await.unwrap()).await;
    round_trip(&mut pod.connect("peer.test.", peer.port()).await.unwrap()).await;

    // What listens inside wins; a cluster's own addresses never lead outside.
    let inside = network.host("a", "peer.test").listen(peer.port()).await.unwrap();
    assert_eq!(inside.socket_addr(), None);
    drop(inside);
    let refused = pod.connect("10.244.9.9", peer.port()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    let nowhere = pod.connect("nowhere.invalid", 1).await.unwrap_err();
    assert_eq!(nowhere.to_string(), "lookup nowhere.invalid: no such host");

    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut published = network.host("a", "api").publish(6443, any).await.unwrap();
    let socket = published.socket_addr().unwrap();
    let stranger = TcpStream::connect(socket).await.unwrap();
    let (_, from) = published.accept().await.unwrap();
    assert_eq!(from.address, stranger.local_addr().unwrap().to_string());
    assert!(pod.connect("api", 6443).await.is_ok());
}

#[tokio::test]
async fn localhost_is_this_computers_only_where_the_way_out_says_so() {
    let peer = echo().await;
    let machine = Network::gateway(Clock::real(), Arc::new(simnet::Machine)).host("operator", "operator");
    round_trip(&mut machine.connect("localhost", peer.port()).await.unwrap()).await;
    round_trip(&mut machine.connect("127.0.0.1", peer.port()).await.unwrap()).await;
    let pods = Network::gateway(Clock::real(), Arc::new(OneName(peer))).host("a", "10.244.1.2");
    let refused = pods.connect("localhost", peer.port()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
}

#[tokio::test]
async fn rules_hold_for_the_way_out() {
    let peer = echo().await;
    let network = Network::gateway(Clock::real(), Arc::new(OneName(peer)));
    let refuse = Rule {
        from: Some("a".into()),
        to: Some(OUTSIDE.into()),
        effect: Effect::Refuse,
    };
    let id = network.rules().add(refuse);
    let pod = network.host("a", "10.244.1.2");
    let refused = pod.connect("peer.test", peer.port()).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    network.rules().remove(id);
    assert!(pod.connect("peer.test", peer.port()).await.is_ok());
}

#[tokio::test]
async fn other_networks_have_no_way_out() {
    let peer = echo().await;
    for network in [Network::simulated(Clock::real()), Network::loopback(Clock::real())] {
        let host = network.host("a", "10.244.1.2");
        for name in ["localhost.", "peer.test"] {
            let error = host.connect(name, peer.port()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
        }
    }
    let simulated = Network::simulated(Clock::real()).host("a", "api");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    assert_eq!(simulated.publish(6443, any).await.unwrap_err().kind(), ErrorKind::Unsupported);
}
