//! Which of the nodes that fit is the best.

use super::filter::Candidate;
use super::node_affinity;
use super::nodes::Node;
use super::taints;
use crate::controllers::fields::Fields;

/// The best node: most left over after the pod, preferences met, few pods of the same controller.
/// Among equals the first by name, so that the same world always gives the same answer.
pub(super) fn best<'a>(candidate: &Candidate<'_>, nodes: &[&'a Node]) -> Option<&'a Node> {
    let totals = [
        (1, nodes.iter().map(|node| left_over(candidate, node)).collect()),
        (
            2,
            normalized(nodes.iter().map(|node| node_affinity::preference(candidate.pod, &node.object))),
        ),
        (2, normalized(nodes.iter().map(|node| candidate.affinity.preference(node)))),
        (2, normalized(nodes.iter().map(|node| -siblings(candidate, node)))),
        (3, normalized(nodes.iter().map(|node| -discouraging_taints(candidate, node)))),
    ];
    let total = |index: usize| {
        totals
            .iter()
            .map(|(weight, scores): &(i64, Vec<i64>)| weight * scores[index])
            .sum::<i64>()
    };
    let best = (0..nodes.len()).max_by_key(|&index| (total(index), std::cmp::Reverse(nodes[index].object.name())))?;
    Some(nodes[best])
}

/// Share of CPU and memory that is free once the pod is there, 0 to 100.
fn left_over(candidate: &Candidate<'_>, node: &Node) -> i64 {
    let free = |name: &str| {
        let allocatable = node.allocatable.get(name);
        let requested = node.requested.guessed.get(name) + candidate.request.guessed.get(name);
        if allocatable <= 0 || requested > allocatable {
            0
        } else {
            (i128::from(allocatable - requested) * 100 / i128::from(allocatable)) as i64
        }
    };
    (free("cpu") + free("memory")) / 2
}

/// Pods on the node that the same controller made.
fn siblings(candidate: &Candidate<'_>, node: &Node) -> i64 {
    candidate.controller.as_deref().map_or(0, |controller| node.controlled(controller))
}

fn discouraging_taints(candidate: &Candidate<'_>, node: &Node) -> i64 {
    let tolerations = candidate.pod.list_at("/spec/tolerations");
    let taints = node
        .object
        .list_at("/spec/taints")
        .iter()
        .filter(|taint| taint.str_at("/effect") == "PreferNoSchedule");
    i64::try_from(taints.filter(|taint| !taints::is_tolerated(taint, tolerations)).count()).unwrap_or(i64::MAX)
}

/// Scores from 0 (least) to 100 (most); all equal: 100.
fn normalized(scores: impl Iterator<Item = i64>) -> Vec<i64> {
    let scores: Vec<i64> = scores.collect();
    let (least, most) = (scores.iter().min().copied().unwrap_or(0), scores.iter().max().copied().unwrap_or(0));
    let scale = |score: i64| {
        if most == least {
            100
        } else {
            (score - least) * 100 / (most - least)
        }
    };
    scores.into_iter().map(scale).collect()
}
