//! What looks like production, and is therefore left alone.
//!
//! A marker is one mistake away from the wrong cluster: a copied manifest, a context that someone renamed. So there are three more looks,
//! at what a test cluster has no reason to have. Where one of them is wrong about a cluster, its administrator says so in the marker.

use super::marker::Marker;

/// Nodes that a test cluster may have unless its marker allows more.
pub(super) const NODES: usize = 20;
/// Namespaces with pods of others, beside Kubernetes' own, that a test cluster may have unless its marker allows more.
pub(super) const NAMESPACES: usize = 5;
/// Words that name production.
const WORDS: [&str; 4] = ["prod", "production", "prd", "live"];
/// Words before them that say otherwise.
const NOT: [&str; 2] = ["non", "not"];

/// What is known of a cluster.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Names that people gave: context, cluster, user, the server's host.
    pub(super) names: Vec<(&'static str, String)>,
    pub(super) nodes: usize,
    /// Namespaces with pods that are not Kubernetes' own.
    pub(super) busy: Vec<String>,
}

/// Why a cluster looks like production; empty if it does not.
pub(super) fn production(facts: &Facts, marker: &Marker) -> Vec<String> {
    let mut against = Vec::new();
    for (what, name) in &facts.names {
        if let Some(word) = word_of(name) {
            against.push(format!("its {what} is {name:?}, and {word:?} means production"));
        }
    }
    let nodes = marker.nodes.unwrap_or(NODES);
    if facts.nodes > nodes {
        against.push(format!(
            "it has {} nodes; more than {nodes} need the key `nodes` in the marker, with how many it may have",
            facts.nodes
        ));
    }
    let namespaces = marker.namespaces.unwrap_or(NAMESPACES);
    if facts.busy.len() > namespaces {
        against.push(format!(
            "pods of others run in {} namespaces ({}); more than {namespaces} need the key `namespaces` in the marker, with how many there may be",
            facts.busy.len(),
            facts.busy.join(", ")
        ));
    }
    against
}

/// Whether the namespace is Kubernetes' own, or of its usual parts.
pub(super) fn is_system(namespace: &str) -> bool {
    namespace == "default" || namespace.starts_with("kube-") || namespace == "local-path-storage"
}

/// The word in a name that says production.
fn word_of(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let words: Vec<&str> = lower
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .collect();
    words.iter().enumerate().find_map(|(index, word)| {
        let denied = index
            .checked_sub(1)
            .and_then(|before| words.get(before))
            .is_some_and(|word| NOT.contains(word));
        WORDS.into_iter().find(|production| production == word && !denied)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("prod-eu-1", Some("prod"))]
    #[case("gke_acme_europe-west1_production2", Some("production"))]
    #[case("api.PRD.example.com", Some("prd"))]
    #[case("non-prod", None)]
    #[case("nonprod", None)]
    #[case("product-catalogue", None)]
    #[case("kind-test", None)]
    fn words(#[case] name: &str, #[case] expected: Option<&str>) {
        assert_eq!(word_of(name), expected);
    }

    #[rstest]
    #[case(20, 5, None, None, 0)]
    #[case(21, 5, None, None, 1)]
    #[case(21, 6, None, None, 2)]
    #[case(100, 6, Some(100), Some(6), 0)]
    #[case(101, 7, Some(100), Some(6), 2)]
    fn sizes(
        #[case] nodes: usize,
        #[case] busy: usize,
        #[case] allowed_nodes: Option<usize>,
        #[case] allowed: Option<usize>,
        #[case] expected: usize,
    ) {
        let facts = Facts {
            names: vec![("context", "test".to_owned())],
            nodes,
            busy: (0..busy).map(|number| format!("team{number}")).collect(),
        };
        let marker = Marker {
            nodes: allowed_nodes,
            namespaces: allowed,
            held_by: None,
        };
        assert_eq!(production(&facts, &marker).len(), expected);
    }
}
