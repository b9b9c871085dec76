//! Failures of the environment that a second attempt may not meet.

/// Texts of such failures, in lower case, with their stable codes: what kernels, TLS and HTTP libraries and API servers say. Clusters that do not
/// start are their backend's to try again (`backend/kind/signature.rs`).
const TABLE: &[(&str, &str)] = &[
    ("connection reset", "connection-reset"),
    ("connection refused", "connection-refused"),
    ("broken pipe", "connection-reset"),
    ("connection closed before message completed", "connection-reset"),
    ("handshake eof", "connection-reset"),
    ("tls handshake timeout", "handshake-timeout"),
    ("i/o timeout", "network-timeout"),
    ("operation timed out", "network-timeout"),
    ("deadline has elapsed", "network-timeout"),
    ("temporary failure in name resolution", "name-resolution"),
    ("etcdserver: leader changed", "etcd-leader"),
    ("etcdserver: request timed out", "etcd-timeout"),
];

/// The code of a failure that is known to pass; `None` for all others, which are not tried again.
pub(super) fn transient(message: &str) -> Option<&'static str> {
    let lower = message.to_lowercase();
    TABLE.iter().find(|(text, _)| lower.contains(text)).map(|(_, code)| *code)
}

#[cfg(test)]
mod tests {
    use super::transient;

    #[test]
    fn only_what_is_known_passes() {
        let cases = [
            (
                "error sending request: Connection reset by peer (os error 104)",
                Some("connection-reset"),
            ),
            ("port is already allocated", None),
            ("ERROR: failed to pull image", None),
            ("no space left on device", None),
            ("certificate signed by unknown authority", None),
        ];
        for (message, code) in cases {
            assert_eq!(transient(message), code, "{message}");
        }
    }
}
