//! Runs as a user starts them, and how they end.

use crate::bench::{Bench, docker, entries};
use crate::process::finish;
use crate::signals::{pause, signal, until};

/// Every test.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("passes_and_leaves_nothing", passes_and_leaves_nothing),
    ("faults_are_steps", faults_are_steps),
    ("what_fails_leaves_its_logs", what_fails_leaves_its_logs),
    ("kept_clusters_wait_for_gc_all", kept_clusters_wait_for_gc_all),
    ("what_it_cannot_do_is_refused", what_it_cannot_do_is_refused),
    ("what_is_missing_is_said_before_the_run", what_is_missing_is_said_before_the_run),
    ("ctrl_c_cleans_up", ctrl_c_cleans_up),
    ("sigterm_cleans_up", sigterm_cleans_up),
    ("a_second_ctrl_c_leaves_at_once", a_second_ctrl_c_leaves_at_once),
];

fn passes_and_leaves_nothing() {
    let bench = Bench::new();
    let child = bench.start(&[]);
    let run = bench.until_up();
    let name = format!("multiplane-{run}-0");
    let expected = [
        format!("container {name}-controlplane"),
        format!("container {name}-dataplane-1"),
        format!("network {name}"),
        format!("volume {name}"),
    ];
    assert_eq!(docker(&run), expected.into());
    // All of it stands in the ledger.
    let ledger = bench.ledger();
    for (kind, name) in [
        ("container", format!("{name}-controlplane")),
        ("container", format!("{name}-dataplane-1")),
        ("network", name.clone()),
        ("volume", name),
    ] {
        assert!(ledger.contains(&format!(r#""kind":"{kind}","name":"{name}""#)), "{ledger}");
    }
    // A run that lives is none of gc's business.
    assert_eq!(bench.gc(&["--all"]).text, "nothing left behind\n");
    let ended = finish(child);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean(&run);
}

fn faults_are_steps() {
    let bench = Bench::new();
    let head = "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: faults}\nclusters: {a: {role: other}, b: {role: other}}\nsteps:\n";
    let steps = "\
- fault: {id: gone, match: {cluster: a}, verdict: drop}
- heal: {fault: gone}
- fault: {id: late, match: {cluster: b}, verdict: {delay: 1s}}
- heal: {fault: late}
- fault: {id: still, match: {between: [a, b]}, verdict: drop}
";
    bench.scenario(&format!("{head}{steps}"));
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(2), "{}", ended.text);
    assert!(ended.text.contains("use `match: {cluster: ...}`"), "{}", ended.text);
    // The last fault is in force when the scenario ends, and only one side of it can be asked.
    bench.scenario(&format!("{head}{}", steps.replace("between: [a, b]", "cluster: a")));
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    for text in [
        "bites: b -> a: ",
        "mended: a -> b: ",
        "bites: a -> b: connected in ",
        "fault still: mended at the end of the scenario",
    ] {
        assert!(ended.text.contains(text), "{text:?} is not in:\n{}", ended.text);
    }
}

fn what_fails_leaves_its_logs() {
    let bench = Bench::new();
    bench.failing();
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert!(ended.text.contains("log of dataplane_1: "), "{}", ended.text);
    let runs = entries(&bench.path("state/logs"));
    let log = std::fs::read_to_string(runs[0].join("0/dataplane_1.log")).unwrap();
    assert!(log.contains("cluster dataplane_1 is ready"), "{log}");
    bench.assert_clean(runs[0].file_name().unwrap().to_str().unwrap());
}

fn kept_clusters_wait_for_gc_all() {
    let bench = Bench::new();
    bench.failing();
    let ended = bench.run(&["--keep", "failed"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert!(ended.text.contains("`multiplane gc --all` removes them"), "{}", ended.text);
    let run = bench.run_id().unwrap();
    assert_eq!(docker(&run).len(), 4);
    let kubeconfigs = entries(&bench.path("state/runs").join(&run).join("0"));
    let kubeconfig = std::fs::read_to_string(&kubeconfigs[0]).unwrap();
    assert!(kubeconfig.contains("server: https://127.0.0.1:"), "{kubeconfig}");
    let ended = bench.gc(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("is kept on purpose"), "{}", ended.text);
    assert_eq!(docker(&run).len(), 4);
    let ended = bench.gc(&["--all"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean(&run);
}

fn what_it_cannot_do_is_refused() {
    let bench = Bench::new();
    bench.scenario("apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: one}\nclusters: {a: {role: other, kubernetes: '1.30'}}\nsteps: [{wait: {for: 0s}}]\n");
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(2), "{}", ended.text);
    assert!(
        ended
            .text
            .contains("one cannot run on container: cluster a: Kubernetes 1.30 is asked for"),
        "{}",
        ended.text
    );
    let ended = bench.run(&["--load", "x"]);
    assert_eq!(ended.exit, Some(2), "{}", ended.text);
    assert!(
        ended
            .text
            .contains("--load means nothing to clusters in containers; add --backend kind"),
        "{}",
        ended.text
    );
    assert!(entries(&bench.path("state")).is_empty());
}

fn what_is_missing_is_said_before_the_run() {
    let bench = Bench::new();
    let file = bench.path("scenario.yaml").display().to_string();
    let with = |variable: &str, value: &str| {
        let args = ["run", file.as_str(), "--backend", "container"];
        let mut command = crate::process::multiplane(&bench.path("state"), &args);
        finish(command.env(variable, value).spawn().unwrap())
    };
    let ended = with("MULTIPLANE_IMAGE", "no.such/image:1");
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains("there is no image no.such/image:1: `make images`"),
        "{}",
        ended.text
    );
    let ended = with("MULTIPLANE_DOCKER", "/no/such/docker");
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains("needs `/no/such/docker`, which is not there: install docker"),
        "{}",
        ended.text
    );
    let ended = with("DOCKER_HOST", "unix:///no/such/socket");
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(ended.text.contains("start the docker daemon"), "{}", ended.text);
    assert!(entries(&bench.path("state")).is_empty());
}

fn ended_by(name: &str, exit: i32) {
    let bench = Bench::new();
    bench.long();
    let child = bench.start(&[]);
    let run = bench.until_up();
    signal(&child, name);
    let ended = finish(child);
    assert_eq!(ended.exit, Some(exit), "{}", ended.text);
    assert!(ended.text.contains("cleaning up; once more leaves at once"), "{}", ended.text);
    bench.assert_clean(&run);
}

fn ctrl_c_cleans_up() {
    ended_by("INT", 130);
}

fn sigterm_cleans_up() {
    ended_by("TERM", 143);
}

fn a_second_ctrl_c_leaves_at_once() {
    let bench = Bench::new();
    bench.long();
    let child = bench.start(&[]);
    let run = bench.until_up();
    signal(&child, "INT");
    // Time for the removal of the containers to begin, and not for it to end.
    pause(std::time::Duration::from_millis(60));
    signal(&child, "INT");
    let ended = finish(child);
    assert_eq!(ended.exit, Some(130), "{}", ended.text);
    assert!(ended.text.contains("`multiplane gc` removes what is still there"), "{}", ended.text);
    until("a dead run", || bench.gc(&["--dry-run"]).text.contains("would remove"));
    let ended = bench.gc(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean(&run);
}
