//! What CI calls: parts, matrix, reports, and the commands in the workflows.

use std::collections::BTreeMap;
use std::path::Path;

use clap::{Parser, ValueEnum};
use multiplane::exit::Exit;

use super::Cli;
use super::backend::Backend;
use super::tests::Files;

const EMPTY: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: NAME}
vars: {size: small}
clusters: {a: {role: other}}
steps:
  - wait: {for: 1s}
";

/// Five scenarios in two groups.
fn suite() -> Files {
    let files = Files::new(&[]);
    for (folder, name) in [("g/one", "e"), ("g/two", "d"), ("g/three", "c"), ("h/x/y", "b"), ("h/z", "a")] {
        let folder = files.path("s").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("scenario.yaml"), EMPTY.replace("NAME", name)).unwrap();
    }
    files
}

/// Names and outcomes of a `--json` report.
fn outcomes(json: &str) -> BTreeMap<String, String> {
    let report: serde_json::Value = serde_json::from_str(json).unwrap();
    let scenarios = report["scenarios"].as_array().unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    scenarios
        .iter()
        .map(|scenario| (text(&scenario["name"]), text(&scenario["outcome"])))
        .collect()
}

#[test]
fn parts_of_a_suite_merge_into_one_report() {
    let files = suite();
    for part in ["1/3", "2/3", "3/3"] {
        let journal = format!("@{}.jsonl", part.replace('/', "-"));
        let (exit, text) = files.multiplane(&["run", "@s", "--partition", part, "--journal", &journal, "--json", "-"]);
        assert_eq!(exit, Exit::Passed, "{text}");
        assert!(outcomes(&text).len() <= 2, "{text}");
    }
    let all = ["report", "@1-3.jsonl", "@2-3.jsonl", "@3-3.jsonl", "--json", "-"];
    let (exit, text) = files.multiplane(&all);
    assert_eq!(exit, Exit::Passed);
    let names: String = outcomes(&text).into_keys().collect();
    assert_eq!(names, "abcde");
    // One is missing; one is there twice.
    assert_eq!(
        files.multiplane(&["report", "@1-3.jsonl", "@3-3.jsonl", "--json", "-"]).0,
        Exit::Environment
    );
    let (exit, message) = files.multiplane(&["report", "@1-3.jsonl", "@1-3.jsonl"]);
    assert_eq!(exit, Exit::Invalid);
    assert!(
        message.ends_with(" (embedded) is in two journals: 1-3.jsonl and 1-3.jsonl"),
        "{message}"
    );
}

#[test]
fn a_part_without_scenarios_passes() {
    let files = suite();
    let (exit, text) = files.multiplane(&["run", "@s", "--partition", "6/6", "--journal", "@6.jsonl", "--json", "-"]);
    assert_eq!((exit, outcomes(&text).len()), (Exit::Passed, 0));
    assert_eq!(files.multiplane(&["report", "@6.jsonl", "--json", "-"]).0, Exit::Passed);
}

/// The suite, and in `g` a scenario that pauses a machine, which needs one.
fn suite_with_a_machine() -> Files {
    let files = suite();
    let folder = files.path("s/g/four");
    std::fs::create_dir_all(&folder).unwrap();
    let text = EMPTY
        .replace("NAME", "f")
        .replace("{a: {role: other}}", "{a: {role: other}, b: {role: other}}");
    let text = text.replace("wait: {for: 1s}", "fault: {id: gone, match: {cluster: b}, verdict: pause}");
    std::fs::write(folder.join("scenario.yaml"), text).unwrap();
    files
}

#[test]
fn what_a_backend_cannot_run_is_left_out_and_told() {
    let files = suite_with_a_machine();
    let (exit, text) = files.multiplane(&["run", "@s"]);
    assert!(exit == Exit::Invalid && text.contains("f cannot run on embedded"), "{text}");
    let run = ["run", "@s", "--skip-unsupported", "--journal", "@j.jsonl", "--json", "-"];
    let (exit, text) = files.multiplane(&run);
    assert_eq!(exit, Exit::Passed, "{text}");
    let outcomes = outcomes(&text);
    assert_eq!(
        (outcomes.len(), outcomes["f"].as_str(), outcomes["e"].as_str()),
        (6, "skipped", "passed")
    );
    // Nothing failed, so there is nothing to run again.
    let again = ["run", "@s", "--skip-unsupported", "--failed-in", "@j.jsonl", "--json", "-"];
    assert!(files.multiplane(&again).1.contains(r#""scenarios": []"#));
    let (exit, _) = files.multiplane(&["report", "@j.jsonl", "--json", "-", "--junit", "@j.xml", "--html", "@j.html"]);
    assert_eq!(exit, Exit::Passed);
    let junit = std::fs::read_to_string(files.path("j.xml")).unwrap();
    assert!(
        junit.contains(r#"type="unsupported""#) && !junit.contains("<error") && !junit.contains("<failure"),
        "{junit}"
    );
    let page = std::fs::read_to_string(files.path("j.html")).unwrap();
    assert!(page.contains("5 scenarios passed") && page.contains("1 skipped"));
    // A run of nothing would look like success.
    assert_eq!(files.multiplane(&["run", "@s/g/four", "--skip-unsupported"]).0, Exit::Invalid);
}

#[test]
fn a_cell_counts_what_its_backend_can_run() {
    let files = suite_with_a_machine();
    let counts = |backend| matrix(&files, &["@s", "--event", "nightly", "--backend", backend]);
    let cells = counts("embedded");
    assert_eq!((&cells[0]["scenarios"], &cells[0]["partition"]), (&3.into(), &"1/1".into()));
    let kind = counts("kind");
    assert_eq!(
        (kind.len(), &kind[0]["backend"], &kind[0]["scenarios"]),
        (2, &"kind".into(), &3.into())
    );
    for number in 0..20 {
        let folder = files.path("s/g").join(number.to_string());
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("scenario.yaml"), EMPTY.replace("NAME", &format!("n{number}"))).unwrap();
    }
    let parts: Vec<_> = counts("kind").iter().map(|cell| cell["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(parts.len(), 3, "{parts:?}");
    assert!(parts[0].ends_with("g-1-2") && parts[1].ends_with("g-2-2"), "{parts:?}");
    assert_eq!(counts("embedded").len(), 2);
}

#[test]
fn a_killed_run_has_a_report() {
    let files = suite();
    files.multiplane(&["run", "@s", "--journal", "@all.jsonl", "--jobs", "1", "--json", "-"]);
    let whole = std::fs::read_to_string(files.path("all.jsonl")).unwrap();
    // As a SIGKILL leaves it: in the first scenario's step, half a line written.
    let end = whole.find("stepFinished").unwrap();
    std::fs::write(files.path("cut.jsonl"), &whole[..end]).unwrap();
    let (exit, text) = files.multiplane(&["report", "@cut.jsonl", "--json", "-", "--junit", "@cut.xml", "--html", "@cut.html"]);
    assert_eq!(exit, Exit::Interrupted);
    assert_eq!(outcomes(&text).into_values().collect::<Vec<_>>(), ["interrupted"]);
    assert!(
        std::fs::read_to_string(files.path("cut.xml"))
            .unwrap()
            .contains("the journal ends in this step")
    );
    let page = std::fs::read_to_string(files.path("cut.html")).unwrap();
    for part in ["5 scenarios did not pass", "4 never began", "the journal ends in this step"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn pins_reach_the_clusters_and_the_journal() {
    let files = suite();
    let run = |pins: &[&str], journal: &str| {
        let pins = pins.iter().flat_map(|pin| ["--matrix", pin]);
        let arguments = ["run", "@s/g/one", "--json", "-", "--journal", journal];
        files.multiplane(&arguments.into_iter().chain(pins).collect::<Vec<_>>())
    };
    let (exit, text) = run(&["kubernetes=1.36", "vars.size=big"], "@1.jsonl");
    assert_eq!(exit, Exit::Passed, "{text}");
    assert!(text.contains(r#""kubernetes": "1.36""#), "{text}");
    // The backend says what it does not serve.
    assert_eq!(run(&["kubernetes=1.30"], "@2.jsonl").0, Exit::Environment);
    assert_eq!(run(&["vars.seize=big"], "@3.jsonl").0, Exit::Invalid);
    assert_eq!(run(&["helm=4"], "@4.jsonl").0, Exit::Invalid);
    let (_, text) = files.multiplane(&["report", "@1.jsonl", "@2.jsonl", "--json", "-"]);
    let outcomes = outcomes(&text);
    assert_eq!(outcomes["e (embedded, kubernetes=1.36, vars.size=big)"], "passed");
    assert_eq!(outcomes["e (embedded, kubernetes=1.30)"], "environment");
}

#[test]
fn a_partition_that_is_none_is_refused() {
    for (text, why) in [
        ("0/2", "parts count from 1 to 2"),
        ("3/2", "parts count from 1 to 2"),
        ("x", "written i/n"),
    ] {
        let error = Cli::try_parse_from(["multiplane", "run", "s", "--partition", text]).err().unwrap();
        assert!(error.to_string().contains(why), "{error}");
    }
}

fn matrix(files: &Files, arguments: &[&str]) -> Vec<serde_json::Value> {
    let (exit, text) = files.multiplane(&[&["matrix"], arguments].concat());
    assert_eq!((exit, text.lines().count()), (Exit::Passed, 1), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["include"].as_array().unwrap().clone()
}

#[test]
fn the_matrix_has_a_cell_for_each_group() {
    let files = suite();
    let cells = matrix(&files, &["@s"]);
    let shown: Vec<String> = cells
        .iter()
        .map(|cell| format!("{} {} {}", cell["backend"], cell["group"], cell["scenarios"]))
        .collect();
    assert_eq!(shown, [r#""embedded" "g" 3"#, r#""embedded" "h" 2"#]);
    assert_eq!(cells[0]["path"], "s/g");
    assert!(matrix(&files, &["@s", "--event", "nightly"]).len() >= cells.len());
    assert_eq!(matrix(&files, &["@s/g/one", "--backend", "embedded"])[0]["scenarios"], 1);
    assert_eq!(files.multiplane(&["matrix", "@none"]).0, Exit::Invalid);
}

#[test]
fn a_backend_that_is_not_built_in_is_refused() {
    let files = suite();
    let refused = [
        files.multiplane(&["run", "@s", "--backend", "container", "--matrix", "kubernetes=1.30"]),
        files.multiplane(&["matrix", "@s", "--backend", "container"]),
    ];
    if Backend::Container.is_built() {
        assert!(refused[0].1.contains("cannot run on container"), "{}", refused[0].1);
        assert_eq!((refused[0].0, refused[1].0), (Exit::Invalid, Exit::Passed));
        let cells = matrix(&files, &["@s", "--event", "nightly", "--backend", "container"]);
        assert_eq!((cells.len(), &cells[0]["kubernetes"]), (2, &"1.36".into()));
        return;
    }
    for (exit, message) in refused {
        assert_eq!(exit, Exit::Invalid, "{message}");
        assert!(message.contains("`cargo build -p multiplane --features docker`"), "{message}");
    }
}

#[test]
fn the_commands_in_the_workflows_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut seen = Vec::new();
    for file in ["ci.yml", "nightly.yml"] {
        let text = std::fs::read_to_string(root.join(".github/workflows").join(file)).unwrap();
        yaml::manifest::document(&text).unwrap();
        for line in text.lines() {
            let Some((_, command)) = line.split_once("/multiplane ") else {
                continue;
            };
            let command = command.split([')', '|']).next().unwrap().replace('"', "");
            let command = command
                .replace("$BACKEND", "embedded")
                .replace("$PARTITION", "1/1")
                .replace("$KUBERNETES", "1.36")
                .replace("$SCENARIOS", "scenarios/guide");
            let arguments = std::iter::once("multiplane").chain(command.split_whitespace());
            if let Err(error) = Cli::try_parse_from(arguments) {
                panic!("{file}: multiplane {command}\n{error}");
            }
            seen.push(command.split_whitespace().next().unwrap().to_owned());
        }
    }
    assert_eq!(seen, ["matrix", "doctor", "run", "report"]);
    assert!(root.join(".ci/run").exists());
}

#[test]
fn doctor_says_what_this_machine_can_run() {
    let (exit, text) = suite().multiplane(&["doctor", "@s", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((exit, &report["backends"][0]["usable"]), (Exit::Passed, &true.into()), "{text}");
    assert_eq!(report["facts"]["planned"]["clusters"], 1);
    let bad = Files::new(&[]).multiplane(&["doctor", "@nowhere"]);
    assert_eq!(bad.0, Exit::Invalid);
}

#[test]
fn doctor_knows_every_backend_that_can_be_run() {
    for backend in Backend::value_variants() {
        let backend = backend.to_possible_value().unwrap();
        Cli::try_parse_from(["multiplane", "doctor", "--backend", backend.get_name()]).unwrap_or_else(|error| panic!("{error}"));
    }
}
