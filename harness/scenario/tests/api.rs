//! What the engine asks of a loaded scenario.

use std::path::Path;

use scenario::{Role, parse_text};

const TEXT: &str = "
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: test}
clusters:
  dataplane_2: {role: dataplane}
  controlplane: {role: controlplane}
  dataplane_1: {role: dataplane}
steps:
  - project: {id: team1}
  - submit: {id: run, workflow: w, project: team1, domain: d, count: 2}
  - project: {id: team2}
  - submit: {id: named, workflow: w, project: team1, domain: d, names: [b, a]}
  - submit: {id: prefixed, workflow: w, project: team1, domain: d, namePrefix: x}
";

#[test]
fn order_paths_and_names() {
    let scenario = parse_text(Path::new("scenarios/a/scenario.yaml"), TEXT).unwrap().scenario;
    let dataplanes: Vec<&String> = scenario.clusters_of(Role::Dataplane).map(|(id, _)| id).collect();
    assert_eq!(dataplanes, ["dataplane_2", "dataplane_1"], "file order");
    assert_eq!(scenario.set_up().len(), 1, "before the first submit");
    assert_eq!(scenario.path("../../fixtures/x.yaml"), Path::new("fixtures/x.yaml"));
    assert_eq!(scenario.path("values.yaml"), Path::new("scenarios/a/values.yaml"));
    let names: Vec<Vec<String>> = scenario
        .steps
        .iter()
        .filter_map(|step| match &step.verb {
            scenario::Verb::Submit(submit) => Some(submit.execution_names()),
            _ => None,
        })
        .collect();
    assert_eq!(names, [vec!["run-1", "run-2"], vec!["b", "a"], vec!["x-1"]]);
}

#[test]
fn names_made_from_ids() {
    assert_eq!(scenario::dns_name("dataplane_1"), "dataplane-1");
    assert_eq!(scenario::token_secret_name("dataplane_1"), "dataplane1-token");
}
