//! Failed and interrupted revisions, what stays and what goes: each as real Helm 4.1.4 did it in a cluster of `multiplane up`.

use std::time::Duration;

use chart::{ReleaseError, ReleaseOptions, Values};
use futures::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{Patch, PatchParams, WatchEvent, WatchParams};

use crate::{CONFIG, EXTRA, HOOK, World, chart, creating, data, states, world};

/// As in Helm, what the last revision made goes, though it failed; and it may even have been left half way.
#[tokio::test(start_paused = true)]
async fn a_rollback_takes_back_what_a_failed_upgrade_made() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let one = chart(&[("config.yaml", CONFIG)]);
    releases.install("web", &one, Values::default(), &creating()).await.unwrap();
    let bad = "apiVersion: v1\nkind: Service\nmetadata: {name: bad}\nspec: {nonsense: 1}\n";
    let broken = chart(&[("config.yaml", CONFIG), ("extra.yaml", EXTRA), ("bad.yaml", bad)]);
    releases.upgrade("web", &broken, Values::default(), &creating()).await.unwrap_err();
    assert!(data(&client, "extra").await.is_some());

    releases.rollback("web", None, &creating()).await.unwrap();
    assert_eq!(data(&client, "extra").await, None);
    let history = releases.history("web").await.unwrap();
    assert_eq!(states(&history), [(1, "superseded"), (2, "failed"), (3, "deployed")]);
}

/// An upgrade that was killed leaves its revision pending: no other upgrade may follow, but a rollback.
#[tokio::test(start_paused = true)]
async fn a_rollback_mends_what_was_left_half_way() {
    let World { releases, _cluster, .. } = world().await;
    let one = chart(&[("config.yaml", CONFIG)]);
    releases.install("web", &one, Values::default(), &creating()).await.unwrap();
    let hooked = chart(&[("config.yaml", CONFIG), ("hook.yaml", &HOOK.replace("pre-install", "pre-upgrade"))]);
    let options = creating();
    let upgrade = releases.upgrade("web", &hooked, Values::default(), &options);
    tokio::time::timeout(Duration::from_secs(5), upgrade).await.unwrap_err();
    let refused = releases.upgrade("web", &one, Values::default(), &creating()).await;
    assert!(matches!(refused, Err(ReleaseError::Pending)), "{refused:?}");

    releases.rollback("web", None, &creating()).await.unwrap();
    let history = releases.history("web").await.unwrap();
    assert_eq!(states(&history), [(1, "superseded"), (2, "pending-upgrade"), (3, "deployed")]);
}

/// As with `helm upgrade --install`, the kept records of a release that was uninstalled are in no one's way.
#[tokio::test(start_paused = true)]
async fn a_release_comes_back_after_an_uninstall_that_kept_its_history() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let web = chart(&[("config.yaml", CONFIG)]);
    let keeping = ReleaseOptions {
        keep_history: true,
        ..creating()
    };
    releases.install("web", &web, Values::default(), &keeping).await.unwrap();
    releases.uninstall("web", &keeping).await.unwrap();
    let taken = releases.install("web", &web, Values::default(), &keeping).await;
    assert!(matches!(taken, Err(ReleaseError::NameInUse)), "{taken:?}");

    releases.deploy("web", &web, Values::default(), &keeping).await.unwrap();
    assert_eq!(data(&client, "config").await.unwrap()["revision"], "1");
    let history = releases.history("web").await.unwrap();
    assert_eq!(states(&history), [(1, "superseded"), (2, "deployed")]);
}

/// An upgrade asks the object itself whether it is to be kept, an uninstall what was recorded.
#[tokio::test(start_paused = true)]
async fn the_policy_to_keep_counts_where_helm_looks() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let keep = "  annotations: {helm.sh/resource-policy: keep}\n";
    let named = |name: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n");
    let (free, kept) = (named("free"), named("kept") + keep);
    let (all, less) = (
        chart(&[("config.yaml", CONFIG), ("a.yaml", &free), ("b.yaml", &kept)]),
        chart(&[("config.yaml", CONFIG)]),
    );
    let configs: Api<ConfigMap> = Api::namespaced(client.clone(), "flyte");
    let policy =
        |value: serde_json::Value| Patch::Merge(serde_json::json!({"metadata": {"annotations": {"helm.sh/resource-policy": value}}}));
    let swap = async || {
        configs
            .patch("free", &PatchParams::default(), &policy("keep".into()))
            .await
            .unwrap();
        configs
            .patch("kept", &PatchParams::default(), &policy(serde_json::Value::Null))
            .await
            .unwrap();
    };

    releases.install("web", &all, Values::default(), &creating()).await.unwrap();
    swap().await;
    releases.upgrade("web", &less, Values::default(), &creating()).await.unwrap();
    assert!(data(&client, "free").await.is_some());
    assert_eq!(data(&client, "kept").await, None);

    releases.upgrade("web", &all, Values::default(), &creating()).await.unwrap();
    swap().await;
    releases.uninstall("web", &creating()).await.unwrap();
    assert_eq!(data(&client, "free").await, None);
    assert!(data(&client, "kept").await.is_some());
}

const STAYING: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: NAME\n  annotations: {helm.sh/hook: pre-install, helm.sh/hook-weight: WEIGHT, helm.sh/hook-delete-policy: hook-succeeded}\n";

/// A hook that has succeeded is there until all have: a later one may read it.
#[tokio::test(start_paused = true)]
async fn hooks_stay_until_all_have_succeeded() {
    let World {
        client,
        releases,
        _cluster,
    } = world().await;
    let hook = |name: &str, weight: &str| STAYING.replace("NAME", name).replace("WEIGHT", weight);
    let web = chart(&[("a.yaml", &hook("later", "'2'")), ("b.yaml", &hook("first", "'1'"))]);
    releases.install("web", &web, Values::default(), &creating()).await.unwrap();
    let configs: Api<ConfigMap> = Api::namespaced(client, "flyte");
    let events = configs.watch(&WatchParams::default(), "1").await.unwrap();
    let seen: Vec<String> = events
        .filter_map(|event| async move {
            match event.unwrap() {
                WatchEvent::Added(config) => Some(format!("+{}", config.metadata.name.unwrap())),
                WatchEvent::Deleted(config) => Some(format!("-{}", config.metadata.name.unwrap())),
                _ => None,
            }
        })
        .filter(|seen| std::future::ready(!seen.contains("kube-root-ca")))
        .take(4)
        .collect()
        .await;
    assert_eq!(seen, ["+first", "+later", "-later", "-first"]);
}
