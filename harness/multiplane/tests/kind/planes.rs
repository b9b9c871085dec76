//! The reference planes on clusters of kind: the guide's first scenario and one of placement, with waits that are short in real time.

use std::fs;

use crate::bench::Bench;

/// Every test of the planes.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("the_guide_runs_on_kind", the_guide_runs_on_kind),
    ("placement_runs_on_kind", placement_runs_on_kind),
    ("upstreams_images_are_left_to_the_nodes", upstreams_images_are_left_to_the_nodes),
    ("planes_need_their_image", planes_need_their_image),
];

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The workflow of the fixtures, without the time that its tasks take.
const WORKFLOWS: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Workflows
tasks:
  example.get_data:
    outputs: {rows: {type: integer, value: 178}}
  example.train_model:
    inputs: {rows: integer, hyperparameters: struct}
    outputs: {accuracy: {type: float, value: 0.6}}
workflows:
  example.training_workflow:
    inputs: {hyperparameters: struct}
    nodes:
      n0: {task: example.get_data}
      n1: {task: example.train_model, inputs: {rows: {node: n0.rows}, hyperparameters: {input: hyperparameters}}}
    outputs: {accuracy: {node: n1.accuracy}}
";

/// Values that only spare time: a probe's first look, and rounds of cluster resource sync.
const QUICK: &str = "\
        flyteadmin: {readinessProbe: {initialDelaySeconds: 0, periodSeconds: 1}}
        cluster_resource_manager: {config: {cluster_resources: {refreshInterval: 1s}}}
";

const GUIDE: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: guide-on-kind}
clusters:
  controlplane: {role: controlplane}
  dataplane_1: {role: dataplane}
steps:
  - deploy:
      release: flyte-core-data
      on: dataplane_1
      chart: REPOSITORY/fixtures/charts/dataplane
      namespace: flyte
      createNamespace: true
      valuesFiles: [REPOSITORY/scenarios/guide/values-dataplane.yaml]
  - grant: {serviceAccount: flyte/flyteadmin, from: dataplane_1, to: {cluster: controlplane, secret: flyte/cluster-credentials}}
  - deploy:
      release: flyte-core
      on: controlplane
      chart: REPOSITORY/fixtures/charts/controlplane
      namespace: flyte
      createNamespace: true
      valuesFiles: [REPOSITORY/scenarios/guide/values-override.yaml]
      values:
        QUICK      wait: 60s
  - project: {id: team1}
  - label: {attrFile: REPOSITORY/scenarios/guide/ecl.yaml}
  - expect:
      resources: {on: dataplane_1, apiVersion: v1, kind: Namespace, name: team1-development, matches: {status: {phase: Active}}, within: 30s}
  - register: {workflows: workflows.yaml, project: team1, domain: development}
  - submit:
      {id: training, workflow: example.training_workflow, project: team1, domain: development, inputs: {hyperparameters: {C: 0.1}}, count: 3}
  - expect:
      placement:
        {of: training, on: dataplane_1, elsewhere: forbidden, phase: SUCCEEDED, reason: {label: projectDomain, pool: label}, within: 60s, hold: 1s}
";

const PLACEMENT: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: placement-on-kind}
clusters:
  controlplane: {role: controlplane}
  dataplane_1: {role: dataplane}
  dataplane_2: {role: dataplane}
steps:
  - deploy:
      release: flyte-core-data
      on: [dataplane_1, dataplane_2]
      chart: REPOSITORY/fixtures/charts/dataplane
      namespace: flyte
      createNamespace: true
      valuesFiles: [REPOSITORY/scenarios/placement/values-dataplane.yaml]
  - grant:
      serviceAccount: flyte/flyteadmin
      from: [dataplane_1, dataplane_2]
      to: {cluster: controlplane, secret: flyte/cluster-credentials}
  - deploy:
      release: flyte-core
      on: controlplane
      chart: REPOSITORY/fixtures/charts/controlplane
      namespace: flyte
      createNamespace: true
      valuesFiles: [REPOSITORY/scenarios/placement/values-credentials.yaml]
      values:
        QUICK        configmap:
          clusters:
            labelClusterMap:
              label1: [{id: dataplane_1, weight: 0.5}, {id: dataplane_2, weight: 0.5}]
            clusterConfigs:
            - name: dataplane_1
              endpoint: ${{ clusters.dataplane_1.api.pods }}
              enabled: true
              auth: {tokenPath: /var/run/credentials/dataplane_1_token, certPath: /var/run/credentials/dataplane_1_cacert}
            - name: dataplane_2
              endpoint: ${{ clusters.dataplane_2.api.pods }}
              enabled: true
              auth: {tokenPath: /var/run/credentials/dataplane_2_token, certPath: /var/run/credentials/dataplane_2_cacert}
      wait: 60s
  - project: {id: team1}
  - expect:
      resources:
        on: [dataplane_1, dataplane_2]
        apiVersion: v1
        kind: Namespace
        name: team1-development
        matches: {status: {phase: Active}}
        within: 30s
  - register: {workflows: workflows.yaml, project: team1, domain: development}
  - label: {project: team1, domain: development, value: lable1}
  - submit:
      {id: misspelt, workflow: example.training_workflow, project: team1, domain: development, inputs: {hyperparameters: {C: 0.1}}, count: 6}
  - expect:
      placement:
        of: misspelt
        distribution: {dataplane_1: {share: 0.5, tolerance: 0.5}, dataplane_2: {share: 0.5, tolerance: 0.5}}
        elsewhere: forbidden
        phase: SUCCEEDED
        reason: {label: projectDomain, pool: allEnabled}
        within: 60s
        hold: 1s
";

fn bench(scenario: &str) -> Bench {
    let bench = Bench::new();
    fs::write(bench.path("workflows.yaml"), WORKFLOWS).unwrap();
    bench.scenario(&scenario.replace("QUICK", QUICK).replace("REPOSITORY", REPOSITORY));
    bench
}

fn the_guide_runs_on_kind() {
    let bench = bench(GUIDE);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    // Every image that the charts name was loaded under its own name, and nothing was tagged on the host.
    for name in ["flyteadmin", "flytescheduler", "datacatalog", "flyteconsole", "flytepropeller"] {
        let image = format!("cr.flyte.org/flyteorg/{name}:");
        assert!(ended.text.contains(&image), "{image}: {}", ended.text);
    }
    assert!(ended.text.contains("accepts the credential"), "{}", ended.text);
    assert_eq!(bench.calls("docker", &["save", "multiplane:dev"]).len(), 1);
    assert!(bench.calls("docker", &["tag"]).is_empty());
    bench.assert_clean();
}

fn placement_runs_on_kind() {
    let bench = bench(PLACEMENT);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean();
}

/// The double's nodes have a program for every image, as if it were pulled.
fn upstreams_images_are_left_to_the_nodes() {
    let bench = bench(GUIDE);
    let report = bench.path("report.json");
    let ended = bench.run(&["--planes", "upstream", "--json", report.to_str().unwrap()]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(!ended.text.contains("cr.flyte.org"), "{}", ended.text);
    let report = fs::read_to_string(report).unwrap();
    assert!(report.contains(r#""placedBy": "upstream""#), "{report}");
    assert!(!report.contains(r#""placedBy": "reference""#), "{report}");
    bench.assert_clean();
}

fn planes_need_their_image() {
    let bench = bench(GUIDE);
    bench.world.script("docker-image", &["missing"]);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains("multiplane:dev, which is not there: `make images` makes it"),
        "{}",
        ended.text
    );
    bench.assert_clean();
}
