//! What the table of cases does not reach: loading, stored labels, start-up, corner cases of the draw, explanations.

#![expect(clippy::unwrap_used, reason = "tests")]

use flyte::naming;
use flyte::placement::explain::explain;
use flyte::placement::{
    AttributeKey, AttributeRow, Attributes, ClusterConfig, GoDuration, PlacementError, Request, Selector, Source, StartupError, counts,
    parse_attributes, shares,
};
use rstest::rstest;

fn config(section: &str) -> ClusterConfig {
    let indented: Vec<String> = section.lines().map(|line| format!("  {line}")).collect();
    ClusterConfig::from_yaml(&format!("clusters:\n{}", indented.join("\n"))).unwrap().0
}

fn row(project: &str, domain: &str, workflow: &str, label: &str) -> AttributeRow {
    AttributeRow {
        key: AttributeKey::new(project, domain, workflow, ""),
        label: label.to_owned(),
    }
}

#[rstest]
#[case("0", "0s")]
#[case("30s", "30s")]
#[case("90s", "1m30s")]
#[case("1.5h", "1h30m0s")]
#[case("1h2m3.5s", "1h2m3.5s")]
#[case("100ms", "100ms")]
#[case("250us", "250µs")]
#[case("-2s", "-2s")]
fn durations_as_in_go(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(text.parse::<GoDuration>().unwrap().to_string(), expected);
}

#[rstest]
#[case("")]
#[case("10")]
#[case("s")]
#[case("1 s")]
#[case("1d")]
#[case("-")]
fn no_durations(#[case] text: &str) {
    assert!(text.parse::<GoDuration>().is_err());
}

#[rstest]
#[case::strings_convert("clusterConfigs: [{name: 7, enabled: 'true', inCluster: 0}]", Ok("7 true false"))]
#[case::numbers_are_booleans("clusterConfigs: [{name: a, enabled: 2}]", Ok("a true false"))]
#[case::field_names_in_any_case("ClusterConfigs: [{NAME: a, Enabled: T}]", Ok("a true false"))]
#[case::one_cluster_without_a_list("clusterConfigs: {name: a}", Ok("a false false"))]
#[case::null_is_absent("clusterConfigs: [{name: a, enabled: null, auth: }]", Ok("a false false"))]
#[case::yes_is_text("clusterConfigs: [{name: a, enabled: yes}]", Err("clusters.clusterConfigs[0].enabled"))]
#[case::weight("labelClusterMap: {a: [{id: x, weight: much}]}", Err("clusters.labelClusterMap.a[0].weight"))]
#[case::timeout(
    "clusterConfigs: [{kubeClientConfig: {timeout: soon}}]",
    Err("clusters.clusterConfigs[0].kubeClientConfig.timeout")
)]
#[case::labels("labelClusterMap: [a]", Err("clusters.labelClusterMap"))]
fn loading(#[case] section: &str, #[case] expected: Result<&str, &str>) {
    match (ClusterConfig::from_yaml(&format!("clusters: {{{section}}}")), expected) {
        (Ok((config, _)), Ok(expected)) => {
            let cluster = &config.clusters[0];
            assert_eq!(format!("{} {} {}", cluster.name, cluster.enabled, cluster.in_cluster), expected);
        }
        (Err(error), Err(path)) => assert!(error.to_string().starts_with(&format!("{path}: ")), "{error}"),
        (found, _) => panic!("{found:?}"),
    }
}

#[test]
fn helm_reads_scalars_as_kubernetes_does() {
    let values = "configmap: {clusters: {clusterConfigs: [{name: a, enabled: yes}]}}";
    let (config, source) = ClusterConfig::from_yaml(values).unwrap();
    assert_eq!((config.clusters[0].enabled, source), (true, Source::HelmValues));
}

#[rstest]
#[case("configmap: {}", "missing or empty")]
#[case("configmap:\n  clusters:\n  labelClusterMap: {}", "indented below")]
#[case("a: b", "neither")]
#[case("", "neither")]
#[case("a: [", "line 1")]
fn not_a_configuration(#[case] text: &str, #[case] expected: &str) {
    let error = ClusterConfig::from_yaml(text).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn the_later_of_two_rows_replaces_the_earlier() {
    let attributes: Attributes = [row("p", "d", "", "a"), row("p", "d", "", "b")].into_iter().collect();
    assert_eq!(attributes.rows(), [row("p", "d", "", "b")]);
}

#[rstest]
#[case("p", "", "", &[])]
#[case("p", "d", "", &["p//", "p/e/"])]
#[case("p", "d", "w", &["p//", "p/d/", "p/e/"])]
#[case("q", "", "", &["p//", "p/d/", "p/d/w", "p/e/"])]
fn deleting_takes_what_is_below(#[case] project: &str, #[case] domain: &str, #[case] workflow: &str, #[case] left: &[&str]) {
    let rows = [("p", "", ""), ("p", "d", ""), ("p", "d", "w"), ("p", "e", "")];
    let mut attributes: Attributes = rows.iter().map(|(p, d, w)| row(p, d, w, "x")).collect();
    attributes.delete(&AttributeKey::new(project, domain, workflow, ""));
    let rows: Vec<String> = attributes
        .rows()
        .iter()
        .map(|row| format!("{}/{}/{}", row.key.project, row.key.domain, row.key.workflow))
        .collect();
    assert_eq!(rows, left);
}

#[test]
fn reading_answers_with_the_strongest_level() {
    let attributes: Attributes = [row("p", "", "", "1"), row("p", "d", "", "2"), row("p", "d", "w", "3")]
        .into_iter()
        .collect();
    let get = |key: AttributeKey| attributes.get(&key).map(|row| row.map(|row| row.label.clone()));
    assert_eq!(get(AttributeKey::new("p", "d", "w", "w")), Ok(Some("3".to_owned())));
    assert_eq!(get(AttributeKey::new("p", "d", "other", "other")), Ok(Some("2".to_owned())));
    assert_eq!(get(AttributeKey::new("p", "e", "w", "w")), Ok(Some("1".to_owned())));
    assert_eq!(get(AttributeKey::new("q", "d", "w", "w")), Ok(None));
    assert_eq!(get(AttributeKey::new("", "", "", "")), Err(PlacementError::AttributeQuery));
    assert_eq!(get(AttributeKey::new("", "d", "w", "")), Err(PlacementError::AttributeQuery));
    assert_eq!(attributes.get_exact(&AttributeKey::new("p", "e", "", "")), None);
}

#[test]
fn files_of_stored_labels() {
    let list = "- {project: p, label: a}\n- {project: p, domain: d, workflow: w, launch_plan: w, label: ''}\n";
    let labels: Vec<String> = parse_attributes(list).unwrap().into_iter().map(|row| row.value.label).collect();
    assert_eq!(labels, ["a", ""]);
    let flytectl = "domain: d\nproject: p\nvalue: a\n---\ndomain: e\nproject: p\nvalue: b\n";
    let rows = parse_attributes(flytectl).unwrap();
    assert_eq!((rows[1].value.clone(), rows[1].span.line), (row("p", "e", "", "b"), 7));
    assert_eq!(parse_attributes("domain: d\nvalue: a\n").unwrap_err().code(), "missing-field");
    assert_eq!(
        parse_attributes("project: p\nlable: a\n").unwrap_err().help().as_deref(),
        Some("did you mean `label`?")
    );
}

/// Names are checked before clients, clients before pools, the pool of all before those of labels.
#[rstest]
#[case("clusterConfigs: [{name: a, kubeClientConfig: {qps: 1}}, {name: a}]", "Duplicate cluster names")]
#[case("clusterConfigs: [{name: a, kubeClientConfig: {qps: 1}}]", "burst is required")]
#[case("clusterConfigs: [{name: a}]\nlabelClusterMap: {x: [{id: a, weight: 7}]}", "entries is empty")]
#[case(
    "clusterConfigs: [{name: a, enabled: true}]\nlabelClusterMap: {x: [{id: b, weight: 9}, {id: a, weight: 1.0000001}]}",
    "invalid weight 1.000000, index 0"
)]
#[case(
    "clusterConfigs: [{name: a, enabled: true}]\nlabelClusterMap: {x: [{id: a}, {id: a, weight: -1e-7}]}",
    "invalid weight -0.000000, index 1"
)]
fn start_up_refusals(#[case] section: &str, #[case] expected: &str) {
    let error = Selector::new(config(section)).unwrap_err();
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[rstest]
#[case("1.00000001")]
#[case("-1e-46")]
#[case("'0.5'")]
fn weights_are_rounded_before_they_are_checked(#[case] weight: &str) {
    let section = format!("clusterConfigs: [{{name: a, enabled: true}}]\nlabelClusterMap: {{x: [{{id: a, weight: {weight}}}]}}");
    assert!(Selector::new(config(&section)).is_ok());
}

#[test]
fn a_weight_lost_in_rounding_is_never_drawn() {
    let section = "clusterConfigs: [{name: a, enabled: true}, {name: b, enabled: true}]\nlabelClusterMap: {x: [{id: a, weight: 1}, {id: b, weight: 1e-9}]}";
    let choice = Selector::new(config(section)).unwrap().choose_label(Some("x"));
    assert_eq!(shares(&choice).into_keys().collect::<Vec<_>>(), ["a"]);
    let names: Vec<String> = (0..500).map(|n| format!("run-{n}")).collect();
    let counts = counts(&choice.pool.unwrap(), names.iter().map(String::as_str));
    assert_eq!((counts["a"], counts["b"]), (500, 0));
}

#[test]
fn a_threshold_on_the_boundary_belongs_to_the_earlier_cluster() {
    let section = "clusterConfigs: [{name: a, enabled: true}, {name: b, enabled: true}]\nlabelClusterMap: {x: [{id: a, weight: 0.5}, {id: b, weight: 0.5}]}";
    let pool = Selector::new(config(section)).unwrap().choose_label(Some("x")).pool.unwrap();
    let chosen: Vec<&str> = [0.0, 0.5, f32::from_bits(0.5_f32.to_bits() + 1), 1.0]
        .map(|at| pool.choose(at).cluster.as_str())
        .to_vec();
    assert_eq!(chosen, ["a", "a", "b", "b"]);
}

#[test]
fn an_execution_without_a_name_is_refused() {
    let selector = Selector::new(config("clusterConfigs: [{name: a, enabled: true}]")).unwrap();
    let request = Request {
        project: "p".to_owned(),
        ..Request::default()
    };
    assert_eq!(selector.place(&Attributes::default(), &request), Err(PlacementError::Unnamed));
}

#[test]
fn start_up_errors_have_codes() {
    assert_eq!(StartupError::NoClusterEnabled.code(), "no_cluster_enabled");
}

#[rstest]
#[case(45, "-n0-0")]
#[case(46, "")]
fn a_pod_name_of_50_bytes_is_plain(#[case] length: usize, #[case] end: &str) {
    let name = naming::pod_name(&"x".repeat(length), "n0", 0);
    assert!(
        if end.is_empty() {
            name.len() == 8
        } else {
            name.ends_with(end) && name.len() == 50
        },
        "{name}"
    );
}

#[rstest]
#[case(15, 20)]
#[case(16, 14)]
fn a_child_name_of_20_bytes_is_plain(#[case] length: usize, #[case] expected: usize) {
    assert_eq!(naming::child_execution_name(&"x".repeat(length), "n0", 0).len(), expected);
}

#[test]
fn a_decision_explains_itself() {
    let section = "\
defaultExecutionLabel: home
labelClusterMap:
  home: [{id: b, weight: 0.25}, {id: a, weight: 0.75}, {id: off, weight: 1}, {id: ghost}]
  dead: [{id: off, weight: 1}]
clusterConfigs: [{name: a, enabled: true}, {name: b, enabled: true}, {name: off}]";
    let selector = Selector::new(config(section)).unwrap();
    let attributes: Attributes = [
        row("p", "", "", "home"),
        row("p", "d", "", "hom"),
        row("p", "e", "", "home"),
        row("p", "d", "w2", "x"),
    ]
    .into_iter()
    .collect();
    let request = Request {
        project: "p".to_owned(),
        domain: "d".to_owned(),
        workflow: "w".to_owned(),
        name: "e1".to_owned(),
        ..Request::default()
    };
    assert_eq!(
        explain(&selector.place(&attributes, &request).unwrap()),
        "\
label `hom`, stored for the project and domain
  project p, domain d, workflow w2: `x`: other workflow
  project p, domain d: `hom`: applies
  project p, domain e: `home`: other domain
  project p: `home`: outranked
label `hom` has no pool: labelClusterMap lacks it (did you mean `home`?)
pool of the default label `home`
  a   75.00 %  draws up to 0.750000  weight 0.75
  b   25.00 %  draws up to 1.000000  weight 0.25
  off is disabled
  ghost is not in clusterConfigs
drew 0.681128 (FNV-1a 0x088e7b07b539b883, seed 1180085906, float 0.681128): a"
    );
    let request = Request {
        label: Some("own".to_owned()),
        parent_label: Some("dead".to_owned()),
        ..request
    };
    let text = explain(&selector.place(&attributes, &request).unwrap());
    assert!(text.starts_with("label `dead`, inherited from the parent run; the parent run's label replaces `own` of the request\nlabel `dead` has no pool: off is disabled\n"), "{text}");
}
