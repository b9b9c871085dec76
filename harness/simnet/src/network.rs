//! Zones, names and ports, and the way from one host to another.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

use crate::clock::Clock;
use crate::host::Host;
use crate::link::Link;
use crate::listener::{Listener, PeerAddr, Source};
use crate::outside::{Machine, Outside};
use crate::rules::Rules;
use crate::stream::{Stream, Wire};

/// Connections that wait to be accepted, as `somaxconn` has it on small hosts; more are refused.
const BACKLOG: usize = 128;
/// Bytes under way in one direction of a simulated connection.
const WINDOW: usize = 64 * 1024;
/// Until a connection to nowhere fails: what Linux needs to give up on SYNs with its default of six retries.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(127);
const EPHEMERAL: std::ops::RangeInclusive<u16> = 32768..=60999;

/// Names that are private to a zone, such as a cluster's Services.
pub trait Resolve: Send + Sync {
    /// Where `name:port` leads: `None` if the name is not this resolver's, an empty list if nothing stands behind it (connections are
    /// refused), else addresses of the zone with their ports, the one to use first.
    fn resolve(&self, name: &str, port: u16) -> Option<Vec<(String, u16)>>;

    /// The addresses that the zone's DNS has for a name: `None` if the name is not this resolver's.
    fn addresses(&self, name: &str) -> Option<Vec<String>> {
        let found = self.resolve(name, 0)?;
        Some(found.into_iter().map(|(address, _)| address).collect())
    }
}

/// All hosts of a world. Cheap to clone; all clones are one network.
#[derive(Clone)]
pub struct Network(Arc<Inner>);

struct Inner {
    clock: Clock,
    wires: Wires,
    outside: Option<Arc<dyn Outside>>,
    rules: Rules,
    state: Mutex<State>,
}

/// What connections between the network's machines are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wires {
    Memory,
    Loopback,
    /// There is one machine, this computer: its ports are the operating system's, and all else is outside.
    Machine,
}

#[derive(Default)]
struct State {
    ports: BTreeMap<PortKey, Port>,
    /// Public names: name -> (zone, address).
    names: BTreeMap<String, (String, String)>,
    resolvers: BTreeMap<String, Arc<dyn Resolve>>,
    /// Public domains that stand for a zone's private one: domain -> (zone, private domain).
    domains: BTreeMap<String, (String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PortKey {
    pub(crate) zone: String,
    pub(crate) address: String,
    pub(crate) port: u16,
}

#[derive(Clone)]
enum Port {
    Memory(mpsc::Sender<(Stream, PeerAddr)>),
    Tcp(SocketAddr),
}

impl Network {
    /// A network of in-memory streams: no sockets, works under a paused clock.
    pub fn simulated(clock: Clock) -> Self {
        Self::new(clock, Wires::Memory, None)
    }

    /// The same network over loopback sockets, for worlds in which programs outside this process take part.
    pub fn loopback(clock: Clock) -> Self {
        Self::new(clock, Wires::Loopback, None)
    }

    /// A network of in-memory streams between the machines of this process, with a way out: names that none of them has are looked up and
    /// reached by `outside`, and [`Host::publish`] lets the world outside in. For real time only: a paused clock does not wait for sockets.
    pub fn gateway(clock: Clock, outside: Arc<dyn Outside>) -> Self {
        Self::new(clock, Wires::Memory, Some(outside))
    }

    /// The network of a process that is a machine of its own, such as a container: ports are real ones at every address, and names and
    /// addresses are those that the operating system knows.
    pub fn machine(clock: Clock) -> Self {
        Self::new(clock, Wires::Machine, Some(Arc::new(Machine)))
    }

    fn new(clock: Clock, wires: Wires, outside: Option<Arc<dyn Outside>>) -> Self {
        Self(Arc::new(Inner {
            clock,
            wires,
            outside,
            rules: Rules::new(),
            state: Mutex::default(),
        }))
    }

    /// The world's clock.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// The machine with this address in a zone. Addresses need no registration.
    pub fn host(&self, zone: &str, address: &str) -> Host {
        Host::new(self.clone(), zone.to_owned(), address.to_owned())
    }

    /// Gives an address of a zone a name that every zone can look up. A second call for the same name moves it.
    pub fn name(&self, name: &str, zone: &str, address: &str) {
        self.state()
            .names
            .insert(name.to_ascii_lowercase(), (zone.to_owned(), address.to_owned()));
    }

    /// Installs the resolver of a zone's private names, in place of the one before.
    pub fn resolver(&self, zone: &str, resolver: Arc<dyn Resolve>) {
        self.state().resolvers.insert(zone.to_owned(), resolver);
    }

    /// Opens a zone's private names to every zone: below `domain` they are what they are below `private` in the zone itself, as a load
    /// balancer for each Service would have it.
    pub fn domain(&self, domain: &str, zone: &str, private: &str) {
        self.state()
            .domains
            .insert(domain.to_ascii_lowercase(), (zone.to_owned(), private.to_owned()));
    }

    /// The rules for traffic between zones.
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    pub(crate) async fn listen(&self, zone: &str, address: &str, port: u16) -> io::Result<Listener> {
        let socket = match self.0.wires {
            Wires::Memory => None,
            Wires::Loopback => Some(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?),
            Wires::Machine => {
                let socket = everywhere(port).await?;
                let port = socket.local_addr()?.port();
                return self.enter(zone, address, port, Some(socket));
            }
        };
        self.enter(zone, address, port, socket)
    }

    /// Whether this network is one machine of the operating system's network.
    pub(crate) fn is_machine(&self) -> bool {
        self.0.wires == Wires::Machine
    }

    /// A port of a machine that is a real socket at `bind`, too.
    pub(crate) async fn publish(&self, zone: &str, address: &str, port: u16, bind: SocketAddr) -> io::Result<Listener> {
        if self.0.wires == Wires::Memory && self.0.outside.is_none() {
            let why = "a simulated network has no way to the world outside";
            return Err(io::Error::new(io::ErrorKind::Unsupported, why));
        }
        self.enter(zone, address, port, Some(TcpListener::bind(bind).await?))
    }

    fn enter(&self, zone: &str, address: &str, port: u16, socket: Option<TcpListener>) -> io::Result<Listener> {
        let mut state = self.state();
        let key = state.free_port(zone, address, port)?;
        let (entry, source) = match socket {
            None => {
                let (sender, incoming) = mpsc::channel(BACKLOG);
                (Port::Memory(sender), Source::Memory(incoming))
            }
            Some(socket) => (Port::Tcp(reachable(socket.local_addr()?)), Source::Tcp(socket)),
        };
        state.ports.insert(key.clone(), entry);
        Ok(Listener {
            network: self.clone(),
            key,
            source,
        })
    }

    pub(crate) fn close(&self, key: &PortKey) {
        self.state().ports.remove(key);
    }

    /// Where `name:port` leads from `zone`, trying the search domains as a pod's resolver with `ndots:5` does.
    pub(crate) fn lookup(&self, zone: &str, search: &[String], name: &str, port: u16) -> io::Result<Vec<PortKey>> {
        let state = self.state();
        for candidate in candidates(search, name) {
            let found = state.resolve(zone, &candidate, port);
            if let Some(found) = found.or_else(|| state.resolve_delegated(&candidate, port)) {
                return Ok(found);
            }
            if let Some((zone, address)) = state.names.get(&candidate) {
                return Ok(vec![PortKey {
                    zone: zone.clone(),
                    address: address.clone(),
                    port,
                }]);
            }
        }
        let literal = PortKey {
            zone: zone.to_owned(),
            address: name.to_owned(),
            port,
        };
        let inside = match name.parse::<IpAddr>() {
            Ok(address) => {
                let routed = self.0.outside.as_ref().is_some_and(|outside| outside.routes(address));
                !routed || state.ports.range(literal.at_any_port()).next().is_some()
            }
            Err(_) => state.ports.contains_key(&literal),
        };
        if inside {
            return Ok(vec![literal]);
        }
        Err(io::Error::new(io::ErrorKind::NotFound, format!("lookup {name}: no such host")))
    }

    /// The full name and the addresses that DNS has for `name`, with the search domains as for [`Self::lookup`].
    pub(crate) fn addresses(&self, zone: &str, search: &[String], name: &str) -> io::Result<(String, Vec<String>)> {
        let state = self.state();
        for candidate in candidates(search, name) {
            let found = state.resolvers.get(zone).and_then(|resolver| resolver.addresses(&candidate));
            let public = || state.names.get(&candidate).map(|(_, address)| vec![address.clone()]);
            if let Some(found) = found.filter(|found| !found.is_empty()).or_else(public) {
                return Ok((candidate, found));
            }
        }
        match name.parse::<IpAddr>() {
            Ok(_) => Ok((name.to_owned(), vec![name.to_owned()])),
            Err(_) => Err(io::Error::new(io::ErrorKind::NotFound, format!("lookup {name}: no such host"))),
        }
    }

    pub(crate) async fn connect(&self, from: PeerAddr, to: &PortKey) -> io::Result<Stream> {
        self.reach(&from.zone, to).await?;
        let port = self.state().ports.get(to).cloned();
        match port {
            Some(Port::Memory(sender)) => {
                let (near, far) = tokio::io::duplex(WINDOW);
                let link =
                    |here: &str, peer: &str, opened| Some(Link::new(self.0.rules.clone(), here.to_owned(), peer.to_owned(), false, opened));
                let far = Stream::new(Wire::Memory(far), link(&to.zone, &from.zone, false));
                let near = Stream::new(Wire::Memory(near), link(&from.zone, &to.zone, true));
                sender.try_send((far, from)).map_err(|_| refused(to))?;
                Ok(near)
            }
            Some(Port::Tcp(addr)) => {
                let stream = TcpStream::connect(addr).await?;
                self.wrap(stream, &from.zone, &to.zone)
            }
            None => Err(refused(to)),
        }
    }

    /// A socket's stream under the rules between two zones.
    pub(crate) fn wrap(&self, stream: TcpStream, from: &str, to: &str) -> io::Result<Stream> {
        stream.set_nodelay(true)?;
        let link = Link::new(self.0.rules.clone(), from.to_owned(), to.to_owned(), true, true);
        Ok(Stream::new(Wire::Tcp(stream), Some(link)))
    }

    pub(crate) fn outside(&self) -> Option<&Arc<dyn Outside>> {
        self.0.outside.as_ref()
    }

    /// Waits as long as the way takes; fails where there is none.
    pub(crate) async fn reach(&self, from: &str, to: &PortKey) -> io::Result<()> {
        let there = self.0.rules.verdict(from, &to.zone);
        let back = self.0.rules.verdict(&to.zone, from);
        if there.dropped || back.dropped {
            sleep(CONNECT_TIMEOUT).await;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("dial tcp {to}: connect: connection timed out"),
            ));
        }
        let round_trip = there.delay + back.delay;
        if !round_trip.is_zero() {
            sleep(round_trip).await;
        }
        if there.refused { Err(refused(to)) } else { Ok(()) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn resolve(&self, zone: &str, name: &str, port: u16) -> Option<Vec<PortKey>> {
        let found = self.resolvers.get(zone)?.resolve(name, port)?;
        Some(
            found
                .into_iter()
                .map(|(address, port)| PortKey {
                    zone: zone.to_owned(),
                    address,
                    port,
                })
                .collect(),
        )
    }

    fn resolve_delegated(&self, name: &str, port: u16) -> Option<Vec<PortKey>> {
        let (at, _) = name.match_indices('.').find(|(at, _)| self.domains.contains_key(&name[at + 1..]))?;
        let (zone, private) = self.domains.get(&name[at + 1..])?;
        self.resolve(zone, &format!("{}.{private}", &name[..at]), port)
    }

    fn free_port(&self, zone: &str, address: &str, port: u16) -> io::Result<PortKey> {
        let key = |port| PortKey {
            zone: zone.to_owned(),
            address: address.to_owned(),
            port,
        };
        let in_use = || {
            io::Error::new(
                io::ErrorKind::AddrInUse,
                format!("listen tcp {address}:{port}: bind: address already in use"),
            )
        };
        if port != 0 {
            return if self.ports.contains_key(&key(port)) {
                Err(in_use())
            } else {
                Ok(key(port))
            };
        }
        EPHEMERAL.map(key).find(|key| !self.ports.contains_key(key)).ok_or_else(in_use)
    }
}

fn refused(to: &PortKey) -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionRefused,
        format!("dial tcp {to}: connect: connection refused"),
    )
}

/// A port at every address of this machine, of both families where it has both.
async fn everywhere(port: u16) -> io::Result<TcpListener> {
    match TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).await {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).await,
        bound => bound,
    }
}

/// Where a socket that listens at an address is reached from this machine.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

impl PortKey {
    fn at_any_port(&self) -> std::ops::RangeInclusive<Self> {
        let at = |port| Self { port, ..self.clone() };
        at(0)..=at(u16::MAX)
    }
}

impl fmt::Display for PortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.address, self.port)
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("wires", &self.0.wires).finish_non_exhaustive()
    }
}

/// The full names that a name may stand for, in the order of a resolver with `ndots:5`.
fn candidates(search: &[String], name: &str) -> impl Iterator<Item = String> {
    let absolute = name.strip_suffix('.');
    let searched = search.iter().filter(move |_| absolute.is_none() && name.matches('.').count() < 5);
    let full = searched.map(move |domain| format!("{name}.{domain}"));
    full.chain([absolute.unwrap_or(name).to_owned()])
        .map(|name| name.to_ascii_lowercase())
}
