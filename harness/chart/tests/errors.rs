//! Errors of templates: code, place and Helm's words. The texts were taken from Helm 4.1.4.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use chart::{Chart, Error, RenderError, Values, lint};
use rstest::rstest;

/// A chart with one template.
fn chart(template: &str) -> (tempfile::TempDir, Chart) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    write("Chart.yaml", "{apiVersion: v2, name: t, version: 0.1.0}");
    write("values.yaml", "configmap: {clusters: null, a: str}\n");
    write("templates/a.yaml", template);
    let chart = Chart::load(folder.path()).unwrap();
    (folder, chart)
}

fn fault(template: &str) -> RenderError {
    let (_folder, chart) = chart(template);
    match lint(&chart, Values::default(), "2026-01-01T00:00:00Z".parse().unwrap()) {
        Err(Error::Render(error)) => *error,
        Err(other) => panic!("{other}"),
        Ok(rendered) => panic!("rendered: {}", rendered.to_yaml()),
    }
}

#[rstest]
#[case(
    "{{ .Values.nope.x }}",
    "t/templates/a.yaml:1:10\n  executing \"t/templates/a.yaml\" at <.Values.nope.x>:\n    nil pointer evaluating interface {}.x"
)]
#[case(
    "\n{{ with .Values.configmap }}{{ .clusters.x }}{{ end }}",
    "t/templates/a.yaml:2:40\n  executing \"t/templates/a.yaml\" at <.clusters.x>:\n    nil pointer evaluating interface {}.x"
)]
#[case(
    "a: {{ $v := .Values.configmap }}{{ $v.clusters.x }}",
    "t/templates/a.yaml:1:37\n  executing \"t/templates/a.yaml\" at <$v.clusters.x>:\n    nil pointer evaluating interface {}.x"
)]
#[case(
    "{{ .Values.configmap.a.b }}",
    "t/templates/a.yaml:1:10\n  executing \"t/templates/a.yaml\" at <.Values.configmap.a.b>:\n    can't evaluate field b in type interface {}"
)]
#[case(
    "a: {{ include \"nope\" . }}",
    "t/templates/a.yaml:1:6\n  executing \"t/templates/a.yaml\" at <include \"nope\" .>:\n    error calling include:\ntemplate: no template \"nope\" associated with template \"gotpl\""
)]
#[case(
    "{{ define \"x\" }}{{ .Values.nope.x }}{{ end }}a: {{ include \"x\" . }}",
    "t/templates/a.yaml:1:51\n  executing \"t/templates/a.yaml\" at <include \"x\" .>:\n    error calling include:\nt/templates/a.yaml:1:26\n  executing \"x\" at <.Values.nope.x>:\n    nil pointer evaluating interface {}.x"
)]
#[case(
    "a: {{ first 3 }}",
    "template: t/templates/a.yaml:1:6: executing \"t/templates/a.yaml\" at <first 3>: error calling first: Cannot find first on type int"
)]
#[case(
    "a: {{ set .Values.configmap.clusters \"x\" 1 }}",
    "t/templates/a.yaml:1:17\n  executing \"t/templates/a.yaml\" at <.Values.configmap.clusters>:\n    wrong type for value; expected map[string]interface {}; got interface {}"
)]
#[case(
    "a: {{ range .Values.configmap.a }}{{ end }}",
    "t/templates/a.yaml:1:12\n  executing \"t/templates/a.yaml\" at <.Values.configmap.a>:\n    range can't iterate over str"
)]
#[case(
    "a: {{ index .Values.configmap \"clusters\" \"x\" }}",
    "template: t/templates/a.yaml:1:6: executing \"t/templates/a.yaml\" at <index .Values.configmap \"clusters\" \"x\">: error calling index: index of nil pointer"
)]
fn run(#[case] template: &str, #[case] text: &str) {
    let error = fault(template);
    assert_eq!((error.code, error.to_string().as_str()), ("chart-template-run", text));
}

#[rstest]
#[case("x\n{{ foo 1 }}", "parse error at (t/templates/a.yaml:2): function \"foo\" not defined")]
#[case(
    "{{ toYml .x }}",
    "parse error at (t/templates/a.yaml:1): function \"toYml\" not defined; did you mean \"toYaml\"?"
)]
#[case("{{ $x.y }}", "parse error at (t/templates/a.yaml:1): undefined variable \"$x\"")]
#[case(
    "{{ if true }}{{ $x := 1 }}{{ end }}{{ $x }}",
    "parse error at (t/templates/a.yaml:1): undefined variable \"$x\""
)]
fn parse(#[case] template: &str, #[case] text: &str) {
    let error = fault(template);
    assert_eq!((error.code, error.to_string().as_str()), ("chart-template-parse", text));
}

#[rstest]
#[case("a: {{ required \"need it\" .Values.zz }}", "need it")]
#[case("a: {{ fail \"boom\" }}", "boom")]
fn said_by_the_chart(#[case] template: &str, #[case] message: &str) {
    let error = fault(template);
    assert_eq!(error.code, "chart-template-fail");
    assert_eq!(error.to_string(), format!("execution error at (t/templates/a.yaml:1:6): {message}"));
}

/// The parser that we use lets these pass; nothing of a template may get lost.
#[rstest]
#[case("a: {{ if true }}b")]
#[case("{{ range .Values.x }}b{{ if true }}{{ end }}")]
#[case("a: {{ end }} b")]
#[case("{{ if true }}a{{ end }}{{ end }}b: 1")]
#[case("{{ define \"x\" }}a")]
#[case("{{ if }}{{ end }}")]
fn unbalanced(#[case] template: &str) {
    assert_eq!(fault(template).code, "chart-template-parse");
}

/// A template that includes itself must not take the stack with it.
#[test]
fn endless_recursion() {
    let error = fault(
        "{{ define \"x\" }}{{ if true }}{{ range list 1 }}{{ with $ }}{{ include \"x\" . | indent 1 }}{{ end }}{{ end }}{{ end }}{{ end }}a: {{ include \"x\" . }}",
    );
    assert!(error.message.contains("nested reference name: x"), "{error}");
}

#[test]
fn output_that_is_not_yaml() {
    let error = fault("ok: 1\n---\na: b: c\n");
    assert_eq!(error.code, "chart-manifest");
    assert!(
        error
            .to_string()
            .starts_with("YAML parse error on t/templates/a.yaml: error converting YAML to JSON: ")
    );
    assert_eq!(error.excerpt, "a: b: c");
}

/// The deployment guide's step 13 as printed: `labelClusterMap` stands beside `clusters`.
#[test]
fn guide_step_13_as_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chart = Chart::load(root.join("../../fixtures/charts/controlplane")).unwrap();
    let values = Values::builder()
        .file(root.join("tests/data/values/guide-step13.yaml"))
        .unwrap()
        .build();
    let error = lint(&chart, values, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap_err();
    let Error::Render(error) = error else { panic!("{error}") };
    assert_eq!(error.message, "nil pointer evaluating interface {}.labelClusterMap");
    assert_eq!(error.file, "controlplane/templates/clusterresourcesync/deployment.yaml");
    assert_eq!(error.line, 50);
    assert!(error.excerpt.contains(".Values.configmap.clusters.labelClusterMap"));
}

/// A value of the wrong type.
#[test]
fn value_of_the_wrong_type() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chart = Chart::load(root.join("../../fixtures/charts/controlplane")).unwrap();
    let values = Values::builder().set("flyteadmin.image=flyteadmin:v1").unwrap().build();
    let error = lint(&chart, values, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap_err();
    assert!(
        error.to_string().contains("can't evaluate field repository in type interface {}"),
        "{error}"
    );
}

#[rstest]
#[case("values.schema.json", "{", "chart-invalid", "EOF while parsing")]
#[case("values.schema.json", "{type: 5}", "chart-invalid", "key must be a string")]
#[case("values.schema.json", r#"{"type": 5}"#, "chart-invalid", "values.schema.json")]
#[case(
    "values.schema.json",
    r#"{"$ref": "https://example.com/s.json"}"#,
    "chart-invalid",
    "https://example.com/s.json is not fetched"
)]
#[case("charts/sub.tgz", "x", "chart-invalid", "not a packed chart")]
#[case("requirements.yaml", "", "chart-unsupported", "charts of Helm 2")]
#[case("values.yaml", "[1]", "chart-invalid", "values.yaml is not a mapping")]
#[case(
    "Chart.yaml",
    "{apiVersion: v2, version: 0.1.0}",
    "chart-invalid",
    "chart.metadata.name is required"
)]
#[case("Chart.yaml", "{apiVersion: v2, name: t}", "chart-invalid", "chart.metadata.version is required")]
#[case(
    "Chart.yaml",
    "{apiVersion: v2, name: t, version: 0.1.0, dependencies: [{name: sub}]}",
    "chart-invalid",
    "missing in charts/ directory: sub"
)]
#[case(".helmignore", "a/**", "chart-invalid", "double-star")]
fn charts_that_cannot_be_loaded(#[case] file: &str, #[case] text: &str, #[case] code: &str, #[case] message: &str) {
    let (folder, _chart) = chart("");
    std::fs::create_dir_all(folder.path().join("charts")).unwrap();
    std::fs::write(folder.path().join(file), text).unwrap();
    let error = Chart::load(folder.path()).unwrap_err();
    assert_eq!(error.code(), code, "{error}");
    assert!(error.to_string().contains(message), "{error}");
}

/// The chart's own values are held against its schema, too.
#[test]
fn values_that_the_chart_refuses() {
    let (folder, _chart) = chart("a: 1");
    let schema = r#"{"properties": {"configmap": {"required": ["b"]}, "count": {"type": "integer"}}}"#;
    std::fs::write(folder.path().join("values.schema.json"), schema).unwrap();
    let chart = Chart::load(folder.path()).unwrap();
    let error = |values: &str| {
        let values = Values::builder().yaml("v", values).unwrap().build();
        lint(&chart, values, "2026-01-01T00:00:00Z".parse().unwrap())
            .err()
            .map(|error| (error.code(), error.to_string()))
    };
    assert_eq!(error("{count: 5, configmap: {b: 1}}"), None);
    let head = "chart t: values don't meet the specifications of the schema(s) in the following chart(s):\nt:\n";
    assert_eq!(
        error("{count: x}"),
        Some((
            "chart-values",
            format!("{head}- at '/configmap': missing properties 'b'\n- at '/count': want integer, but got string\n")
        ))
    );
}

#[test]
fn a_cluster_too_old_for_the_chart() {
    let (folder, _chart) = chart("");
    std::fs::write(
        folder.path().join("Chart.yaml"),
        "{apiVersion: v2, name: t, version: 0.1.0, kubeVersion: '>=1.99'}",
    )
    .unwrap();
    let chart = Chart::load(folder.path()).unwrap();
    let error = lint(&chart, Values::default(), "2026-01-01T00:00:00Z".parse().unwrap()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("chart requires kubeVersion: >=1.99 which is incompatible with Kubernetes v1.35.0"),
        "{error}"
    );
}
