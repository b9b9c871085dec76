//! `multiplane run --backend existing` on clusters of `multiplane up`, which know nothing of the run.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bench;
#[path = "../support/process.rs"]
mod process;
#[path = "../support/signals.rs"]
mod signals;

use std::process::Child;

use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::Api;
use kube::config::Kubeconfig;
use serde_json::{Value, json};

use bench::{Bench, SCENARIO};
use process::Ended;

/// The run was refused, with these texts, and nothing was made.
fn assert_refused(bench: &Bench, ended: &Ended, exit: i32, texts: &[&str]) {
    assert_eq!(ended.exit, Some(exit), "{}", ended.text);
    for text in texts {
        assert!(ended.text.contains(text), "{text:?} is not in:\n{}", ended.text);
    }
    assert!(bench.map("b", "default", "mark").is_none());
    bench.assert_no_files();
}

#[test]
fn passes_and_leaves_the_clusters_as_they_were() {
    let bench = Bench::new();
    let before = bench.everything();
    for _ in 0..2 {
        let ended = bench.run(&[]);
        assert_eq!(ended.exit, Some(0), "{}", ended.text);
        let wide = "made with rights in the whole cluster: ";
        assert!(
            ended.text.contains(wide)
                && ended
                    .text
                    .contains("customresourcedefinitions.apiextensions.k8s.io flyteworkflows.flyte.lyft.com"),
            "{}",
            ended.text
        );
        assert!(
            ended
                .text
                .contains("controlplane (context a): made with rights in the whole cluster: namespaces flyte"),
            "{}",
            ended.text
        );
        assert_eq!(bench.everything(), before);
        bench.assert_no_files();
    }
    assert_eq!(bench.multiplane(&["gc"]).text, "nothing left behind\n");
    assert!(!bench.path("ambient").exists());
}

#[test]
fn a_cluster_must_be_marked_as_this_one() {
    let bench = Bench::unmarked();
    bench.mark("a");
    let command = "-n kube-system create configmap multiplane-test-cluster --from-literal=uid=$(";
    let ended = bench.run(&[]);
    assert_refused(
        &bench,
        &ended,
        3,
        &["dataplane_1 (context ", "is not marked as a cluster for tests", command],
    );
    assert!(!ended.text.contains("controlplane (context"), "{}", ended.text);
    bench.mark_with("b", &json!({"uid": "another"}));
    let ended = bench.run(&[]);
    assert_refused(&bench, &ended, 3, &["is of another cluster: its uid is another"]);
    bench.mark("b");
    assert_eq!(bench.run(&[]).exit, Some(0));
}

#[test]
fn what_is_there_already_is_told_before_anything_is_made() {
    let bench = Bench::new();
    bench.make_namespace("b", "flyte");
    let ended = bench.run(&[]);
    assert_refused(&bench, &ended, 3, &["dataplane_1 (context ", "has already: namespaces flyte."]);
}

#[test]
fn what_was_there_before_is_not_touched() {
    let bench = Bench::new();
    let theirs: ConfigMap = serde_json::from_value(json!({"metadata": {"name": "theirs"}, "data": {"a": "b"}})).unwrap();
    bench.make_map("b", "default", theirs);
    let before = bench.everything();
    let delete = "  - apply: {on: dataplane_1, delete: true, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs, namespace: default}}]}\n";
    bench.scenario(&format!("{SCENARIO}{delete}"));
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(1), "{}", ended.text);
    assert!(
        ended.text.contains("configmaps default/theirs was there before the run"),
        "{}",
        ended.text
    );
    assert_eq!(bench.everything(), before);
    bench.assert_no_files();
}

#[test]
fn what_looks_like_production_is_refused() {
    let bench = Bench::new();
    let mut file: Kubeconfig = Kubeconfig::read_from(bench.path("kubeconfig")).unwrap();
    let name = bench.context("b");
    file.contexts
        .iter_mut()
        .filter(|context| context.name == name)
        .for_each(|context| context.name = "eu-prod-1".to_owned());
    std::fs::write(bench.path("kubeconfig"), yaml::emit::to_string(&file).unwrap()).unwrap();
    let args = |context: &str| {
        vec![
            "run".to_owned(),
            bench.path("scenario.yaml").display().to_string(),
            "--backend=existing".to_owned(),
            format!("--kubeconfig={}", bench.path("kubeconfig").display()),
            format!("--context=controlplane={}", bench.context("a")),
            format!("--context=dataplane_1={context}"),
            "--api=controlplane=https://a.example:6443".to_owned(),
        ]
    };
    let run = |context: &str| {
        let args = args(context);
        bench.multiplane(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    assert_refused(
        &bench,
        &run("eu-prod-1"),
        3,
        &["looks like production", "its context is \"eu-prod-1\""],
    );
    assert_refused(&bench, &run(&name), 2, &["there is no context", "eu-prod-1"]);
    let a = bench.context("a");
    assert_refused(&bench, &run(&a), 2, &["controlplane and dataplane_1 are both the context"]);
}

#[test]
fn rights_that_are_missing_are_told_before_anything_is_made() {
    let bench = Bench::new();
    bench.block_on(limited(&bench));
    let ended = bench.run(&[]);
    let texts = [
        "user \"limited\" may not ",
        "create, delete, patch clusterroles.rbac.authorization.k8s.io in the whole cluster",
        "list everything",
    ];
    assert_refused(&bench, &ended, 3, &texts);
}

/// Lets the kubeconfig's user of cluster `b` be one who may only look at a few things.
async fn limited(bench: &Bench) {
    use k8s_openapi::api::authentication::v1::TokenRequest;
    use k8s_openapi::api::core::v1::ServiceAccount;
    use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
    use kube::api::PostParams;

    let kubeconfig = bench.kubeconfig("b");
    let config = kube::Config::from_custom_kubeconfig(kubeconfig.clone(), &kube::config::KubeConfigOptions::default()).await;
    let client = kube::Client::try_from(config.unwrap()).unwrap();
    let made = |value: Value| value;
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    let params = PostParams::default();
    accounts
        .create(
            &params,
            &serde_json::from_value(made(json!({"metadata": {"name": "limited"}}))).unwrap(),
        )
        .await
        .unwrap();
    let rules = json!([{"apiGroups": [""], "resources": ["namespaces", "configmaps"], "verbs": ["get", "list"]}]);
    let role: ClusterRole = serde_json::from_value(json!({"metadata": {"name": "limited"}, "rules": rules})).unwrap();
    Api::<ClusterRole>::all(client.clone()).create(&params, &role).await.unwrap();
    let binding: ClusterRoleBinding = serde_json::from_value(json!({
        "metadata": {"name": "limited"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "limited"},
        "subjects": [{"kind": "ServiceAccount", "name": "limited", "namespace": "default"}],
    }))
    .unwrap();
    Api::<ClusterRoleBinding>::all(client).create(&params, &binding).await.unwrap();
    let request: TokenRequest = serde_json::from_value(json!({"spec": {"audiences": []}})).unwrap();
    let token = accounts
        .create_token_request("limited", &params, &request)
        .await
        .unwrap()
        .status
        .unwrap()
        .token;
    let mut file = Kubeconfig::read_from(bench.path("kubeconfig")).unwrap();
    let context = kubeconfig.current_context.unwrap();
    let named = file.contexts.iter_mut().find(|named| named.name == context).unwrap();
    named.context.as_mut().unwrap().user = Some("limited".to_owned());
    file.auth_infos
        .push(serde_json::from_value(json!({"name": "limited", "user": {"token": token}})).unwrap());
    std::fs::write(bench.path("kubeconfig"), yaml::emit::to_string(&file).unwrap()).unwrap();
}

#[test]
fn what_cannot_be_done_there_is_told_before_anything_is_asked() {
    let bench = Bench::unmarked();
    bench.scenario(&SCENARIO.replace(", probe: false", ""));
    let ended = bench.run(&[]);
    assert_refused(&bench, &ended, 2, &["`probe: false` lets a grant do without"]);
    bench.scenario(&SCENARIO.replace("dataplane_1", "dataplane_2"));
    let ended = bench.run(&[]);
    assert_refused(
        &bench,
        &ended,
        2,
        &["cluster dataplane_2 has no context; add --context dataplane_2=CONTEXT"],
    );
    bench.scenario(&SCENARIO.replace("clusters.controlplane.api.pods", "clusters.dataplane_1.api.pods"));
    let ended = bench.run(&[]);
    assert_refused(
        &bench,
        &ended,
        2,
        &["which pods of other clusters do not reach; add --api dataplane_1=https://HOST:PORT"],
    );
    bench.scenario(SCENARIO);
    let file = bench.path("scenario.yaml").display().to_string();
    let ended = bench.multiplane(&["run", &file, "--backend", "existing"]);
    assert_refused(&bench, &ended, 2, &["--backend existing uses no clusters but those that are named"]);
    let ended = bench.run(&["--jobs", "2"]);
    assert_refused(&bench, &ended, 2, &["existing clusters serve one scenario at a time"]);
}

#[test]
fn sigterm_cleans_up() {
    let bench = Bench::new();
    let before = bench.everything();
    let child = bench.run_until_all_is_made();
    let ended = bench.end(child, "TERM");
    assert_eq!(ended.exit, Some(143), "{}", ended.text);
    assert_eq!(bench.everything(), before);
    bench.assert_no_files();
}

#[test]
fn gc_after_sigkill_and_nobody_else_before() {
    let bench = Bench::new();
    let before = bench.everything();
    let child = bench.run_until_all_is_made();
    bench.end(child, "KILL");
    let ended = bench.run(&[]);
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    assert!(
        ended.text.contains(" has it. Wait for that run") && ended.text.contains("multiplane.dev/run-"),
        "{}",
        ended.text
    );
    let ended = bench.multiplane(&["gc", "--dry-run"]);
    assert!(
        ended.text.contains("would remove objects in an existing cluster, recorded in "),
        "{}",
        ended.text
    );
    assert_ne!(bench.everything(), before);
    let ended = bench.multiplane(&["gc"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(bench.everything(), before);
    bench.assert_no_files();
}

#[test]
fn gc_after_sigkill_at_any_point() {
    let bench = Bench::new();
    let before = bench.everything();
    for recorded in [0, 1, 4, 8] {
        let child = bench.start(&[]);
        signals::until("a record", || bench.recorded().is_some_and(|lines| lines >= recorded));
        bench.end(child, "KILL");
        let ended = bench.multiplane(&["gc"]);
        assert_eq!(ended.exit, Some(0), "{}", ended.text);
        assert_eq!(bench.everything(), before, "killed after {recorded}");
        bench.assert_no_files();
    }
}

#[test]
fn what_is_kept_waits_for_gc_all() {
    let bench = Bench::new();
    let before = bench.everything();
    let ended = bench.run(&["--keep", "always"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(bench.map("b", "default", "mark").is_some());
    assert!(bench.multiplane(&["gc"]).text.contains("is kept on purpose"));
    let ended = bench.multiplane(&["gc", "--all"]);
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert_eq!(bench.everything(), before);
    bench.assert_no_files();
}

#[test]
fn what_others_make_meanwhile_stays_and_is_told() {
    let bench = Bench::new();
    let child: Child = bench.run_until_all_is_made();
    bench.make_namespace("b", "theirs");
    let ended = bench.end(child, "INT");
    assert_eq!(ended.exit, Some(4), "{}", ended.text);
    assert!(
        ended.text.contains("is not as it was: namespaces theirs came during the run"),
        "{}",
        ended.text
    );
    let client = bench.client("b");
    assert!(bench.block_on(Api::<Namespace>::all(client).get_opt("theirs")).unwrap().is_some());
    assert!(bench.map("b", "default", "mark").is_none());
    bench.assert_no_files();
}
