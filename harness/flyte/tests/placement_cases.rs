//! The rules against the committed table of cases.

use flyte::placement::cases::{CaseTable, Outcome};

const TABLE: &str = include_str!("data/placement-cases.yaml");

#[test]
fn every_case_and_vector_passes() {
    let results = CaseTable::from_yaml(TABLE).unwrap().check();
    let failures: Vec<String> = results
        .iter()
        .filter_map(|result| match &result.outcome {
            Outcome::Failed(differences) => Some(format!("{} ({}): {}", result.id, result.title, differences.join("; "))),
            _ => None,
        })
        .collect();
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));

    let passed = results.iter().filter(|result| result.outcome == Outcome::Passed).count();
    let not_applicable = results.len() - passed;
    // 95 cases of the kinds that can be checked, 10 draws, 10 names.
    assert_eq!((passed, not_applicable), (115, 96));
}

#[test]
fn a_wrong_expectation_fails() {
    let table = r#"
format: flyte-placement-cases/1
cluster_configs:
  two:
    clusters: [{name: a, enabled: true}, {name: b, enabled: true}]
    label_cluster_map: {x: [{id: a, weight: 1}]}
rng_vectors:
- {name: e, fnv1a64: '0xaf63d84c8601e5c0', seed_mod: 1690932823, float32_bits: '0x3ed3d5c8'}
cases:
- {id: cluster, kind: place, config: two, request: {project: p, name: e, label: x}, expect: {cluster: b}}
- {id: shares, kind: place, config: two, request: {project: p, name: e}, expect: {shares: {a: 1.0}}}
- {id: unknown, kind: place, config: two, request: {project: p, name: e}, expect: {colour: red}}
- {id: counts, kind: distribution, config: two, label: x, name_format: r%d, count: 5, expect: {counts: {a: 4, b: 1}}}
- {id: lookup, kind: lookup, config: two, target_id: c, expect: {outcome: found}}
- {id: starts, kind: startup, cluster_config: {clusters: [{name: a}]}, expect: {outcome: ok}}
- {id: labels, kind: parse, yaml: 'clusters: {labelClusterMap: {A: []}}', expect: {labels: [A]}}
- {id: config, kind: place, config: three, request: {}, expect: {}}
"#;
    for result in CaseTable::from_yaml(table).unwrap().check() {
        assert!(matches!(result.outcome, Outcome::Failed(_)), "{result:?}");
    }
}

#[test]
fn another_format_is_refused() {
    let error = CaseTable::from_yaml("format: flyte-placement-cases/2").unwrap_err();
    assert!(error.to_string().contains("flyte-placement-cases/1"), "{error}");
}
