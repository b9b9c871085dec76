//! Our charts keep flyte-core's contract: names, containers, commands, mounts, ports and
//! rules are those of the real chart (v1.16.8, rendered; see `fixtures/upstream`).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use chart::{Chart, RenderInput, Values, render};
use rstest::rstest;
use serde_json::Value;

/// Differences that are meant, each with its reason. One that no longer occurs fails the test.
const CONTROL_PLANE: &[(&str, &str)] = &[
    (
        "- ConfigMap/flyte-admin-base-config key otel.yaml",
        "tracing is off by default; nothing of ours traces",
    ),
    ("- ConfigMap/datacatalog-config key otel.yaml", "as above"),
];
const DATA_PLANE: &[(&str, &str)] = &[
    ("- ConfigMap/flyte-propeller-config key otel.yaml", "as above"),
    (
        "- Ingress/flyte-core",
        "flyte-core makes it in data planes too, for Services that are not there",
    ),
    ("- Ingress/flyte-core-grpc", "as above"),
];

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

/// What others rely on, one line for each fact.
fn facts(object: &Value) -> BTreeSet<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let kind = text(&object["kind"]);
    let id = format!("{kind}/{}", text(&object["metadata"]["name"]));
    let mut facts = BTreeSet::from([id.clone()]);
    let mut add = |fact: String| facts.insert(format!("{id} {fact}"));
    match kind.as_str() {
        "ConfigMap" | "Secret" => {
            let entries = object["data"].as_object().or(object["stringData"].as_object());
            for (key, content) in entries.into_iter().flatten() {
                add(format!("key {key}"));
                if matches!(key.as_str(), "clusters.yaml" | "domain.yaml" | "client_secret") {
                    let content = yaml::manifest::document(content.as_str().unwrap()).unwrap();
                    add(format!("{key} = {content}"));
                }
            }
        }
        "Service" => {
            for port in object["spec"]["ports"].as_array().unwrap() {
                add(format!("port {port}"));
            }
            for (key, value) in object["spec"]["selector"].as_object().unwrap() {
                add(format!("selects {key}={value}"));
            }
        }
        "ClusterRole" | "ClusterRoleBinding" => {
            for field in ["rules", "roleRef", "subjects"] {
                for item in object[field].as_array().cloned().unwrap_or_else(|| vec![object[field].clone()]) {
                    add(format!("{field} {item}"));
                }
            }
        }
        "Ingress" => {
            for path in object["spec"]["rules"][0]["http"]["paths"].as_array().unwrap() {
                add(format!("routes {path}"));
            }
        }
        "CustomResourceDefinition" => {
            let spec = &object["spec"];
            add(format!("names {}", spec["names"]));
            add(format!("serves {}", spec["versions"][0]["name"]));
            let schema = &spec["versions"][0]["schema"]["openAPIV3Schema"];
            add(format!("keeps unknown fields: {}", schema["x-kubernetes-preserve-unknown-fields"]));
        }
        "Deployment" => {
            add(format!("replicas {}", object["spec"]["replicas"]));
            for (key, value) in object["spec"]["selector"]["matchLabels"].as_object().unwrap() {
                add(format!("selects {key}={value}"));
            }
            let pod = &object["spec"]["template"];
            for key in pod["metadata"]["annotations"].as_object().unwrap().keys() {
                add(format!("annotated {key}"));
            }
            add(format!("runs as {}", pod["spec"]["serviceAccountName"]));
            for volume in pod["spec"]["volumes"].as_array().unwrap() {
                add(format!("volume {volume}"));
            }
            for field in ["initContainers", "containers"] {
                let containers = pod["spec"][field].as_array().cloned().unwrap_or_default();
                for (place, container) in containers.iter().enumerate() {
                    for part in ["name", "image", "imagePullPolicy", "command", "args", "envFrom", "env", "ports"] {
                        add(format!("{field}[{place}] {part} {}", container[part]));
                    }
                    for probe in ["readinessProbe", "livenessProbe"] {
                        add(format!("{field}[{place}] {probe} {}", container[probe]));
                    }
                    for mount in container["volumeMounts"].as_array().unwrap() {
                        add(format!("{field}[{place}] mounts {mount}"));
                    }
                }
            }
        }
        _ => {}
    }
    facts
}

#[rstest]
#[case("controlplane", "flyte-core", &["values/eks.yaml", "values/guide-controlplane.yaml"], CONTROL_PLANE)]
#[case("dataplane", "flyte-core-data", &["values/eks.yaml", "values/guide-dataplane.yaml"], DATA_PLANE)]
fn contract(#[case] name: &str, #[case] release: &str, #[case] files: &[&str], #[case] permitted: &[(&str, &str)]) {
    let chart = Chart::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/charts").join(name)).unwrap();
    let values = files
        .iter()
        .try_fold(Values::builder(), |builder, file| builder.file(data(file)))
        .unwrap()
        .build();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let ours = render(&chart, &RenderInput::install(release, "flyte", values, now)).unwrap();
    let ours: BTreeSet<String> = ours.manifests.iter().flat_map(|manifest| facts(&manifest.object)).collect();
    let upstream = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/upstream/{name}.yaml"));
    let upstream = std::fs::read_to_string(upstream).unwrap();
    let upstream: BTreeSet<String> = yaml::manifest::documents(&upstream).unwrap().iter().flat_map(facts).collect();

    let lacking = upstream.difference(&ours).map(|fact| format!("- {fact}"));
    let added = ours.difference(&upstream).map(|fact| format!("+ {fact}"));
    let (mut surprises, mut met) = (Vec::new(), BTreeSet::new());
    for line in lacking.chain(added) {
        let covers = |known: &str| line == known || line.strip_prefix(known).is_some_and(|rest| rest.starts_with(' '));
        match permitted.iter().find(|(known, _)| covers(known)) {
            Some((known, _)) => drop(met.insert(*known)),
            None => surprises.push(line),
        }
    }
    assert!(surprises.is_empty(), "not as in flyte-core:\n{}", surprises.join("\n"));
    assert_eq!(met, permitted.iter().map(|(known, _)| *known).collect(), "stale permissions");
}
