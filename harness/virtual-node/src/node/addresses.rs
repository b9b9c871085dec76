//! Pod addresses of a node.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Hands out a node's pod addresses as the host-local IPAM plugin does: in turn, so that an address rests before it is
/// used again.
pub(crate) struct Addresses {
    /// The first three bytes of a /24 network, such as `10.244.0`.
    prefix: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    taken: BTreeSet<u8>,
    last: u8,
}

/// `.0` is the network, `.1` the node's bridge, `.255` broadcast.
const FIRST: u8 = 2;
const LAST: u8 = 254;

impl Addresses {
    /// The addresses of the `node`-th node of a zone: 10.244.`node`.0/24.
    pub(crate) fn new(node: u8) -> Self {
        Self {
            prefix: format!("10.244.{node}"),
            state: Mutex::default(),
        }
    }

    /// The network in CIDR notation.
    pub(crate) fn cidr(&self) -> String {
        format!("{}.0/24", self.prefix)
    }

    /// The next free address, if there is one.
    pub(crate) fn take(&self) -> Option<String> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let after = state.last.saturating_add(1).max(FIRST);
        let next = (after..=LAST)
            .chain(FIRST..after)
            .find(|byte| !state.taken.contains(byte) && *byte <= LAST)?;
        state.taken.insert(next);
        state.last = next;
        Some(format!("{}.{next}", self.prefix))
    }

    /// Gives an address back; the node's own, which pods on the host's network have, is not one of these.
    pub(crate) fn release(&self, address: &str) {
        let own = address.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('.'));
        let byte = own.and_then(|byte| byte.parse().ok());
        if let Some(byte) = byte {
            self.state.lock().unwrap_or_else(PoisonError::into_inner).taken.remove(&byte);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Addresses;

    #[test]
    fn addresses_are_unique_and_rest_before_they_return() {
        let addresses = Addresses::new(3);
        assert_eq!(addresses.take().unwrap(), "10.244.3.2");
        assert_eq!(addresses.take().unwrap(), "10.244.3.3");
        addresses.release("10.244.3.2");
        assert_eq!(addresses.take().unwrap(), "10.244.3.4");
        let rest = std::iter::from_fn(|| addresses.take()).count();
        assert_eq!(rest, 253 - 2);
        addresses.release("172.18.0.10");
        assert_eq!(addresses.take(), None, "the node's address is none of them");
        addresses.release("10.244.3.9");
        assert_eq!(addresses.take().unwrap(), "10.244.3.9");
    }
}
