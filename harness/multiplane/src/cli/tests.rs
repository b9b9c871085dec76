//! Subcommands as a user calls them, without a process.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use clap::{CommandFactory, Parser};
use multiplane::exit::Exit;

use super::config::Settings;
use super::output::Output;
use super::{Cli, run};

/// A writer whose text can be read afterwards.
#[derive(Clone, Default)]
pub(super) struct Text(Arc<Mutex<Vec<u8>>>);

impl Text {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Files in a folder of their own.
pub(super) struct Files(tempfile::TempDir);

impl Files {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        Self(folder)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `multiplane`; `@name` among the arguments is a file. Gives the exit code and the output or the message,
    /// the folder's path taken out.
    pub(super) fn multiplane(&self, arguments: &[&str]) -> (Exit, String) {
        let arguments = arguments.iter().map(|argument| match argument.strip_prefix('@') {
            Some(name) => self.path(name).display().to_string(),
            None => (*argument).to_owned(),
        });
        // What fails here is nobody's to keep.
        let kept = arguments.clone().any(|argument| argument == "--record");
        let nothing = ["--record", "none"].map(str::to_owned);
        let nothing = nothing
            .into_iter()
            .filter(|_| !kept && arguments.clone().next().is_some_and(|verb| verb == "run"));
        let arguments = arguments.clone().chain(nothing);
        let cli = Cli::try_parse_from(std::iter::once("multiplane".to_owned()).chain(arguments)).unwrap();
        let text = Text::default();
        let (exit, text) = match run(cli, &Settings::default(), &mut Output::to(text.clone())) {
            Ok(exit) => (exit, text.text()),
            Err(failure) => (failure.parts().0, failure.parts().1.to_owned()),
        };
        (exit, text.replace(&format!("{}/", self.0.path().display()), ""))
    }
}

const VALUES: &str = "\
configmap:
  clusters:
    labelClusterMap:
      blue: [{id: a, weight: 0.75}, {id: b, weight: 0.25}]
      idle: [{id: c, weight: 1}]
    clusterConfigs:
    - {name: a, enabled: true, inCluster: true}
    - {name: b, enabled: true, inCluster: true}
    - {name: c, enabled: false, inCluster: true}
";
const ROWS: &str = "- {project: team1, domain: production, label: blue}\n- {project: team1, label: bleu}\n";

#[test]
fn the_arguments_are_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn place_shows_where_executions_go_and_why() {
    let files = Files::new(&[("values.yaml", VALUES), ("rows.yaml", ROWS)]);
    let arguments = [
        "place",
        "--config",
        "@values.yaml",
        "--attributes",
        "@rows.yaml",
        "--project",
        "team1",
        "--domain",
        "production",
        "e1",
        "e3",
    ];
    let (exit, text) = files.multiplane(&arguments);
    assert_eq!(exit, Exit::Passed);
    insta::assert_snapshot!(text, @r#"
    values.yaml (Helm values): clusters a, b, c (disabled); no default label
    project team1, domain production

    Label
      label `blue`, stored for the project and domain
        project team1, domain production: `blue`: applies
        project team1: `bleu`: outranked
    Pool
      pool of label `blue`
        a   75.00 %  draws up to 0.750000  weight 0.75
        b   25.00 %  draws up to 1.000000  weight 0.25

    CLUSTER  EXPECTED  THESE
    a        75.00 %   1 of 2
    b        25.00 %   1 of 2

    EXECUTION  CLUSTER  DREW
    e1         a        0.681128
    e3         b        0.963986
    "#);
}

#[test]
fn place_without_an_execution_is_an_overview() {
    let files = Files::new(&[("values.yaml", VALUES), ("rows.yaml", ROWS)]);
    let (exit, text) = files.multiplane(&["place", "--config", "@values.yaml", "--attributes", "@rows.yaml"]);
    assert_eq!(exit, Exit::Passed);
    insta::assert_snapshot!(text, @r#"
    values.yaml (Helm values): clusters a, b, c (disabled); no default label

    LABEL               GOES TO
    blue                a 75.00 %, b 25.00 %
    idle                a 50.00 %, b 50.00 % (all enabled clusters; `idle`: c is disabled)
    (none, or another)  a 50.00 %, b 50.00 % (all enabled clusters)

    STORED FOR                        LABEL  GOES TO
    project team1, domain production  blue   a 75.00 %, b 25.00 %
    project team1                     bleu   a 50.00 %, b 50.00 % (all enabled clusters; `bleu`: labelClusterMap lacks it (did you mean `blue`?))
    "#);
}

#[test]
fn place_lists_reasons_as_json() {
    let files = Files::new(&[("values.yaml", VALUES)]);
    let (exit, text) = files.multiplane(&["place", "--config", "@values.yaml", "--label", "blue", "--json", "e1"]);
    assert_eq!(exit, Exit::Passed);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["decisions"][0]["cluster"], "a");
    assert_eq!(json["decisions"][0]["draw"]["seed_modulo"], 1_180_085_906);
    assert_eq!(json["resolution"]["source"], "request");
    assert_eq!(json["choice"]["pool"]["members"][1]["cluster"], "b");
    assert_eq!(json["counts"]["a"], 1);
}

#[test]
fn place_shortens_long_lists() {
    let files = Files::new(&[("values.yaml", VALUES)]);
    let names: Vec<String> = (0..30).map(|n| format!("run-{n}")).collect();
    let arguments: Vec<&str> = ["place", "--config", "@values.yaml"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    let (_, text) = files.multiplane(&arguments);
    assert!(text.ends_with("... and 10 more; --json lists all\n"), "{text}");
}

#[test]
fn place_refuses_what_flyteadmin_refuses() {
    let single = "clusters: {}";
    let bad = VALUES.replace("0.75", "75");
    let files = Files::new(&[("single.yaml", single), ("bad.yaml", &bad), ("broken.yaml", "a: [")]);
    assert_eq!(
        files.multiplane(&["place", "--config", "@single.yaml", "--label", "x", "e"]).0,
        Exit::Failed
    );
    let (exit, message) = files.multiplane(&["place", "--config", "@bad.yaml", "e"]);
    assert_eq!(exit, Exit::Invalid);
    assert!(
        message.contains("invalid weight 75.000000, index 0 (label blue, cluster a)"),
        "{message}"
    );
    assert!(message.contains("multiplane lint --values"), "{message}");
    let (exit, message) = files.multiplane(&["place", "--config", "@broken.yaml", "e"]);
    assert_eq!(
        (exit, message.starts_with("error[yaml-syntax]")),
        (Exit::Invalid, true),
        "{message}"
    );
    assert_eq!(files.multiplane(&["place", "--config", "@none.yaml"]).0, Exit::Invalid);
}

#[test]
fn place_checks_tables_of_cases() {
    let table = "\
format: flyte-placement-cases/1
cluster_configs: {one: {clusters: [{name: a, enabled: true}]}}
cases:
- {id: X1, kind: place, title: t, config: one, request: {project: p, name: e}, expect: {cluster: a}}
- {id: X2, kind: place, title: t, config: one, request: {project: p, name: e}, expect: {cluster: b}}
- {id: X3, kind: sync, title: t}
";
    let files = Files::new(&[("cases.yaml", table), ("good.yaml", &table.replace("cluster: b", "cluster: a"))]);
    let (exit, text) = files.multiplane(&["place", "--cases", "@cases.yaml"]);
    assert_eq!(exit, Exit::Failed);
    insta::assert_snapshot!(text, @r#"
    passed  X1  t
    FAILED  X2  t
              cluster: expected "b", found "a"
    n/a     X3  t (kind sync is about a running flyteadmin)
    1 passed, 1 failed, 1 not applicable
    "#);
    let (exit, text) = files.multiplane(&["place", "--cases", "@good.yaml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((exit, &json["passed"], &json["failed"]), (Exit::Passed, &2.into(), &0.into()));
}

#[test]
fn lint_ends_with_2_on_errors_only() {
    let bad = VALUES.replace("0.75", "75");
    let files = Files::new(&[("values.yaml", VALUES), ("bad.yaml", &bad), ("rows.yaml", ROWS)]);
    let (exit, text) = files.multiplane(&["lint", "--values", "@values.yaml", "--attributes", "@rows.yaml"]);
    assert_eq!(exit, Exit::Passed);
    assert!(text.ends_with("2 warnings, 1 note\n"), "{text}");
    let (exit, text) = files.multiplane(&["lint", "--values", "@values.yaml", "@bad.yaml", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((exit, &json["errors"]), (Exit::Invalid, &1.into()));
    assert_eq!(json["diagnostics"][1]["span"]["line"], 4);
}

#[test]
fn lint_lists_its_rules() {
    let (exit, text) = Files::new(&[]).multiplane(&["lint", "--rules"]);
    assert_eq!((exit, text.lines().count()), (Exit::Passed, flyte::lint::RULES.len() + 1));
}

#[test]
fn lint_checks_scenarios() {
    let files = Files::new(&[(
        "scenario.yaml",
        "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nsteps:\n  - deplyo: {}\n",
    )]);
    let (exit, text) = files.multiplane(&["lint", "@scenario.yaml"]);
    assert_eq!(exit, Exit::Invalid);
    assert!(
        text.contains("scenario.yaml:4:5") && text.contains("did you mean `deploy`?"),
        "{text}"
    );
}

/// A capsule of what failed holds what the clusters did.
#[test]
fn a_recorded_failure_holds_the_clusters() {
    let failing = "apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: failing}
clusters: {hub: {role: other}}
steps:
  - expect: {resources: {on: hub, apiVersion: v1, kind: Namespace, name: nowhere, matches: {status: {phase: Active}}, within: 1s}}
";
    let files = Files::new(&[("scenario.yaml", failing)]);
    let (exit, _) = files.multiplane(&["run", "@scenario.yaml", "--record", "@failed.capsule"]);
    assert_eq!(exit, Exit::Failed);
    let capsule = std::fs::File::open(files.path("failed.capsule")).unwrap();
    let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(capsule));
    let entries = archive
        .entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().display().to_string());
    let entries: Vec<String> = entries.collect();
    assert!(entries.contains(&"clusters/hub/objects/Namespace.yaml".to_owned()), "{entries:?}");
}
