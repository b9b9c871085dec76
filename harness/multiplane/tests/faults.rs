//! Faults as steps: seen to bite, healed, and mended however a scenario ends.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/shown.rs"]
mod shown;
#[path = "support/steps.rs"]
mod steps;

use multiplane::journal::{Event, Outcome};
use steps::{assert_shown, recorded, run};

#[test]
fn each_verdict_bites_where_it_must_and_only_there() {
    let (outcome, text) = run("\
- fault: {id: gone, match: {cluster: a}, verdict: refuse}
- fault: {id: cut, match: {between: [b, c]}, verdict: drop}
- heal: {fault: [gone, cut]}
- fault: {id: late, match: {from: c, to: a}, verdict: {delay: 2s}}
- heal: {fault: late}
");
    assert_eq!(outcome, Outcome::Passed, "{text}");
    let refused = ["a -> b", "b -> a", "a -> c", "c -> a"].map(|way| format!("bites: {way}: dial tcp"));
    assert_shown(&text, &refused.iter().map(String::as_str).collect::<Vec<_>>());
    assert_shown(
        &text,
        &[
            "connection refused",
            "bites: b -> c: dial tcp",
            "no answer within 5 s",
            "bites: c -> a: connected in 2.00 s",
        ],
    );
    assert_shown(&text, &["mended: b -> c: connected in", "mended: c -> a: connected in"]);
}

#[test]
fn a_scenario_that_fails_is_mended() {
    let (outcome, text) = run("\
- fault: {id: gone, match: {cluster: a}, verdict: drop}
- expect: {resources: {on: b, apiVersion: v1, kind: Namespace, name: default, absent: true, within: 1s}}
- heal: {fault: gone}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(&text, &["fault gone: mended at the end of the scenario"]);
}

#[test]
fn a_scenario_that_takes_too_long_is_mended() {
    let (outcome, text) = run("- fault: {id: gone, match: {cluster: a}, verdict: drop}\n- wait: {for: 1h}\n");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(
        &text,
        &["longer than its settings.timeout", "fault gone: mended at the end of the scenario"],
    );
}

#[test]
fn a_fault_that_changes_nothing_is_told() {
    let (outcome, text) = run("\
- fault: {id: gone, match: {cluster: a}, verdict: drop}
- fault: {id: again, match: {between: [a, b]}, verdict: refuse}
");
    assert_eq!(outcome, Outcome::Environment, "{text}");
    assert_shown(&text, &["a does not reach b without the fault"]);
}

/// A service account that may make ConfigMaps on `a`.
const ACCOUNT: &str = "\
- apply:
    on: a
    objects:
      - {apiVersion: v1, kind: ServiceAccount, metadata: {name: worker, namespace: default}}
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRole
        metadata: {name: worker}
        rules: [{apiGroups: [\"\"], resources: [configmaps], verbs: [create]}]
      - apiVersion: rbac.authorization.k8s.io/v1
        kind: ClusterRoleBinding
        metadata: {name: worker}
        roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: worker}
        subjects: [{kind: ServiceAccount, name: worker, namespace: default}, {kind: User, apiGroup: rbac.authorization.k8s.io, name: jane}]
";

#[test]
fn a_permission_is_taken_from_one_account_and_given_back() {
    let (outcome, text) = run(&format!(
        "{ACCOUNT}\
- fault: {{id: taken, match: {{permission: {{cluster: a, serviceAccount: default/worker, verb: create, resource: configmaps}}}}, verdict: forbid}}
- expect:
    resources:
      {{on: a, apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, name: worker, cel: \"object.subjects.map(s, s.name) == ['jane']\"}}
- heal: {{fault: taken}}
- expect:
    resources:
      {{on: a, apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, name: worker, cel: object.subjects.size() == 2}}
- fault: {{id: taken, match: {{permission: {{cluster: a, serviceAccount: default/worker, verb: create, resource: configmaps}}}}, verdict: forbid}}
- wait: {{for: 1h}}
"
    ));
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(
        &text,
        &[
            "bites: no longer: default/worker may create configmaps on a",
            "mended: ClusterRoleBinding worker as before",
            "fault taken: mended at the end of the scenario",
        ],
    );
}

#[test]
fn what_nobody_asks_for_is_no_fault() {
    let (outcome, text) = run(&format!(
        "{ACCOUNT}\
- fault: {{id: broken, match: {{requests: {{to: a, by: default/worker}}}}, verdict: {{status: {{code: 500}}}}}}
- heal: {{fault: broken}}
"
    ));
    assert_ne!(outcome, Outcome::Passed, "{text}");
    assert_shown(&text, &["none of 0 such requests was disturbed"]);
    let (outcome, text) = run(&format!(
        "{ACCOUNT}- fault: {{id: deaf, match: {{requests: {{to: a, by: default/worker}}}}, verdict: endWatches}}\n"
    ));
    assert_eq!(outcome, Outcome::Environment, "{text}");
    assert_shown(&text, &["default/worker has no open watch on a"]);
}

#[test]
fn what_flaps_comes_and_goes() {
    let (outcome, text) = run("\
- fault: {id: flapping, match: {between: [a, b]}, verdict: {flap: {down: 10s, up: 20s}}}
- heal: {fault: flapping}
");
    assert_eq!(outcome, Outcome::Passed, "{text}");
    assert_shown(
        &text,
        &[
            "bites: a -> b: dial tcp",
            "connection refused",
            "bites: b -> a: connected again",
            "mended: a -> b: connected in",
        ],
    );
}

/// What it is mended on is still there, and is waited for.
#[test]
fn a_workload_that_is_stopped_when_a_scenario_fails_comes_back() {
    let (outcome, text) = run("\
- apply:
    on: a
    objects:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop, namespace: default}
        spec:
          selector: {matchLabels: {app: shop}}
          template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: x}]}}
- expect: {pods: {on: a, namespace: default, all: Running, count: 1}}
- fault: {id: stopped, match: {workload: {cluster: a, namespace: default, name: shop}}, verdict: stop}
- expect: {pods: {on: a, namespace: default, count: 1, within: 1s}}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(&text, &["fault stopped: mended at the end of the scenario"]);
}

#[test]
fn a_workload_is_stopped_and_comes_back() {
    let (outcome, text) = run("\
- apply:
    on: a
    objects:
      - apiVersion: apps/v1
        kind: Deployment
        metadata: {name: shop, namespace: default}
        spec:
          replicas: 2
          selector: {matchLabels: {app: shop}}
          template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: x}]}}
- expect: {pods: {on: a, namespace: default, all: Running, count: 2}}
- fault: {id: stopped, match: {workload: {cluster: a, namespace: default, name: shop}}, verdict: stop}
- expect: {pods: {on: a, namespace: default, count: 0, within: 1s, hold: 1m}}
- heal: {fault: stopped}
- expect: {pods: {on: a, namespace: default, all: Running, count: 2, within: 1s}}
- fault: {id: full, match: {namespace: {cluster: a, name: default}}, verdict: full}
- fault: {id: killed, match: {workload: {cluster: a, namespace: default, name: shop}}, verdict: kill}
- expect: {pods: {on: a, namespace: default, count: 0, within: 1s, hold: 1m}}
- heal: {fault: full}
- heal: {fault: killed}
- expect: {pods: {on: a, namespace: default, all: Running, count: 2, within: 1s}}
");
    assert_eq!(outcome, Outcome::Passed, "{text}");
    assert_shown(
        &text,
        &[
            "are gone, and no other comes",
            "exceeded quota",
            "mended: Deployment default/shop is up",
        ],
    );
}

/// What is drawn on the page: from when it was made until it was mended, and nothing of one that never was.
#[test]
fn faults_are_recorded_once_they_are_made() {
    let recorded = |steps: &str| {
        let (_, _, records) = recorded(steps);
        let told = records.into_iter().filter_map(|record| match record.event {
            Event::FaultMade { fault, .. } => Some(format!("made {fault}")),
            Event::FaultMended { fault } => Some(format!("mended {fault}")),
            Event::Note { text, .. } if text.starts_with("bites: b") => Some("bites".to_owned()),
            Event::StepFinished { code: Some(code), .. } => Some(code),
            _ => None,
        });
        told.collect::<Vec<_>>()
    };
    let cases: [(&str, &[&str]); 3] = [
        (
            "- fault: {id: f, match: {from: b, to: a}, verdict: refuse}\n- heal: {fault: f}\n",
            &["made f", "bites", "mended f"],
        ),
        (
            "- fault: {id: f, match: {workload: {cluster: a, namespace: default, name: none}}, verdict: kill}\n",
            &["fault-on-nothing"],
        ),
        (
            "- fault: {id: f, match: {namespace: {cluster: a, name: none}}, verdict: full}\n",
            &["fault-on-nothing"],
        ),
    ];
    for (steps, expected) in cases {
        assert_eq!(recorded(steps), expected, "{steps}");
    }
}
