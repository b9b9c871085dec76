//! Ports of nodes that pods take for themselves.

use super::nodes::Node;
use crate::controllers::fields::Fields;
use crate::object::Object;

/// Whether the host ports that a pod wants are free on a node.
pub(super) fn are_free(pod: &Object, node: &Node) -> bool {
    let wanted = of(pod);
    wanted.is_empty() || {
        let mut taken = node.pods.values().flat_map(|placed| of(&placed.pod));
        !taken.any(|taken| wanted.iter().any(|wanted| conflict(wanted, &taken)))
    }
}

/// Port, protocol, address (empty: all).
type HostPort = (i64, String, String);

fn of(pod: &Object) -> Vec<HostPort> {
    let ports = pod
        .list_at("/spec/containers")
        .iter()
        .flat_map(|container| container.list_at("/ports"));
    let ports = ports.filter(|port| port.int_at("/hostPort") > 0);
    let address = |address: &str| if address == "0.0.0.0" { String::new() } else { address.to_owned() };
    let protocol = |name: &str| if name.is_empty() { "TCP".to_owned() } else { name.to_owned() };
    ports
        .map(|p| (p.int_at("/hostPort"), protocol(p.str_at("/protocol")), address(p.str_at("/hostIP"))))
        .collect()
}

fn conflict(a: &HostPort, b: &HostPort) -> bool {
    a.0 == b.0 && a.1 == b.1 && (a.2 == b.2 || a.2.is_empty() || b.2.is_empty())
}
