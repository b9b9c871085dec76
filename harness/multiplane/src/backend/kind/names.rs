//! Names that kind, docker and Kubernetes all accept.

use super::super::dns_name;

/// Letters of a cluster's name above which kind fails: its node's name must fit a host name of 63. (50 was recorded to fail late and without
/// a hint.)
const LONGEST: usize = 49;

/// The cluster's name: `mp-<world>-<id>`. Where that is too long the id is cut and told apart by a hash.
pub(super) fn cluster(world: &str, id: &str) -> String {
    let prefix = format!("mp-{}-", dns_name(world));
    let id = dns_name(id);
    if prefix.len() + id.len() <= LONGEST {
        return prefix + &id;
    }
    let hash = id
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let room = LONGEST.saturating_sub(prefix.len() + 9);
    let cut: String = id.chars().take(room).collect();
    format!("{prefix}{}-{hash:08x}", cut.trim_end_matches('-'))
}

/// The world's docker network.
pub(super) fn network(world: &str) -> String {
    format!("mp-{}", dns_name(world))
}

/// The node that bears the API server, which is also the name in its certificate.
pub(super) fn control_plane(cluster: &str) -> String {
    format!("{cluster}-control-plane")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_kind() {
        assert_eq!(
            cluster("20261129t112715-12345-0", "dataplane_1"),
            "mp-20261129t112715-12345-0-dataplane-1"
        );
        let long = cluster("20261129t112715-4194304-12", "dataplane_in_the_north_1");
        let other = cluster("20261129t112715-4194304-12", "dataplane_in_the_north_2");
        assert!(long.len() <= LONGEST && other.len() <= LONGEST, "{long}");
        assert_ne!(long, other);
        assert_eq!(cluster("r", "A_b"), "mp-r-a-b");
    }
}
