//! What must hold.

use crate::bench::Bench;
use crate::process::finish;
use crate::signals::{signal, until};
use crate::world::entries;

/// Every test.
pub(crate) const ALL: &[(&str, fn())] = &[
    ("passes_and_leaves_nothing", passes_and_leaves_nothing),
    (
        "everything_is_written_down_before_it_is_made",
        everything_is_written_down_before_it_is_made,
    ),
    ("infrastructure_failures_are_retried", infrastructure_failures_are_retried),
    ("other_failures_are_not", other_failures_are_not),
    ("gives_up_after_three_attempts", gives_up_after_three_attempts),
    ("what_is_missing_is_said_before_the_run", what_is_missing_is_said_before_the_run),
    ("what_kind_cannot_do_is_refused", what_kind_cannot_do_is_refused),
    ("images_are_loaded_into_every_cluster", images_are_loaded_into_every_cluster),
    ("logs_of_what_failed_are_kept", logs_of_what_failed_are_kept),
    ("kept_clusters_wait_for_gc_all", kept_clusters_wait_for_gc_all),
    ("sigterm_cleans_up", sigterm_cleans_up),
    ("a_second_signal_leaves_at_once", a_second_signal_leaves_at_once),
    ("leftovers_after_an_interrupt_are_said", leftovers_after_an_interrupt_are_said),
    ("gc_after_sigkill", gc_after_sigkill),
    ("what_cannot_be_removed_is_said", what_cannot_be_removed_is_said),
    (
        "up_holds_clusters_until_it_is_told_to_end",
        up_holds_clusters_until_it_is_told_to_end,
    ),
    ("up_that_was_killed_is_collected", up_that_was_killed_is_collected),
    ("up_that_fails_leaves_nothing", up_that_fails_leaves_nothing),
];

fn passes_and_leaves_nothing() {
    let bench = Bench::new();
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean();
    let creations = bench.calls("kind", &["create", "cluster"]);
    let mut shown: Vec<String> = creations.iter().map(|call| shown(call, &bench)).collect();
    shown.sort();
    let expected = ["controlplane", "dataplane_1"].map(|id| {
        let name = id.replace('_', "-");
        format!(
            "create cluster --name mp-RUN-0-{name} --config STATE/runs/RUN/0/{id}.kind.yaml --wait 300s --kubeconfig STATE/runs/RUN/0/{id}.kubeconfig"
        )
    });
    assert_eq!(shown, expected);
    for call in creations.iter().chain(&bench.calls("docker", &[])) {
        let env = call["env"].as_array().unwrap();
        assert!(env.iter().all(|name| name != "KUBECONFIG" && name != "MULTIPLANE_STATE"), "{env:?}");
    }
    assert_eq!(bench.multiplane(&["gc"]).text, "nothing left behind\n");
}

/// A call's arguments, without what differs from run to run.
fn shown(call: &serde_json::Value, bench: &Bench) -> String {
    let args: Vec<&str> = call["args"].as_array().unwrap().iter().map(|arg| arg.as_str().unwrap()).collect();
    let text = args.join(" ").replace(&bench.path("state").display().to_string(), "STATE");
    let run = run_of(call);
    text.replace(&run, "RUN")
}

/// The run's id, from the ledger as a call saw it.
fn run_of(call: &serde_json::Value) -> String {
    let first = call["ledger"].as_str().unwrap().lines().next().unwrap();
    serde_json::from_str::<serde_json::Value>(first).unwrap()["run"]
        .as_str()
        .unwrap()
        .to_owned()
}

fn everything_is_written_down_before_it_is_made() {
    let bench = Bench::new();
    assert_eq!(bench.run(&[]).exit, Some(0));
    let networks = bench.calls("docker", &["network", "create"]);
    let [network] = networks.as_slice() else { panic!("{networks:?}") };
    let run = run_of(network);
    let announced = |call: &serde_json::Value, kind: &str, name: &str| {
        let mut lines = call["ledger"]
            .as_str()
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        lines.any(|line| line["op"] == "create" && line["resource"]["kind"] == kind && line["resource"]["name"] == name)
    };
    assert!(announced(network, "network", &format!("mp-{run}-0")));
    let args = network["args"].to_string();
    assert!(args.contains(&format!("dev.multiplane.run={run}")), "{args}");
    for call in bench.calls("kind", &["create", "cluster"]) {
        assert!(announced(&call, "kindCluster", call["args"][3].as_str().unwrap()), "{call}");
        assert_eq!(call["network"], format!("mp-{run}-0"));
    }
}

fn infrastructure_failures_are_retried() {
    let bench = Bench::new();
    bench
        .world
        .script("create", &["create-port-conflict", "ok", "create-not-ready-in-time"]);
    let ended = bench.run(&["--json", &bench.path("out.json").display().to_string()]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(bench.calls("kind", &["create", "cluster"]).len(), 4);
    assert!(
        ended.text.contains("attempt 1 failed, and is made again: [kind-port-taken]"),
        "{}",
        ended.text
    );
    assert!(ended.text.contains("[kind-not-ready]"), "{}", ended.text);
    bench.assert_clean();
}

fn other_failures_are_not() {
    let bench = Bench::new();
    bench.world.script("create", &["create-missing-image", "create-missing-image"]);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains("[kind-image-pull]") && ended.text.contains("--node-image"),
        "{}",
        ended.text
    );
    bench.world.script("create", &["create-bad-patch", "create-bad-patch"]);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(ended.text.contains("failed to parse patches"), "{}", ended.text);
    assert!(bench.calls("kind", &["create", "cluster"]).len() <= 4);
    bench.assert_clean();
}

fn gives_up_after_three_attempts() {
    let bench = Bench::new();
    bench.scenario("apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: one}\nclusters: {a: {role: other}}\nsteps: [{wait: {for: 0s}}]\n");
    bench.world.script(
        "create",
        &["create-port-conflict", "create-port-conflict", "create-port-conflict", "ok"],
    );
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert_eq!(bench.calls("kind", &["create", "cluster"]).len(), 3);
    assert!(ended.text.contains("[kind-port-taken]"), "{}", ended.text);
    bench.assert_clean();
}

fn what_is_missing_is_said_before_the_run() {
    let bench = Bench::new();
    let file = bench.path("scenario.yaml").display().to_string();
    let args = ["run", file.as_str(), "--backend", "kind"];
    let ended = bench.multiplane_with(&args, &[("MULTIPLANE_KIND", "/no/such/kind")]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains("`/no/such/kind`, which is not there: install it from"),
        "{}",
        ended.text
    );
    let ended = bench.multiplane_with(&args, &[("MULTIPLANE_DOCKER", "/no/such/docker")]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    bench.world.script("docker-version", &["down"]);
    let ended = bench.multiplane(&args);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(ended.text.contains("start the docker daemon"), "{}", ended.text);
    bench.assert_clean();
}

fn what_kind_cannot_do_is_refused() {
    let bench = Bench::new();
    let text = "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: one}\nclusters: {a: {role: other, kubernetes: '1.36'}}\nsteps:\n- apply: {on: a, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {at: '${{ clusters.a.ingress.pods }}'}}]}\n";
    bench.scenario(text);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(2), "{}", ended.text);
    assert!(ended.text.contains("no node image for Kubernetes 1.36 is known"), "{}", ended.text);
    bench.scenario("apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: one}\nclusters: {a: {role: other}, b: {role: other}}\nsteps:\n- fault: {id: cut, match: {between: [a, b]}, verdict: drop}\n");
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(2), "{}", ended.text);
    assert!(
        ended.text.contains("line 6: fault cut: a <-> b dropped: it makes no faults"),
        "{}",
        ended.text
    );
    bench.scenario("apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: one}\nclusters: {a: {role: other, nodes: 0}}\nsteps:\n- wait: {for: 0s}\n");
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(2), "{}", ended.text);
    assert!(
        ended.text.contains("cluster a: only embedded clusters can do without nodes"),
        "{}",
        ended.text
    );
    let file = bench.path("scenario.yaml").display().to_string();
    let ended = bench.multiplane(&["run", &file, "--keep", "always"]);
    assert_eq!(ended.exit, Some(2));
    assert!(ended.text.contains("--keep means nothing to embedded clusters"), "{}", ended.text);
    assert!(bench.calls("kind", &[]).is_empty());
}

fn images_are_loaded_into_every_cluster() {
    let bench = Bench::new();
    let archive = bench.path("given.tar").display().to_string();
    std::fs::write(&archive, "").unwrap();
    let ended = bench.run(&["--load", "local/planes:1", "--load", &archive, "--node-image", "local/node:1"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(bench.calls("docker", &["save", "local/planes:1"]).len(), 1);
    assert_eq!(bench.calls("kind", &["load", "image-archive"]).len(), 4);
    assert!(
        ended.text.contains("image local/planes:1 (sha256:id-of-local/planes:1) loaded"),
        "{}",
        ended.text
    );
    let creations = bench.calls("kind", &["create", "cluster"]);
    assert!(
        creations
            .iter()
            .all(|call| call["args"].to_string().contains(r#""--image","local/node:1""#))
    );
    bench.assert_clean();
}

fn logs_of_what_failed_are_kept() {
    let bench = Bench::new();
    bench.failing();
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert!(ended.text.contains("logs of dataplane_1: "), "{}", ended.text);
    let runs = entries(&bench.path("state/logs"));
    let clusters = entries(&runs[0].join("0"));
    assert_eq!(clusters.len(), 2);
    assert!(clusters.iter().all(|folder| folder.join("kind-version.txt").exists()));
    bench.assert_clean();
}

fn kept_clusters_wait_for_gc_all() {
    let bench = Bench::new();
    bench.failing();
    let ended = bench.run(&["--keep", "failed"]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert!(ended.text.contains("`multiplane gc --all` removes them"), "{}", ended.text);
    assert_eq!(bench.world.clusters().len(), 2);
    let ended = bench.multiplane(&["gc"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("is kept on purpose"), "{}", ended.text);
    assert_eq!(bench.world.clusters().len(), 2);
    let ended = bench.multiplane(&["gc", "--all", "--dry-run"]);
    assert!(ended.text.contains("would remove kind cluster mp-"), "{}", ended.text);
    let ended = bench.multiplane(&["gc", "--all"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean();
    assert_eq!(bench.multiplane(&["gc", "--all"]).text, "nothing left behind\n");
}

fn sigterm_cleans_up() {
    let bench = Bench::new();
    let child = bench.run_until_creation();
    signal(&child, "TERM");
    let ended = finish(child);
    assert_eq!(ended.exit, Some(143), "{}", ended.text);
    assert!(ended.text.contains("cleaning up"), "{}", ended.text);
    bench.assert_clean();
}

fn a_second_signal_leaves_at_once() {
    let bench = Bench::new();
    let child = bench.run_until_creation();
    bench.world.script("delete", &["hang", "hang"]);
    signal(&child, "INT");
    until("both deletions under way", || {
        bench.calls("kind", &["delete", "cluster"]).len() == 2
    });
    signal(&child, "INT");
    let ended = finish(child);
    assert_eq!(ended.exit, Some(130), "{}", ended.text);
    assert!(ended.text.contains("`multiplane gc` removes what is still there"), "{}", ended.text);
    assert_eq!(bench.world.clusters().len(), 2);
    assert_eq!(bench.multiplane(&["gc"]).exit, Some(0));
    bench.assert_clean();
}

fn leftovers_after_an_interrupt_are_said() {
    let bench = Bench::new();
    let child = bench.run_until_creation();
    bench.world.script("delete", &["delete-locked", "delete-locked"]);
    signal(&child, "INT");
    let ended = finish(child);
    assert_eq!(ended.exit, Some(4), "{}", ended.text);
    assert!(ended.text.contains("is left over"), "{}", ended.text);
    assert_eq!(bench.multiplane(&["gc"]).exit, Some(0));
    bench.assert_clean();
}

fn gc_after_sigkill() {
    let bench = Bench::new();
    let child = bench.run_until_creation();
    signal(&child, "KILL");
    finish(child);
    assert_eq!(bench.world.clusters().len(), 2);
    let ended = bench.multiplane(&["gc", "--dry-run"]);
    assert!(ended.text.contains("would remove docker network mp-"), "{}", ended.text);
    assert_eq!(bench.world.clusters().len(), 2);
    let ended = bench.multiplane(&["gc"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(ended.text.matches("still at work for it").count(), 2, "{}", ended.text);
    bench.assert_clean();
    assert_eq!(bench.multiplane(&["gc"]).text, "nothing left behind\n");
}

fn what_cannot_be_removed_is_said() {
    let bench = Bench::new();
    bench
        .world
        .script("delete", &["delete-locked", "delete-locked", "delete-locked", "delete-locked"]);
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(4), "{}", ended.text);
    assert!(ended.text.contains("is left over"), "{}", ended.text);
    let ended = bench.multiplane(&["gc"]);
    assert_eq!(ended.exit, Some(4), "{}", ended.text);
    assert!(ended.text.contains("could not be removed"), "{}", ended.text);
    let ended = bench.multiplane(&["gc"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    bench.assert_clean();
}

fn up_holds_clusters_until_it_is_told_to_end() {
    let bench = Bench::new();
    let child = bench.up();
    let env: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(bench.path("held/env.json")).unwrap()).unwrap();
    let cluster = &env["clusters"]["dataplane_1"];
    let kubeconfig = kube::config::Kubeconfig::read_from(cluster["kubeconfig"].as_str().unwrap()).unwrap();
    let server = kubeconfig.clusters[0].cluster.as_ref().unwrap().server.as_deref();
    assert_eq!(server, cluster["api"].as_str());
    assert_eq!(bench.world.clusters().len(), 2);
    assert!(bench.mark_is_there(kubeconfig), "the steps before the first expect have run");
    signal(&child, "TERM");
    let ended = finish(child);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(!bench.path("held/ready").exists());
    bench.assert_clean();
}

fn up_that_was_killed_is_collected() {
    let bench = Bench::new();
    let child = bench.up();
    signal(&child, "KILL");
    finish(child);
    assert_eq!(bench.world.clusters().len(), 2);
    assert_eq!(bench.multiplane(&["gc"]).exit, Some(0));
    bench.assert_clean();
}

fn up_that_fails_leaves_nothing() {
    let bench = Bench::new();
    bench.world.script("create", &["create-missing-image", "create-missing-image"]);
    let ended = finish(bench.start_up());
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains("[kind-image-pull]") && !bench.path("held/ready").exists(),
        "{}",
        ended.text
    );
    bench.assert_clean();
}
