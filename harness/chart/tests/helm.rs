//! What we render, against stored output of real Helm 4.1.4 (see `data/README.md`).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

use chart::{Chart, RenderInput, Rendered, Values, render};
use rstest::rstest;

fn data(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

fn fixture(name: &str) -> Chart {
    Chart::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/charts").join(name)).unwrap()
}

fn rendered(chart: &Chart, release: &str, namespace: &str, values: Values) -> Rendered {
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    render(chart, &RenderInput::install(release, namespace, values, now)).unwrap_or_else(|error| panic!("{error}"))
}

fn files(names: &[&str]) -> Values {
    let builder = names.iter().try_fold(Values::builder(), |builder, name| builder.file(data(name)));
    builder.unwrap().build()
}

fn expected(name: &str) -> String {
    std::fs::read_to_string(data(&format!("expected/{name}.yaml"))).unwrap()
}

/// Shows the lines that differ; whole manifests would hide them.
fn same(ours: &str, helms: &str) {
    let pairs = ours.lines().zip(helms.lines()).enumerate();
    let differing: Vec<String> = pairs
        .filter(|(_, (ours, helms))| ours != helms)
        .map(|(number, (ours, helms))| format!("line {}\n  ours: {ours}\n  helm: {helms}", number + 1))
        .take(40)
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    assert_eq!(ours.lines().count(), helms.lines().count());
}

#[rstest]
#[case("controlplane", "flyte-core", "default", &[])]
#[case("controlplane", "flyte-core", "guide", &["values/guide-controlplane.yaml"])]
#[case("controlplane", "flyte-core", "production", &["values/production.yaml"])]
#[case("dataplane", "flyte-core-data", "default", &[])]
#[case("dataplane", "flyte-core-data", "guide", &["values/guide-dataplane.yaml"])]
#[case("dataplane", "flyte-core-data", "production", &["values/production.yaml"])]
fn fixture_charts(#[case] chart: &str, #[case] release: &str, #[case] case: &str, #[case] values: &[&str]) {
    let ours = rendered(&fixture(chart), release, "flyte", files(values));
    same(&ours.to_yaml(), &expected(&format!("{chart}-{case}")));
}

/// What `helm template` prints: manifests, then hooks.
fn printed(rendered: &Rendered) -> String {
    let hooks = rendered.hooks.iter();
    let hooks = hooks.map(|hook| format!("---\n# Source: {}\n{}\n", hook.manifest.source, hook.manifest.text));
    rendered.to_yaml() + &hooks.collect::<String>()
}

/// A chart in the manner of flyte-core: its helpers, its ways with values, a library, sub-charts with conditions, files, hooks.
#[rstest]
#[case("planes", &[])]
#[case("planes-other", &["values/planes.yaml"])]
fn a_chart_like_flytes(#[case] case: &str, #[case] values: &[&str]) {
    let chart = Chart::load(data("corpus/planes")).unwrap();
    let ours = rendered(&chart, "rel", "ns", files(values));
    same(&printed(&ours), &expected(case));
    assert_eq!(
        ours.notes.as_deref().map(str::trim_end),
        Some(match case {
            "planes" => "Visit planes.example.org in ns.",
            _ => "Visit planes.example.org in elsewhere.",
        })
    );
}

/// Nulls in values: at the top and below, over defaults and over nothing, of a chart and of its subchart.
#[rstest]
#[case("nulls", &[])]
#[case("nulls-user", &["values/nulls.yaml"])]
fn nulls(#[case] case: &str, #[case] values: &[&str]) {
    let chart = Chart::load(data("corpus/nulls")).unwrap();
    same(&rendered(&chart, "rel", "ns", files(values)).to_yaml(), &expected(case));
}

#[test]
fn tricky_templates() {
    let chart = Chart::load(data("corpus/tricky")).unwrap();
    let ours = rendered(&chart, "rel", "ns", Values::default());
    same(&printed(&ours), &expected("tricky"));
    assert_eq!(ours.notes.as_deref(), Some("Thank you for tricky.\n"));
    assert_eq!(ours.missing_lookups.len(), 1);
}

/// Packs a chart's folder as `helm package` does.
fn pack(folder: &Path, into: &Path) {
    let name = folder.file_name().unwrap();
    let packed = std::fs::File::create(into).unwrap();
    let mut archive = tar::Builder::new(flate2::write::GzEncoder::new(packed, flate2::Compression::default()));
    archive.append_dir_all(name, folder).unwrap();
    archive.into_inner().unwrap().finish().unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap().path();
        let to = to.join(entry.file_name().unwrap());
        if entry.is_dir() {
            copy(&entry, &to);
        } else {
            std::fs::copy(&entry, &to).unwrap();
        }
    }
}

/// Subcharts as archives, aliases, conditions, tags, imported values; and the whole as one archive.
#[rstest]
#[case(false)]
#[case(true)]
fn packed_charts(#[case] whole: bool) {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("packed");
    copy(&data("corpus/packed"), &chart);
    for (name, version) in [("minio", "1.0.0"), ("post", "2.0.4")] {
        pack(
            &data("corpus/packed-parts").join(name),
            &chart.join(format!("charts/{name}-{version}.tgz")),
        );
    }
    let archive = folder.path().join("packed-1.2.3.tgz");
    if whole {
        pack(&chart, &archive);
    }
    let chart = Chart::load(if whole { archive } else { chart }).unwrap();
    let ours = rendered(&chart, "rel", "ns", Values::default());
    same(&ours.to_yaml(), &expected("packed"));
}

#[test]
fn family_of_charts() {
    let chart = Chart::load(data("corpus/family")).unwrap();
    let values = Values::builder()
        .file(data("values/family.yaml"))
        .and_then(|b| b.set(r"list[1]=b,dotted\.key=v,n=5,t=true,nil=null,l={a,b},child.size=7"))
        .and_then(|b| b.set_string("s=5"))
        .and_then(|b| b.set_json(r#"j={"a":[1,{"b":null}]}"#))
        .unwrap()
        .build();
    let ours = rendered(&chart, "rel", "ns", values);
    let crds: String = ours
        .crds
        .iter()
        .map(|crd| format!("---\n# Source: {}\n{}\n\n", crd.source, crd.text))
        .collect();
    same(&(crds + &ours.to_yaml()), &expected("family"));
    assert_eq!(ours.warnings, ["warning: skipped value for family.scalar: Not a table."]);
}
