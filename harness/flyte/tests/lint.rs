//! Every lint rule, on the guide's own files and on small broken ones.

use std::collections::BTreeSet;

use flyte::lint::{File, RULES, lint};
use yaml::diagnostic::{Severity, Sources};

/// Credentials mounted as the chart wants them: line 1. The body, four blanks deep, starts at line 4.
const HEAD: &str = "flyteadmin: {additionalVolumes: [{name: c, secret: {secretName: cluster-credentials}}], \
                    additionalVolumeMounts: [{name: c, mountPath: /var/run/credentials}]}\nconfigmap:\n  clusters:\n";

/// A body of the section `clusters`, and what is found: code and line.
type Case = (&'static str, &'static [(&'static str, usize)]);

/// `@dp1` stands for the fields of a good cluster but `enabled`.
const BODIES: &[Case] = &[
    // A set-up without any finding.
    (
        "defaultExecutionLabel: a\nlabelClusterMap:\n  a: [{id: dp1, weight: 0.4}, {id: dp2, weight: 0.6}]\nclusterConfigs:\n- {@dp1, enabled: true}\n- {@dp2, enabled: true}",
        &[],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: some}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY003", 4)],
    ),
    ("clusterConfigs:\n- {@dp1, enabled: maybe}", &[("FLY003", 5)]),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}]\ndefaultExecutionLable: a",
        &[("FLY004", 6)],
    ),
    ("clusterConfigs: []", &[("FLY005", 4)]),
    ("clusterConfigs:\n- {@dp1, enabled: '{{ .Values.first }}'}", &[("FLY006", 5)]),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {@dp1, enabled: true}\n- {@dp1, enabled: false, endpoint: https://x}",
        &[("FLY010", 7)],
    ),
    (
        "labelClusterMap: {a: []}\nclusterConfigs:\n- {@dp1, enabled: false}",
        &[("FLY026", 4), ("FLY011", 5)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {@dp1, enabled: true}\n- {@dp2}",
        &[("FLY012", 7)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {@dp1, enabled: true, kubeClientConfig: {qps: 9}}",
        &[("FLY013", 6)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {@dp1, enabled: true, kubeClientConfig: {timeout: 9s}}",
        &[("FLY014", 6)],
    ),
    (
        "labelClusterMap: {a: [{id: h}]}\nclusterConfigs:\n- {name: h, inCluster: true, enabled: true, kubeClientConfig: {qps: 9}}",
        &[("FLY014", 6)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {name: dp1, enabled: true, auth: {tokenPath: /var/run/credentials/dp1_token, certPath: /var/run/credentials/dp1_cacert}}",
        &[("FLY016", 6)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: 70}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY020", 4)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: 1.00000001}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: -0.1}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY020", 4)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: 1}, {id: dp2, weight: 7}]}\nclusterConfigs: [{@dp1, enabled: true}, {@dp2, enabled: false}]",
        &[("FLY025", 4), ("FLY021", 4)],
    ),
    (
        "labelClusterMap: {GPU: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY022", 4)],
    ),
    (
        "labelClusterMap: [{GPU: [{id: dp1}]}]\nclusterConfigs: [{@dp1, enabled: true}]",
        &[],
    ),
    (
        "labelClusterMap: {Team.A: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[],
    ),
    (
        "labelClusterMap:\n  gpu: [{id: dp1}]\n  Gpu: [{id: dp1}]\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY023", 6), ("FLY022", 6)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: 1}, {id: dp_1, weight: 0}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY024", 4)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1, weight: 1}], b: [{id: dp2}]}\nclusterConfigs: [{@dp1, enabled: true}, {@dp2, enabled: false}]",
        &[("FLY026", 4)],
    ),
    (
        "defaultExecutionLabel: A\nlabelClusterMap: {a: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY027", 4)],
    ),
    (
        "defaultExecutionLabel: a\nlabelClusterMap: {a: [{id: dp1, weight: 0.2}, {id: dp2, weight: 0.2}]}\nclusterConfigs: [{@dp1, enabled: true}, {@dp2, enabled: true}]",
        &[("FLY028", 5)],
    ),
    (
        "defaultExecutionLabel: a\nlabelClusterMap: {a: [{id: dp1, weight: 1}, {id: dp2}]}\nclusterConfigs: [{@dp1, enabled: true}, {@dp2, enabled: true}]",
        &[("FLY029", 5)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}, {@dp2, enabled: true}]",
        &[("FLY030", 4)],
    ),
    ("clusterConfigs: [{@dp1, enabled: true}]", &[("FLY031", 4)]),
    (
        "labelClusterMap: {off: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}]",
        &[("FLY032", 4)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {name: dp1, endpoint: https://x, enabled: true, auth: {tokenPath: /var/run/credentials/dp1_token}}",
        &[("FLY040", 6)],
    ),
    (
        "labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs:\n- {@dp1, enabled: true}\n- name: dp2\n  endpoint: https://dp2\n  enabled: false\n  auth:\n    tokenPath: /var/run/credentials/dp1_token\n    certPath: /var/run/credentials/ca.crt",
        &[("FLY043", 11), ("FLY043", 12)],
    ),
];

/// Whole files; paths of the found codes as above.
const FILES: &[Case] = &[
    (
        "cluster_resource_manager:\n  config: {cluster_resources: {standaloneDeployment: true}}\n",
        &[("FLY005", 0), ("FLY060", 2)],
    ),
    (
        "cluster_resource_manager:\n  standalone_deploy: true\n  config: {cluster_resources: {standaloneDeployment: true}}\n",
        &[("FLY005", 0)],
    ),
    (
        "flytepropeller: {enabled: false}\nflyteconnector: {enabled: true}\n",
        &[("FLY005", 0), ("FLY061", 2)],
    ),
    (
        "flyteadmin:\n  serviceAccount:\n    createClusterRole: true\n    clusterRole: {verbs: [get]}\n",
        &[("FLY005", 0), ("FLY062", 3), ("FLY062", 4)],
    ),
    ("rbacScope: namespace\n", &[("FLY005", 0), ("FLY063", 1)]),
    (
        "userSettings: {accountNumber: <ACCOUNT_NUMBER>, other: a<b>c}\nx: ['s3://<B_1>/y']\n",
        &[("FLY005", 0), ("FLY064", 1), ("FLY064", 2)],
    ),
    ("flyteadmin: {enabled: false}\n", &[("FLY065", 1), ("FLY065", 1), ("FLY065", 1)]),
    (
        "flyteadmin: {enabled: false}\nstorage: {type: sandbox}\nconfigmap: {admin: {admin: {endpoint: a:81}}, catalog: {catalog-cache: {endpoint: a:89}}}\n",
        &[("FLY065", 2)],
    ),
    ("", &[("FLY005", 0)]),
    ("configmap:\n  clusters:\n", &[("FLY001", 2)]),
    ("configmap:\n  labelClusterMap: {}\n", &[("FLY002", 2)]),
    ("clusterConfigs: []\n", &[("FLY002", 1)]),
    ("configmap: {}\nclusters:\n  clusterConfigs: []\n", &[("FLY002", 2)]),
    ("clusters:\n  clusterConfigs:\n  - {name: a, enabled: yes}\n", &[("FLY003", 3)]),
    (
        "flyteadmin:\n  additionalVolumes: []\n  additionalVolumeMounts: [{name: c, mountPath: /etc/c}]\nconfigmap:\n  clusters:\n    labelClusterMap: {a: [{id: a}]}\n    clusterConfigs:\n    - name: a\n      enabled: true\n      endpoint: http://a\n      auth:\n        tokenPath: /etc/c/a_token\n        certPath: /etc/d/a_cacert\n    - {name: b, enabled: true, inCluster: true}\n    - name: c\n      enabled: false\n      endpoint: https://<c>:443\n      auth: {tokenPath: /etc/c/c_token, certPath: /etc/c/c_cacert}\n    - name: d\n      enabled: false\n      endpoint: https://<c>:443\n      auth: {tokenPath: /etc/c/d_token, certPath: /etc/c/d_cacert}\n",
        &[
            ("FLY045", 3),
            ("FLY030", 6),
            ("FLY018", 10),
            ("FLY042", 12),
            ("FLY041", 13),
            ("FLY017", 17),
            ("FLY042", 18),
            ("FLY042", 18),
            ("FLY017", 21),
            ("FLY019", 21),
            ("FLY042", 22),
            ("FLY042", 22),
        ],
    ),
];

const OVERRIDE: &str = include_str!("data/guide/values-override.yaml");
const STEP_13: &str = include_str!("data/guide/step-13.yaml");
const ECL: &str = include_str!("data/guide/ecl.yaml");
const WORKFLOW_ECL: &str = include_str!("data/guide/workflow-ecl.yaml");

fn file(name: &str, text: impl Into<String>) -> File {
    File {
        name: name.to_owned(),
        text: text.into(),
    }
}

/// Code and place of each finding: `FLY001 values.yaml:2:3`.
fn places(values: &[File], attributes: &[File]) -> Vec<String> {
    lint(values, attributes)
        .iter()
        .map(|found| {
            let span = found.span.unwrap_or_default();
            format!(
                "{} {}:{}:{}",
                found.code,
                found.file.as_deref().unwrap_or_default(),
                span.line,
                span.column
            )
        })
        .collect()
}

fn body(text: &str) -> String {
    let indented: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    let text = format!("{HEAD}{}\n", indented.join("\n"));
    ["dp1", "dp2"].iter().fold(text, |text, name| {
        let auth = format!("auth: {{tokenPath: /var/run/credentials/{name}_token, certPath: /var/run/credentials/{name}_cacert}}");
        text.replace(
            &format!("@{name}, enabled: false, endpoint"),
            &format!("name: {name}, {auth}, enabled: false, endpoint"),
        )
        .replace(&format!("@{name}"), &format!("name: {name}, endpoint: 'https://{name}', {auth}"))
    })
}

#[test]
fn every_rule_is_found_where_it_should() {
    let cases = BODIES.iter().map(|(text, expected)| (body(text), expected));
    let cases = cases.chain(FILES.iter().map(|(text, expected)| ((*text).to_owned(), expected)));
    let mut wrong = Vec::new();
    for (text, expected) in cases {
        let found = lint(&[file("v", text.as_str())], &[]);
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.code, found.span.unwrap_or_default().line))
            .collect();
        if found != *expected {
            wrong.push(format!("{text}\nexpected {expected:?}\nfound    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn the_table_lists_exactly_what_is_found() {
    let mut codes: BTreeSet<&str> = BODIES
        .iter()
        .chain(FILES)
        .flat_map(|(_, found)| found.iter().map(|(code, _)| *code))
        .collect();
    codes.extend(
        lint(&[file("v", OVERRIDE)], &[file("w", WORKFLOW_ECL)])
            .iter()
            .map(|found| found.code),
    );
    let table: Vec<&str> = RULES.iter().map(|rule| rule.code).collect();
    assert_eq!(
        codes.into_iter().collect::<Vec<_>>(),
        table,
        "codes are unique, sorted, and each is tested"
    );
    for found in lint(&[file("v", OVERRIDE)], &[]).iter() {
        let rule = RULES.iter().find(|rule| rule.code == found.code).unwrap();
        assert_eq!(rule.severity, found.severity);
        assert_eq!(found.notes, [format!("Flyte: {}", rule.flyte)]);
    }
}

#[test]
fn the_guides_files() {
    let v = || file("values-override.yaml", OVERRIDE);
    assert_eq!(
        places(&[v()], &[file("ecl.yaml", ECL)]),
        [
            "FLY046 values-override.yaml:9:3",
            "FLY017 values-override.yaml:20:16",
            "FLY015 values-override.yaml:23:9",
        ]
    );
    // The slip of the workflow's file: a project where a label belongs.
    assert!(places(&[v()], &[file("workflow-ecl.yaml", WORKFLOW_ECL)]).contains(&"FLY050 workflow-ecl.yaml:4:8".to_owned()));
    // Step 13 as printed, by itself and on top.
    assert_eq!(places(&[file("step-13.yaml", STEP_13)], &[]), ["FLY001 step-13.yaml:2:3"]);
    assert_eq!(
        places(&[v(), file("step-13.yaml", STEP_13)], &[]),
        ["FLY001 step-13.yaml:2:3", "FLY046 values-override.yaml:9:3"]
    );
    let found = lint(&[file("step-13.yaml", STEP_13)], &[]);
    let help = found.iter().next().unwrap().help.clone().unwrap();
    assert_eq!(
        help,
        "indent `labelClusterMap` (line 3) and `clusterConfigs` (line 10) below `clusters`"
    );
}

#[test]
fn later_files_win_as_in_helm() {
    let base = body("labelClusterMap: {a: [{id: dp1, weight: 7}]}\nclusterConfigs: [{@dp1, enabled: false}]");
    let later = "configmap:\n  clusters:\n    labelClusterMap: {a: [{id: dp1, weight: 8}]}\n";
    let found = places(&[file("base", base.as_str()), file("later", later)], &[]);
    assert_eq!(found, ["FLY011 base:5:5", "FLY026 later:3:23", "FLY021 later:3:45"]);
}

#[test]
fn errors_of_a_file_are_shown_with_their_place() {
    assert_eq!(places(&[file("v", "a: [1\n")], &[]).len(), 1);
    let values = file(
        "v",
        body("labelClusterMap: {a: [{id: dp1}]}\nclusterConfigs: [{@dp1, enabled: true}]"),
    );
    assert_eq!(
        places(std::slice::from_ref(&values), &[file("w", "project: p\nvalu: a\n")]),
        ["unknown-field w:2:1"]
    );
    assert_eq!(
        places(&[values], &[file("w", "- {project: p, label: A}\n- {project: q, value: a}\n")]),
        ["FLY050 w:1:23"]
    );
}

#[test]
fn a_finding_as_people_see_it() {
    let text = "configmap:\n  clusters:\n    clusterConfigs: [{name: a, enabled: true, inCluster: true}]\n    labelClusterMap:\n      a: [{id: a, weight: 70}]\n";
    let found = lint(&[file("values.yaml", text)], &[]);
    let mut sources = Sources::default();
    sources.add("values.yaml", text);
    assert_eq!(
        found.render(&sources, false),
        "\
error[FLY020]: weight 70 of `a` is not within 0 to 1
 --> values.yaml:5:27
  |
5 |       a: [{id: a, weight: 70}]
  |                           ^^
  |
  = note: Flyte: flyteadmin does not start: invalid weight
  = help: for 70 percent write 0.7"
    );
    assert_eq!(found.iter().next().unwrap().severity, Severity::Error);
}
