//! Conditions that stay active across steps, and joint verdicts.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/shown.rs"]
mod shown;
#[path = "support/steps.rs"]
mod steps;

use multiplane::journal::Outcome;
use steps::{assert_shown, run};

#[test]
fn what_breaks_names_object_cluster_and_time_at_the_step_in_which_it_breaks() {
    let (outcome, text) = run("\
- never: {id: none, on: \"*\", apiVersion: v1, kind: ConfigMap, namespace: default, matches: {data: {x: \"1\"}}}
- wait: {for: 5m}
- apply: {on: b, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default}, data: {x: \"1\"}}]}
- apply: {on: b, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default}, data: {x: \"1\"}}], delete: true}
- wait: {for: 1m}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(
        &text,
        &[
            "[invariant-broken] never none (line ",
            "): ConfigMap default/* on b at 2026-01-01T00:05:00Z: default/z: has {\"data\":{\"x\":\"1\"}}",
            "first seen after step 3: apply objects on b",
        ],
    );
}

#[test]
fn the_last_step_is_watched_to_its_end() {
    let (outcome, text) = run("\
- never: {id: none, on: a, apiVersion: v1, kind: ConfigMap, selector: bad}
- apply: {on: a, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default, labels: {bad: \"1\"}}}]}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(&text, &["there is default/z"]);
}

#[test]
fn a_step_that_must_fail_does_not_hide_what_breaks() {
    let (outcome, text) = run("\
- always: {id: some, on: a, apiVersion: v1, kind: ServiceAccount, namespace: default, name: default, cel: object.metadata.name == 'default'}
- relax: {of: some}
- never: {id: none, on: a, apiVersion: v1, kind: Namespace, name: x}
- apply: {on: a, objects: [{apiVersion: v1, kind: Namespace, metadata: {name: x}}]}
- wait: {until: {on: a, apiVersion: v1, kind: Namespace, name: x, condition: Never, within: 1m}, fails: {contains: none}}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(&text, &["[invariant-broken] never none (line ", "): Namespace x on a"]);
}

#[test]
fn a_joint_verdict_has_a_line_for_each_cluster() {
    let (outcome, text) = run("\
- apply: {on: [a, c], objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default}}]}
- expect: {resources: {on: role=other, apiVersion: v1, kind: ConfigMap, namespace: default, name: z, matches: {metadata: {name: z}}, within: 1s}}
");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(
        &text,
        &[
            "1 of 3 clusters failed",
            "a: ok",
            "b: ConfigMap default/z not so after 1.00 s: there is none",
            "c: ok",
        ],
    );
}
