//! The way from this cluster's pods to machines in other processes.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::{OUTSIDE, Outside};
use tokio::net::TcpStream;

use super::tunnel;
use crate::backend::names;

/// Other clusters by their DNS names, their Services through their tunnels, and whatever else the resolver knows.
pub(super) struct Peers {
    /// Port at which every cluster's machine answers for its Services.
    pub(super) services_port: u16,
    /// Folder with addresses of further machines.
    pub(super) machines: Option<PathBuf>,
}

impl Peers {
    /// The address of a further machine. It is looked up at each connection: machines come and go.
    fn machine(&self, name: &str) -> Option<String> {
        // A name that is a path is nobody's.
        let name = name.to_ascii_lowercase();
        let plain = name
            .bytes()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_'));
        let file = self.machines.as_ref().filter(|_| plain)?.join(name);
        std::fs::read_to_string(file).ok().map(|address| address.trim().to_owned())
    }
}

impl Outside for Peers {
    fn routes(&self, address: IpAddr) -> bool {
        let IpAddr::V4(address) = address else {
            return !address.is_loopback();
        };
        // Pods and Services have these addresses in every cluster: they lead nowhere else, as behind a real cluster's own network.
        let own = matches!(address.octets()[..2], [10, 244 | 96]);
        !own && !address.is_loopback()
    }

    fn zone(&self, name: &str) -> String {
        names::cluster(name).unwrap_or(OUTSIDE).to_owned()
    }

    fn dial<'a>(&'a self, name: &'a str, port: u16) -> BoxFuture<'a, io::Result<TcpStream>> {
        async move {
            match names::split_service(name) {
                Some((service, machine)) => {
                    let stream = simnet::dial(machine, self.services_port).await?;
                    tunnel::open(stream, &service, port).await
                }
                None => match self.machine(name) {
                    Some(address) => simnet::dial(&address, port).await,
                    None => simnet::dial(name, port).await,
                },
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("10.244.1.2", false)]
    #[case("10.96.0.1", false)]
    #[case("127.0.0.1", false)]
    #[case("::1", false)]
    #[case("172.18.0.3", true)]
    #[case("10.97.0.1", true)]
    fn own_addresses_never_lead_out(#[case] address: &str, #[case] expected: bool) {
        assert_eq!(
            Peers {
                services_port: 0,
                machines: None
            }
            .routes(address.parse().unwrap()),
            expected
        );
    }
}
