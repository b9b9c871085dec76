//! What a client is told when the way to a server is broken.

use http_body_util::Full;
use hyper::body::Bytes;
use rstest::rstest;
use simnet::http::{Access, AccessService};
use simnet::tls::{Authority, server_config};
use simnet::{Clock, Effect, Network, Rule};
use tower::ServiceExt;

#[rstest]
#[case::right("https://api.example:443", true, "token", "ok: Bearer token")]
#[case::no_host("https://nowhere.example:443", true, "token", "lookup nowhere.example: no such host")]
#[case::no_listener("https://api.example:444", true, "token", "dial tcp api:444: connect: connection refused")]
#[case::partition("https://cut.example:443", true, "token", "dial tcp api:443: connect: connection timed out")]
#[case::wrong_ca(
    "https://api.example:443",
    false,
    "token",
    "tls: failed to verify certificate: x509: certificate signed by unknown authority"
)]
#[case::wrong_name(
    "https://alias.example:443",
    true,
    "token",
    "tls: failed to verify certificate: x509: certificate is valid for api.example, not alias.example"
)]
#[case::line_break(
    "https://api.example:443",
    true,
    "token\n",
    "net/http: invalid header field value for \"Authorization\""
)]
#[tokio::test(start_paused = true)]
async fn told(#[case] server: &str, #[case] right_ca: bool, #[case] token: &str, #[case] expected: &str) {
    let clock = Clock::simulated();
    let network = Network::simulated(clock.clone());
    let (ours, theirs) = (Authority::new("ours", &clock).unwrap(), Authority::new("theirs", &clock).unwrap());
    for (name, zone) in [("api.example", "b"), ("alias.example", "b"), ("cut.example", "c")] {
        network.name(name, zone, "api");
    }
    network.rules().add(Rule {
        from: Some("a".into()),
        to: Some("c".into()),
        effect: Effect::Drop,
    });
    let mut listener = network.host("b", "api").listen(443).await.unwrap();
    let tls = server_config(&ours.issue_server(&["api.example"]).unwrap(), None, &[], &clock).unwrap();
    tokio::spawn(async move {
        let acceptor = tokio_rustls::TlsAcceptor::from(tls);
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let echo = hyper::service::service_fn(async |request: hyper::Request<hyper::body::Incoming>| {
                let header = request.headers()["authorization"].to_str().unwrap().to_owned();
                Ok::<_, std::convert::Infallible>(hyper::Response::new(Full::new(Bytes::from(header))))
            });
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(hyper_util::rt::TokioIo::new(stream), echo)
                .await;
        }
    });

    let ca_pem = if right_ca { ours.pem() } else { theirs.pem() }.to_owned();
    let access = Access {
        server: server.into(),
        ca_pem,
        token: Some(token.into()),
        client: None,
    };
    let service = AccessService::<Full<Bytes>>::new(&network.host("a", "pod"), &access).unwrap();
    let request = http::Request::get("/version").body(Full::default()).unwrap();
    let answer = match service.oneshot(request).await {
        Ok(response) => {
            let body = http_body_util::BodyExt::collect(response.into_body()).await.unwrap().to_bytes();
            format!("ok: {}", String::from_utf8_lossy(&body))
        }
        Err(error) => error.to_string(),
    };
    assert_eq!(answer, expected);
}
