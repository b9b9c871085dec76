//! Who may do what: RBAC is always on, also for clients in this process.
//!
//! `cargo run -p embedded-cluster --example rights`

#![expect(clippy::print_stdout, reason = "an example")]

use embedded_cluster::EmbeddedCluster;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use kube::api::{Api, ListParams, PostParams};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cluster = EmbeddedCluster::builder("example").start().await?;
    let of_alice: Api<Secret> = Api::default_namespaced(cluster.client_for("alice", &[]));
    match of_alice.list(&ListParams::default()).await {
        Err(kube::Error::Api(status)) => println!("{}: {}", status.code, status.message),
        other => return Err(format!("alice has no rights yet: {other:?}").into()),
    }

    let admin = cluster.client();
    let role: Role = serde_json::from_value(json!({
        "metadata": {"name": "reader"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}],
    }))?;
    Api::default_namespaced(admin.clone()).create(&PostParams::default(), &role).await?;
    let binding: RoleBinding = serde_json::from_value(json!({
        "metadata": {"name": "alice-reads"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice"}],
    }))?;
    Api::default_namespaced(admin).create(&PostParams::default(), &binding).await?;
    println!(
        "now alice sees {} secrets",
        of_alice.list(&ListParams::default()).await?.items.len()
    );
    Ok(())
}

#[test]
fn runs() -> Result<(), Box<dyn std::error::Error>> {
    main()
}
