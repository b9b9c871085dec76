//! `multiplane place` comparing two configurations and finding names.

use multiplane::exit::Exit;

use super::tests::Files;

const NOW: &str = "\
clusters:
  clusterConfigs: [{name: a, enabled: true}, {name: b, enabled: true}]
  labelClusterMap:
    blue: [{id: a, weight: 1}]
    green: [{id: b, weight: 1}]
  defaultExecutionLabel: blue
";
const ROWS: &str = "\
- {project: team1, domain: production, label: green}
- {project: team2, label: lost}
";

fn files() -> Files {
    let then = NOW.replace("blue: [{id: a, weight: 1}]", "blue: [{id: a, weight: 0.5}, {id: b, weight: 0.5}]");
    Files::new(&[("now.yaml", NOW), ("then.yaml", &then), ("rows.yaml", ROWS)])
}

#[test]
fn a_comparison_shows_what_moves_and_what_stays() {
    let files = files();
    let arguments = [
        "place",
        "--config",
        "@now.yaml",
        "--against",
        "@then.yaml",
        "--attributes",
        "@rows.yaml",
    ];
    let (exit, text) = files.multiplane(&arguments);
    assert_eq!(exit, Exit::Passed, "{text}");
    insta::assert_snapshot!(text, @r"
    now.yaml -> then.yaml

    EXECUTIONS OF             LABEL   MOVE     FROM  TO
    team2                     lost    50.00 %  a     b
    requests with label blue  blue    50.00 %  a     b
    everything else           (none)  50.00 %  a     b

    All others stay: team1/production; requests with label green
    ");
    let forbid = [arguments.as_slice(), &["--forbid-moves"]].concat();
    assert_eq!(files.multiplane(&forbid).0, Exit::Failed);
    let (exit, text) = files.multiplane(&["place", "--config", "@now.yaml", "--against", "@now.yaml", "--forbid-moves"]);
    assert_eq!(exit, Exit::Passed);
    assert!(text.contains("Nothing moves"), "{text}");
}

#[test]
fn a_comparison_of_named_executions_is_exact() {
    let files = files();
    let of = ["--project", "team1", "--domain", "development"];
    let arguments = [
        ["place", "--config", "@now.yaml", "--against", "@then.yaml", "--json"].as_slice(),
        &of,
        &["e1", "e2", "e3"],
    ]
    .concat();
    let (exit, text) = files.multiplane(&arguments);
    assert_eq!(exit, Exit::Passed, "{text}");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["moves"], true);
    assert_eq!(found["kinds"][0]["moves"][0]["share"], 0.5);
    let after: Vec<&str> = found["executions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["to"].as_str().unwrap())
        .collect();
    for (name, cluster) in ["e1", "e2", "e3"].iter().zip(&after) {
        let arguments = [["place", "--config", "@then.yaml", "--json"].as_slice(), &of, &[name]].concat();
        let placed: serde_json::Value = serde_json::from_str(&files.multiplane(&arguments).1).unwrap();
        assert_eq!(placed["decisions"][0]["cluster"], *cluster, "{name}");
    }
}

#[test]
fn names_are_found_for_each_cluster() {
    let files = files();
    let (exit, text) = files.multiplane(&[
        "place",
        "--config",
        "@then.yaml",
        "--label",
        "blue",
        "--find",
        "2",
        "--prefix",
        "e",
        "--json",
    ]);
    assert_eq!(exit, Exit::Passed, "{text}");
    let found: serde_json::Value = serde_json::from_str(&text).unwrap();
    for cluster in ["a", "b"] {
        let names = found["names"][cluster].as_array().unwrap();
        assert_eq!(names.len(), 2);
        for name in names {
            let (_, text) = files.multiplane(&[
                "place",
                "--config",
                "@then.yaml",
                "--label",
                "blue",
                "--json",
                name.as_str().unwrap(),
            ]);
            let placed: serde_json::Value = serde_json::from_str(&text).unwrap();
            assert_eq!(placed["decisions"][0]["cluster"], cluster);
        }
    }
}
