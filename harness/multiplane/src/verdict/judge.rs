//! The judgement on one execution: from what was seen, never from what the rules predict.

use std::collections::BTreeMap;

use crate::journal::{Admin, Sighting};

/// What an execution has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Clusters where it may be; empty if any will do.
    pub on: Vec<String>,
    /// It must be on no cluster: Flyte took it, and failed to create it.
    pub nowhere: bool,
    /// Whether it must not have been seen anywhere else, ever.
    pub nowhere_else: bool,
    /// The phase that the admin API must report, if it matters.
    pub phase: Option<String>,
    /// Text that the execution's error must contain once it has ended.
    pub error: Option<String>,
}

/// What the witnesses say about a [`Demand`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Fulfilled, as far as one can see now.
    Met,
    /// Not yet; what is missing.
    Pending(Vec<String>),
    /// Cannot become right any more; what is wrong.
    Violated(Vec<String>),
}

/// Phases that never change again.
const TERMINAL: [&str; 4] = ["SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"];

/// Judges one execution.
pub fn judge(demand: &Demand, admin: Option<&Admin>, seen: &BTreeMap<String, Sighting>) -> Judgement {
    let wrong = wrong(demand, admin, seen);
    if !wrong.is_empty() {
        return Judgement::Violated(wrong);
    }
    let missing = missing(demand, admin, seen);
    if missing.is_empty() {
        Judgement::Met
    } else {
        Judgement::Pending(missing)
    }
}

fn allowed(demand: &Demand, cluster: &str) -> bool {
    demand.on.is_empty() || demand.on.iter().any(|on| on == cluster)
}

impl Demand {
    /// Whether an execution must not be on this cluster.
    pub fn strays(&self, cluster: &str) -> bool {
        self.nowhere || self.nowhere_else && !allowed(self, cluster)
    }
}

fn wrong(demand: &Demand, admin: Option<&Admin>, seen: &BTreeMap<String, Sighting>) -> Vec<String> {
    let mut wrong = Vec::new();
    let strays: Vec<&String> = seen.keys().filter(|cluster| !allowed(demand, cluster)).collect();
    let on = demand.on.join(" or ");
    if demand.nowhere_else {
        wrong.extend(
            strays
                .iter()
                .map(|cluster| format!("seen on {cluster} ({}), expected only on {on}", objects(&seen[*cluster]))),
        );
        if strays.is_empty() && seen.len() > 1 {
            wrong.push(format!("seen on {} clusters: {}", seen.len(), names(seen)));
        }
    }
    if demand.nowhere {
        wrong.extend(
            seen.iter()
                .map(|(cluster, sighting)| format!("seen on {cluster} ({}), expected nowhere", objects(sighting))),
        );
    }
    let Some(admin) = admin else { return wrong };
    if !demand.nowhere && admin.phase == "FAILED" && admin.cluster.is_empty() && seen.is_empty() {
        let why = admin.error.as_deref().unwrap_or("no message");
        wrong.push(format!("it was never created in any cluster: {why}"));
        return wrong;
    }
    if !admin.cluster.is_empty() {
        if demand.nowhere || !allowed(demand, &admin.cluster) {
            let expected = if demand.nowhere { "none" } else { &on };
            wrong.push(format!("the admin API says {}, expected {expected}", admin.cluster));
        }
        if !seen.is_empty() && !seen.contains_key(&admin.cluster) {
            wrong.push(format!("the admin API says {}, but it was seen on {}", admin.cluster, names(seen)));
        }
    }
    if TERMINAL.contains(&admin.phase.as_str()) {
        wrong.extend(wrong_end(demand, admin));
    }
    wrong
}

fn wrong_end(demand: &Demand, admin: &Admin) -> Option<String> {
    let why = admin.error.as_deref();
    if let Some(phase) = demand.phase.as_ref().filter(|phase| **phase != admin.phase) {
        let why = why.map_or(String::new(), |why| format!(": {why}"));
        return Some(format!("it ended {}, expected {phase}{why}", admin.phase));
    }
    let error = demand
        .error
        .as_ref()
        .filter(|text| !why.is_some_and(|why| why.contains(text.as_str())))?;
    Some(format!(
        "its error is {:?}, expected it to contain {error:?}",
        why.unwrap_or_default()
    ))
}

fn missing(demand: &Demand, admin: Option<&Admin>, seen: &BTreeMap<String, Sighting>) -> Vec<String> {
    let mut missing = Vec::new();
    if !demand.nowhere && !seen.keys().any(|cluster| allowed(demand, cluster)) {
        let place = if demand.on.is_empty() {
            "any cluster".to_owned()
        } else {
            demand.on.join(" or ")
        };
        missing.push(format!("not seen on {place}"));
    }
    match (admin, &demand.phase) {
        (None, _) => missing.push("the admin API does not know it".to_owned()),
        (Some(admin), Some(phase)) if admin.phase != *phase => missing.push(format!("phase is {}, expected {phase}", admin.phase)),
        (Some(admin), _) if demand.nowhere && admin.phase != "FAILED" => missing.push(format!("phase is {}, expected FAILED", admin.phase)),
        _ => {}
    }
    missing
}

fn names(seen: &BTreeMap<String, Sighting>) -> String {
    seen.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn objects(sighting: &Sighting) -> String {
    let workflows = sighting.workflows.iter().map(|name| format!("FlyteWorkflow {name}"));
    let pods = sighting.pods.iter().map(|name| format!("pod {name}"));
    workflows.chain(pods).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn seen(clusters: &[&str]) -> BTreeMap<String, Sighting> {
        let sighting = Sighting {
            workflows: vec!["team1-development/e1".into()],
            pods: vec![],
            after_millis: None,
        };
        clusters.iter().map(|cluster| ((*cluster).to_owned(), sighting.clone())).collect()
    }

    fn admin(cluster: &str, phase: &str) -> Option<Admin> {
        Some(Admin {
            cluster: cluster.into(),
            phase: phase.into(),
            error: (phase == "FAILED").then(|| "boom".into()),
        })
    }

    #[rstest]
    #[case::right(&["dp1"], admin("dp1", "RUNNING"), None, "met")]
    #[case::not_yet(&[], admin("dp1", "UNDEFINED"), None, "pending: not seen on dp1")]
    #[case::unknown(&["dp1"], None, None, "pending: the admin API does not know it")]
    #[case::elsewhere(&["dp2"], admin("dp2", "RUNNING"), None,
        "violated: seen on dp2 (FlyteWorkflow team1-development/e1), expected only on dp1; the admin API says dp2, expected dp1")]
    #[case::twice(&["dp1", "dp2"], admin("dp1", "RUNNING"), None, "violated: seen on dp2 (FlyteWorkflow team1-development/e1), expected only on dp1")]
    #[case::admin_differs(&["dp1"], admin("dp2", "RUNNING"), None,
        "violated: the admin API says dp2, expected dp1; the admin API says dp2, but it was seen on dp1")]
    #[case::never_created(&[], admin("", "FAILED"), None, "violated: it was never created in any cluster: boom")]
    #[case::single_cluster_mode(&["dp1"], admin("", "RUNNING"), None, "met")]
    #[case::phase_pending(&["dp1"], admin("dp1", "RUNNING"), Some("SUCCEEDED"), "pending: phase is RUNNING, expected SUCCEEDED")]
    #[case::phase_wrong(&["dp1"], admin("dp1", "FAILED"), Some("SUCCEEDED"), "violated: it ended FAILED, expected SUCCEEDED: boom")]
    #[case::failure_wanted(&["dp1"], admin("dp1", "FAILED"), Some("FAILED"), "met")]
    fn on_dp1_and_nowhere_else(#[case] places: &[&str], #[case] admin: Option<Admin>, #[case] phase: Option<&str>, #[case] expected: &str) {
        let demand = Demand {
            on: vec!["dp1".into()],
            nowhere_else: true,
            phase: phase.map(Into::into),
            ..Demand::default()
        };
        let text = match judge(&demand, admin.as_ref(), &seen(places)) {
            Judgement::Met => "met".to_owned(),
            Judgement::Pending(why) => format!("pending: {}", why.join("; ")),
            Judgement::Violated(why) => format!("violated: {}", why.join("; ")),
        };
        assert_eq!(text, expected);
    }

    #[test]
    fn any_cluster_still_means_one_cluster() {
        let demand = Demand {
            on: vec![],
            nowhere_else: true,
            phase: None,
            ..Demand::default()
        };
        assert_eq!(judge(&demand, admin("dp1", "RUNNING").as_ref(), &seen(&["dp1"])), Judgement::Met);
        assert!(matches!(
            judge(&demand, admin("dp1", "RUNNING").as_ref(), &seen(&["dp1", "dp2"])),
            Judgement::Violated(_)
        ));
    }

    #[test]
    fn elsewhere_may_be_allowed() {
        let demand = Demand {
            on: vec!["dp1".into()],
            nowhere_else: false,
            phase: None,
            ..Demand::default()
        };
        assert_eq!(
            judge(&demand, admin("dp1", "RUNNING").as_ref(), &seen(&["dp1", "dp2"])),
            Judgement::Met
        );
    }

    #[test]
    fn nowhere_means_failed_with_that_error() {
        let demand = Demand {
            nowhere: true,
            nowhere_else: true,
            phase: None,
            error: Some("boom".into()),
            ..Demand::default()
        };
        assert_eq!(judge(&demand, admin("", "FAILED").as_ref(), &seen(&[])), Judgement::Met);
        assert!(matches!(
            judge(&demand, admin("", "UNDEFINED").as_ref(), &seen(&[])),
            Judgement::Pending(_)
        ));
        assert!(matches!(
            judge(&demand, admin("dp1", "RUNNING").as_ref(), &seen(&["dp1"])),
            Judgement::Violated(_)
        ));
        let other = Demand {
            error: Some("bang".into()),
            ..demand
        };
        assert!(matches!(
            judge(&other, admin("", "FAILED").as_ref(), &seen(&[])),
            Judgement::Violated(_)
        ));
    }
}
