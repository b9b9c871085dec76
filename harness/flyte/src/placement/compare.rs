//! Two configurations side by side: which executions another one would send elsewhere.
//!
//! An execution's name draws the same number under both, so what moves is known exactly: a pool cuts the range of draws into pieces, one for
//! each cluster, and the pieces of both pools are laid over each other.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Attributes, LabelSource, PlacementError, PoolChoice, PoolSource, Request, Selector, seeded_draw};

/// A configuration with the labels that are stored beside it.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The configuration.
    pub selector: &'a Selector,
    /// The stored labels.
    pub attributes: &'a Attributes,
}

/// What becomes of executions of one kind.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The kind: all fields but the name.
    pub request: Request,
    /// The label and pool of now.
    pub before: Found,
    /// The label and pool of then.
    pub after: Found,
    /// Share of executions that go from one cluster to another, the largest first. What is missing to 1 stays.
    pub moves: Vec<Move>,
}

/// The label and pool of one side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// The label, if there is one.
    pub label: Option<String>,
    /// Where it came from.
    pub label_source: LabelSource,
    /// Which pool it leads to; none if flyteadmin refuses such executions.
    pub pool_source: Option<PoolSource>,
    /// Share of each cluster.
    pub shares: BTreeMap<String, f64>,
    /// Why executions are refused.
    pub refused: Option<String>,
}

/// A part of the executions that lands elsewhere.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Move {
    /// The cluster of now; `None`: refused.
    pub from: Option<String>,
    /// The cluster of then; `None`: refused.
    pub to: Option<String>,
    /// Its share of all executions of the kind, above 0 and up to 1.
    pub share: f64,
}

/// Stands for a project, domain or workflow that no stored label names.
pub const OTHER: &str = "(other)";

/// Where draws from one number to the next lead; the last number is 1.
type Pieces = Vec<(f64, Option<String>)>;

impl Comparison {
    /// Compares what becomes of executions of this kind.
    #[must_use]
    pub fn of(before: Side<'_>, after: Side<'_>, request: &Request) -> Self {
        let (before, old) = find(before, request);
        let (after, new) = find(after, request);
        let moves = overlay(&old, &new);
        Self {
            request: request.clone(),
            before,
            after,
            moves,
        }
    }

    /// Share of the executions that move.
    #[must_use]
    pub fn moved(&self) -> f64 {
        self.moves.iter().map(|part| part.share).sum()
    }
}

/// The kinds of executions that can differ: one for each stored label of either side, one for each label that a request can carry, and one
/// for all others.
#[must_use]
pub fn kinds(before: Side<'_>, after: Side<'_>) -> Vec<Request> {
    let other = |text: &str| if text.is_empty() { OTHER } else { text }.to_owned();
    let stored = [before.attributes, after.attributes].into_iter().flat_map(Attributes::rows);
    let stored: BTreeSet<_> = stored
        .map(|row| (other(&row.key.project), other(&row.key.domain), other(&row.key.workflow)))
        .collect();
    let labels = [before.selector, after.selector]
        .into_iter()
        .flat_map(|selector| selector.config().label_cluster_map.keys());
    let labels: BTreeSet<&String> = labels.collect();
    let plain = Request {
        project: OTHER.to_owned(),
        domain: OTHER.to_owned(),
        workflow: OTHER.to_owned(),
        ..Request::default()
    };
    let of_rows = stored.into_iter().map(|(project, domain, workflow)| Request {
        project,
        domain,
        workflow,
        ..Request::default()
    });
    let of_labels = labels.into_iter().map(|label| Request {
        label: Some(label.clone()),
        ..plain.clone()
    });
    of_rows.chain(of_labels).chain([plain.clone()]).collect()
}

/// Names `prefix0`, `prefix1` ... of executions that go to each cluster of a pool: `count` for each that can be drawn, unless it is so
/// seldom drawn that fewer are found among a million.
#[must_use]
pub fn names_for(choice: &PoolChoice, prefix: &str, count: usize) -> BTreeMap<String, Vec<String>> {
    const TRIES: usize = 1_000_000;
    let mut found: BTreeMap<String, Vec<String>> = super::shares(choice).into_keys().map(|cluster| (cluster, Vec::new())).collect();
    for number in 0..TRIES {
        if found.values().all(|names| names.len() >= count) {
            break;
        }
        let name = format!("{prefix}{number}");
        let cluster = match &choice.pool {
            None => "",
            Some(pool) => pool.choose(pool.threshold(seeded_draw(&name).float32)).cluster.as_str(),
        };
        if let Some(names) = found.get_mut(cluster).filter(|names| names.len() < count) {
            names.push(name);
        }
    }
    found
}

fn find(side: Side<'_>, request: &Request) -> (Found, Pieces) {
    match side.selector.choose_pool(side.attributes, request) {
        Ok((resolution, choice)) => {
            let found = Found {
                label: resolution.label,
                label_source: resolution.source,
                pool_source: Some(choice.source),
                shares: super::shares(&choice),
                refused: None,
            };
            (found, pieces(&choice))
        }
        Err(error) => (refused(&error), vec![(1.0, None)]),
    }
}

fn refused(error: &PlacementError) -> Found {
    Found {
        label: None,
        label_source: LabelSource::None,
        pool_source: None,
        shares: BTreeMap::new(),
        refused: Some(error.to_string()),
    }
}

fn pieces(choice: &PoolChoice) -> Pieces {
    let Some(pool) = &choice.pool else {
        return vec![(1.0, Some(String::new()))];
    };
    let total = f64::from(pool.total);
    let members = pool.members.iter().filter(|member| member.share > 0.0);
    members
        .map(|member| (f64::from(member.running_total) / total, Some(member.cluster.clone())))
        .collect()
}

fn overlay(old: &Pieces, new: &Pieces) -> Vec<Move> {
    let mut parts: BTreeMap<(&Option<String>, &Option<String>), f64> = BTreeMap::new();
    let (mut left, mut right) = (old.iter().peekable(), new.iter().peekable());
    let mut from = 0.0;
    while let (Some((old_end, old)), Some((new_end, new))) = (left.peek(), right.peek()) {
        let to = old_end.min(*new_end);
        if old != new && to > from {
            *parts.entry((old, new)).or_default() += to - from;
        }
        from = to;
        if *old_end <= to {
            left.next();
        }
        if *new_end <= to {
            right.next();
        }
    }
    let mut moves: Vec<Move> = parts
        .into_iter()
        .map(|((from, to), share)| Move {
            from: from.clone(),
            to: to.clone(),
            share,
        })
        .collect();
    moves.sort_by(|one, other| other.share.total_cmp(&one.share));
    moves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::placement::ClusterConfig;

    fn selector(map: &str) -> Selector {
        let text = format!(
            "clusters: {{clusterConfigs: [{{name: a, enabled: true}}, {{name: b, enabled: true}}, {{name: c, enabled: true}}], labelClusterMap: {{{map}}}}}"
        );
        Selector::new(ClusterConfig::from_yaml(&text).unwrap().0).unwrap()
    }

    fn request(label: &str) -> Request {
        Request {
            project: "p".to_owned(),
            label: Some(label.to_owned()),
            ..Request::default()
        }
    }

    /// The exact shares against draws of many names, name by name.
    #[test]
    fn shares_of_moves_are_those_of_the_draws() {
        let none = Attributes::default();
        for (old, new) in [
            ("x: [{id: a, weight: 1}]", "x: [{id: b, weight: 1}]"),
            (
                "x: [{id: a, weight: 0.5}, {id: b, weight: 0.5}]",
                "x: [{id: a, weight: 0.3}, {id: b, weight: 0.3}, {id: c, weight: 0.4}]",
            ),
            ("x: [{id: a, weight: 0.2}, {id: c, weight: 0.8}]", ""),
            ("x: [{id: a, weight: 0.1}]", "x: [{id: a, weight: 0.7}]"),
        ] {
            let (old, new) = (selector(old), selector(new));
            let side = |selector| Side {
                selector,
                attributes: &none,
            };
            let found = Comparison::of(side(&old), side(&new), &request("x"));
            let mut counted: BTreeMap<(String, String), usize> = BTreeMap::new();
            const NAMES: usize = 20_000;
            for number in 0..NAMES {
                let request = Request {
                    name: format!("run-{number}"),
                    ..request("x")
                };
                let place = |selector: &Selector| selector.place(&none, &request).unwrap().cluster;
                let (before, after) = (place(&old), place(&new));
                if before != after {
                    *counted.entry((before, after)).or_default() += 1;
                }
            }
            assert_eq!(found.moves.len(), counted.len(), "{found:?}");
            for part in &found.moves {
                let key = (part.from.clone().unwrap(), part.to.clone().unwrap());
                let share = counted[&key] as f64 / NAMES as f64;
                assert!((share - part.share).abs() < 0.015, "{part:?}: {share}");
            }
        }
    }

    #[test]
    fn a_label_that_single_cluster_mode_refuses_is_a_move() {
        let (none, multi) = (Attributes::default(), selector("x: [{id: a, weight: 1}]"));
        let single = Selector::new(ClusterConfig::default()).unwrap();
        let side = |selector| Side {
            selector,
            attributes: &none,
        };
        let found = Comparison::of(side(&multi), side(&single), &request("x"));
        assert_eq!(
            found.moves,
            [Move {
                from: Some("a".to_owned()),
                to: None,
                share: 1.0
            }]
        );
        assert!(found.after.refused.is_some_and(|text| text.contains("not supported")));
    }

    #[test]
    fn every_cluster_that_can_be_drawn_has_names() {
        let selector = selector("x: [{id: a, weight: 0.01}, {id: b, weight: 0.99}, {id: c, weight: 0}]");
        let found = names_for(&selector.choose_label(Some("x")), "run-", 3);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["a", "b"]);
        for (cluster, names) in found {
            assert_eq!(names.len(), 3);
            for name in names {
                let placed = selector.place(&Attributes::default(), &Request { name, ..request("x") }).unwrap();
                assert_eq!(placed.cluster, cluster);
            }
        }
    }
}
