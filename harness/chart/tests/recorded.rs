//! Expressions and `--set` options, against recorded answers of real Helm 4.1.4 (see `data/README.md`).
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::path::Path;

use chart::{Chart, Error, Values, ValuesBuilder, lint};
use serde::Deserialize;

fn data(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)
}

/// What Helm did: printed something, or failed; without words only the failure counts.
#[derive(Deserialize)]
struct Recorded {
    #[serde(default)]
    template: String,
    #[serde(default)]
    options: Vec<String>,
    out: Option<String>,
    error: Option<String>,
}

impl Recorded {
    /// What differs.
    fn differs(&self, ours: &Result<String, String>) -> Option<String> {
        let same = match (ours, &self.out, &self.error) {
            (Ok(ours), Some(helms), _) => ours.trim() == helms,
            (Err(ours), None, Some(helms)) => ours == helms,
            (Err(_), None, None) => true,
            _ => false,
        };
        let helms = self.out.as_ref().or(self.error.as_ref());
        (!same).then(|| format!("{}{}\n  helm: {helms:?}\n  ours: {ours:?}", self.template, self.options.join(" ")))
    }
}

fn recorded(name: &str) -> Vec<Recorded> {
    let text = std::fs::read_to_string(data(&format!("expected/{name}.jsonl"))).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Renders charts of one template in a folder.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new(values: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("templates")).unwrap();
        std::fs::write(folder.path().join("Chart.yaml"), "apiVersion: v2\nname: t\nversion: 0.1.0\n").unwrap();
        std::fs::copy(data(values), folder.path().join("values.yaml")).unwrap();
        Bench(folder)
    }

    fn printed(&self, template: &str, values: Result<ValuesBuilder, Error>) -> Result<String, String> {
        std::fs::write(self.0.path().join("templates/a.yaml"), template).unwrap();
        let chart = Chart::load(self.0.path()).unwrap();
        let rendered = values.and_then(|values| lint(&chart, values.build(), "2026-01-01T00:00:00Z".parse().unwrap()));
        rendered.map(|rendered| rendered.to_yaml()).map_err(|error| error.to_string())
    }
}

#[derive(Deserialize)]
struct Given {
    name: String,
    options: Vec<String>,
    files: BTreeMap<String, String>,
}

impl Given {
    fn printed(&self) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in &self.files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let now = "2026-01-01T00:00:00Z".parse().unwrap();
        let rendered = Chart::load(folder.path()).and_then(|chart| lint(&chart, set(&self.options)?.build(), now));
        let rendered = rendered.map_err(|error| error.to_string())?;
        let hooks = rendered.hooks.iter();
        let hooks = hooks.map(|hook| format!("---\n# Source: {}\n{}\n", hook.manifest.source, hook.manifest.text));
        Ok(rendered.to_yaml() + &hooks.collect::<String>())
    }
}

/// Subcharts, conditions, tags, imported and global values, nulls, files, hooks, orders, blanks, recursion: charts that are small and odd.
#[test]
fn charts() {
    let recorded = recorded("charts");
    assert!(recorded.len() > 140);
    let text = std::fs::read_to_string(data("charts.jsonl")).unwrap();
    let given: Vec<Given> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(given.len(), recorded.len());
    let differing = given.iter().zip(&recorded).filter_map(|(given, recorded)| {
        assert_eq!(given.name, recorded.template);
        recorded.differs(&given.printed())
    });
    all_same(recorded.len(), differing);
}

fn all_same(count: usize, differing: impl Iterator<Item = String>) {
    let differing: Vec<String> = differing.collect();
    assert!(
        differing.is_empty(),
        "{} of {count} differ:\n{}",
        differing.len(),
        differing.join("\n")
    );
}

#[test]
fn expressions() {
    let bench = Bench::new("values/expressions.yaml");
    let recorded = recorded("expressions");
    assert!(recorded.len() > 1500);
    let differing = recorded
        .iter()
        .filter_map(|case| case.differs(&bench.printed(&case.template, Ok(Values::builder()))));
    all_same(recorded.len(), differing);
}

/// The options of one call, in Helm's order.
fn set(options: &[String]) -> Result<ValuesBuilder, Error> {
    let order = ["--set-json", "--set", "--set-string", "--set-file", "--set-literal"];
    let mut pairs: Vec<&[String]> = options.chunks(2).collect();
    pairs.sort_by_key(|pair| order.iter().position(|name| *name == pair[0]).unwrap());
    pairs.iter().try_fold(Values::builder(), |builder, pair| match pair[0].as_str() {
        "--set-json" => builder.set_json(&pair[1]),
        "--set" => builder.set(&pair[1]),
        "--set-string" => builder.set_string(&pair[1]),
        // Files are named from the folder of the data.
        "--set-file" => builder.set_file(&pair[1].replace("values/", &format!("{}/", data("values").display()))),
        _ => builder.set_literal(&pair[1]),
    })
}

#[test]
fn set_options() {
    let bench = Bench::new("values/set.yaml");
    let recorded = recorded("set");
    assert!(recorded.len() > 250);
    let template = "kind: X\nv: {{ .Values | toJson | quote }}\n";
    let differing = recorded
        .iter()
        .filter_map(|case| case.differs(&bench.printed(template, set(&case.options))));
    all_same(recorded.len(), differing);
}
