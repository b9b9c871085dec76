//! The table's cases about Helm values, whose outcome is the chart's.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use chart::{Chart, RenderInput, Values, render};
use serde::Deserialize;
use serde_json::Value;

const TABLE: &str = include_str!("../../flyte/tests/data/placement-cases.yaml");

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    helm: String,
    contains: String,
}

#[test]
fn values_that_helm_refuses_are_refused() {
    let table = yaml::manifest::documents(TABLE).unwrap().remove(0);
    let cases = table["cases"].as_array().unwrap().iter();
    let mut checked = 0;
    for case in cases.filter(|case| !case["expect"]["helm"].is_null()) {
        let known = ["id", "kind", "title", "yaml", "expect", "basis", "ref"];
        let unknown: Vec<_> = case
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| !known.contains(&key.as_str()))
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let expect: Expect = serde_json::from_value(case["expect"].clone()).unwrap();
        assert_eq!(expect.helm, "render error");
        let error = rendered(&case["yaml"]).unwrap_err();
        assert!(error.contains(&expect.contains), "{}: {error}", case["id"]);
        checked += 1;
    }
    assert_eq!(checked, 1);
}

/// Renders the control plane's chart with values.
fn rendered(values: &Value) -> Result<(), String> {
    let charts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/charts");
    let chart = Chart::load(charts.join("controlplane")).unwrap();
    let values = Values::builder().yaml("case", values.as_str().unwrap()).unwrap().build();
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    let input = RenderInput::install("flyte-core", "flyte", values, now);
    render(&chart, &input).map(|_| ()).map_err(|error| error.to_string())
}
