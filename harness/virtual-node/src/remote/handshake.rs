//! The request with which a client turns its connection into streams, and the answer.

use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode, header};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::{tunnel, websocket};

/// Where SPDY clients say which protocols they speak, and are told which one it is.
const VERSIONS: HeaderName = HeaderName::from_static("x-stream-protocol-version");
/// Where SPDY clients are told what they could have asked for.
const ACCEPTED: HeaderName = HeaderName::from_static("x-accepted-stream-protocol-versions");
const SPDY: HeaderValue = HeaderValue::from_static("SPDY/3.1");
const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// Protocols on the channels of a WebSocket, the newest first.
const CHANNELS: [&str; 2] = ["v5.channel.k8s.io", "v4.channel.k8s.io"];
/// SPDY within a WebSocket; kubectl asks for it before all else since 1.31.
const TUNNEL: &str = "SPDY/3.1+portforward.k8s.io";

/// What the streams will be for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// `exec` and `attach`.
    Command,
    /// `portforward`.
    Ports,
}

impl Purpose {
    /// Protocols over SPDY, the newest first.
    fn over_spdy(self) -> &'static [&'static str] {
        match self {
            Self::Command => &["v4.channel.k8s.io", "v3.channel.k8s.io", "v2.channel.k8s.io", "channel.k8s.io"],
            Self::Ports => &["portforward.k8s.io"],
        }
    }

    /// Protocols over WebSockets, in the order in which they are taken.
    fn over_websocket(self) -> Vec<&'static str> {
        let tunnel = (self == Self::Ports).then_some(TUNNEL);
        tunnel.into_iter().chain(CHANNELS).collect()
    }
}

/// A client that asked for streams.
pub(crate) struct Asked {
    /// What the answer 101 says.
    pub(crate) headers: HeaderMap,
    way: Way,
    upgrade: OnUpgrade,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Channels,
    Tunnel,
    /// With the protocol that was agreed on; the first clients named none.
    Spdy(Option<&'static str>),
}

/// A client's streams.
pub(crate) enum Opened {
    Channels(websocket::Sender, websocket::Receiver),
    Spdy(Spdy),
}

/// Streams of SPDY.
pub(crate) struct Spdy {
    pub(crate) streams: spdy::Streams,
    /// Carries them while it is polled.
    pub(crate) run: BoxFuture<'static, Result<(), spdy::Error>>,
    /// The protocol that was agreed on; the first clients named none.
    pub(crate) protocol: Option<&'static str>,
}

/// Why there will be no streams.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("Upgrade request required")]
    NoUpgrade,
    #[error("unable to upgrade: {0} is not supported here, only WebSockets with the protocols {known}, and SPDY/3.1", known = .1.join(", "))]
    Protocol(String, Vec<&'static str>),
    /// As Kubernetes says it.
    #[error("unable to upgrade: unable to negotiate protocol: client supports [{}], server accepts [{}]", .0.join(" "), .1.join(" "))]
    Versions(Vec<String>, &'static [&'static str]),
}

impl Refused {
    /// The answer's status and headers.
    pub(crate) fn answer(&self) -> (StatusCode, HeaderMap) {
        let mut headers = HeaderMap::new();
        let Self::Versions(_, accepted) = self else {
            return (StatusCode::BAD_REQUEST, headers);
        };
        for version in *accepted {
            headers.append(ACCEPTED, HeaderValue::from_static(version));
        }
        (StatusCode::FORBIDDEN, headers)
    }
}

impl Asked {
    /// Reads the request's handshake.
    pub(crate) fn new<B>(mut request: Request<B>, purpose: Purpose) -> Result<Self, Refused> {
        let upgrade = hyper::upgrade::on(&mut request);
        let asked = request.headers();
        let wanted = asked
            .get(header::UPGRADE)
            .and_then(|value| value.to_str().ok())
            .ok_or(Refused::NoUpgrade)?;
        let (way, headers) = if wanted.eq_ignore_ascii_case("SPDY/3.1") {
            spdy(asked, purpose)?
        } else if wanted.eq_ignore_ascii_case("websocket") {
            websocket(asked, purpose)?
        } else {
            return Err(Refused::Protocol(wanted.to_owned(), purpose.over_websocket()));
        };
        Ok(Self { headers, way, upgrade })
    }

    /// True if the request itself has to say which ports it is about.
    pub(crate) fn needs_ports(&self) -> bool {
        self.way == Way::Channels
    }

    /// The streams, once the answer is sent.
    pub(crate) async fn open(self) -> Result<Opened, hyper::Error> {
        let stream = TokioIo::new(self.upgrade.await?);
        let protocol = match self.way {
            Way::Spdy(protocol) => {
                let (read, write) = tokio::io::split(stream);
                let (connection, streams) = spdy::server(read, write);
                let run = Box::pin(connection.run());
                return Ok(Opened::Spdy(Spdy { streams, run, protocol }));
            }
            Way::Channels => None,
            Way::Tunnel => TUNNEL.split_once('+').map(|(_, protocol)| protocol),
        };
        let socket = WebSocketStream::from_raw_socket(stream, Role::Server, None).await;
        if protocol.is_none() {
            let (sender, receiver) = websocket::channels(socket);
            return Ok(Opened::Channels(sender, receiver));
        }
        let (read, write) = tunnel::bytes(socket);
        let (connection, streams) = spdy::server(read, write);
        let run = Box::pin(connection.run());
        Ok(Opened::Spdy(Spdy { streams, run, protocol }))
    }
}

/// All that a header lists, on one line or several.
fn listed(headers: &HeaderMap, name: HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let all = values.flat_map(|value| value.split(',')).map(|value| value.trim().to_owned());
    all.filter(|value| !value.is_empty()).collect()
}

fn switching(to: HeaderValue) -> HeaderMap {
    let connection = (header::CONNECTION, HeaderValue::from_static("Upgrade"));
    HeaderMap::from_iter([(header::UPGRADE, to), connection])
}

/// The first of the client's protocols that is known here.
fn spdy(asked: &HeaderMap, purpose: Purpose) -> Result<(Way, HeaderMap), Refused> {
    let (offered, known) = (listed(asked, VERSIONS), purpose.over_spdy());
    let mut headers = switching(SPDY);
    if offered.is_empty() {
        return Ok((Way::Spdy(None), headers));
    }
    let agreed = offered.iter().find_map(|offer| known.iter().find(|known| *known == offer).copied());
    let Some(agreed) = agreed else {
        return Err(Refused::Versions(offered, known));
    };
    headers.insert(VERSIONS, HeaderValue::from_static(agreed));
    Ok((Way::Spdy(Some(agreed)), headers))
}

fn websocket(asked: &HeaderMap, purpose: Purpose) -> Result<(Way, HeaderMap), Refused> {
    let key = asked.get(header::SEC_WEBSOCKET_KEY).ok_or(Refused::NoUpgrade)?;
    let (offered, known) = (listed(asked, header::SEC_WEBSOCKET_PROTOCOL), purpose.over_websocket());
    let agreed = known.iter().find(|known| offered.iter().any(|offer| offer == *known)).copied();
    let Some(agreed) = agreed else {
        return Err(Refused::Protocol(offered.join(", "), known));
    };
    let mut headers = switching(WEBSOCKET);
    headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(agreed));
    if let Ok(accept) = HeaderValue::from_str(&derive_accept_key(key.as_bytes())) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    let way = if agreed == TUNNEL { Way::Tunnel } else { Way::Channels };
    Ok((way, headers))
}

#[cfg(test)]
mod tests {
    use http::{Request, header};

    use super::{Asked, Purpose, Refused, Way};

    fn ask(purpose: Purpose, upgrade: &str, offered: &[&str]) -> Result<(Way, Option<String>), Refused> {
        let mut request = Request::get("/")
            .header("upgrade", upgrade)
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==");
        let names = if upgrade.eq_ignore_ascii_case("websocket") {
            "sec-websocket-protocol"
        } else {
            "x-stream-protocol-version"
        };
        for offer in offered {
            request = request.header(names, *offer);
        }
        let asked = Asked::new(request.body(()).unwrap(), purpose)?;
        assert_eq!(asked.headers[header::CONNECTION], "Upgrade");
        if names.starts_with("sec") {
            // RFC 6455, section 1.3.
            assert_eq!(asked.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        }
        let agreed = asked.headers.get(names).map(|agreed| agreed.to_str().unwrap().to_owned());
        Ok((asked.way, agreed))
    }

    #[test]
    fn the_newest_known_protocol_is_taken() {
        let (v4, v5, tunnel) = ("v4.channel.k8s.io", "v5.channel.k8s.io", "SPDY/3.1+portforward.k8s.io");
        let (commands, ports) = (Purpose::Command, Purpose::Ports);
        let agreed = |way: Way, protocol: &str| Ok((way, Some(protocol.to_owned())));
        let unknown = |purpose: Purpose, offered: &str| Err(Refused::Protocol(offered.to_owned(), purpose.over_websocket()));
        let channels = |protocol: &str| agreed(Way::Channels, protocol);
        for (purpose, upgrade, offered, expected) in [
            (commands, "websocket", vec!["v5.channel.k8s.io, v4.channel.k8s.io"], channels(v5)),
            (commands, "WebSocket", vec![v4], channels(v4)),
            (commands, "websocket", vec![tunnel], unknown(commands, tunnel)),
            (ports, "websocket", vec![tunnel], agreed(Way::Tunnel, tunnel)),
            (ports, "websocket", vec![v4], channels(v4)),
            (
                commands,
                "SPDY/3.1",
                vec![v5, v4, "v3.channel.k8s.io"],
                agreed(Way::Spdy(Some(v4)), v4),
            ),
            (
                commands,
                "spdy/3.1",
                vec!["channel.k8s.io"],
                agreed(Way::Spdy(Some("channel.k8s.io")), "channel.k8s.io"),
            ),
            (commands, "SPDY/3.1", vec![], Ok((Way::Spdy(None), None))),
            (
                ports,
                "SPDY/3.1",
                vec!["portforward.k8s.io"],
                agreed(Way::Spdy(Some("portforward.k8s.io")), "portforward.k8s.io"),
            ),
            (
                ports,
                "SPDY/3.1",
                vec![v4],
                Err(Refused::Versions(vec![v4.to_owned()], ports.over_spdy())),
            ),
            (ports, "h2c", vec![], unknown(ports, "h2c")),
        ] {
            assert_eq!(ask(purpose, upgrade, &offered), expected, "{purpose:?} {upgrade} {offered:?}");
        }
        let refused = Asked::new(Request::get("/").body(()).unwrap(), commands).err();
        assert_eq!(refused, Some(Refused::NoUpgrade));
    }

    #[test]
    fn who_speaks_no_known_protocol_learns_which_are() {
        let refused = ask(Purpose::Ports, "SPDY/3.1", &["a", "b"]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "unable to upgrade: unable to negotiate protocol: client supports [a b], server accepts [portforward.k8s.io]"
        );
        let (status, headers) = refused.answer();
        assert_eq!(
            (status.as_u16(), &headers["x-accepted-stream-protocol-versions"]),
            (403, &"portforward.k8s.io".parse().unwrap())
        );
    }
}
