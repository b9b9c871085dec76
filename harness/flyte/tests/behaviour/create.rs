//! Kind `create`.

use flyte::proto::admin::execution_closure::OutputResult;
use flyte::proto::admin::matching_attributes::Target;
use flyte::proto::admin::{
    ClusterAssignment, Execution, MatchingAttributes, ProjectDomainAttributes, ProjectDomainAttributesUpdateRequest,
};
use flyte::proto::core::ExecutionError;
use flyte::proto::core::execution_error::ErrorKind;
use serde::Deserialize;
use serde_json::json;
use simnet::Effect;
use tokio::time::{Duration, Instant};

use super::bench::{Bench, HOME, binding, definition};
use super::plane::{Asked, DOMAIN, PROJECT, Plane, cluster_of, clusters, code, message, namespace, object, phase_of};
use super::table::{self, Differences, cases, given, verdict};

type Case = table::Case<Given, Expect>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    entity: Option<String>,
    data_plane: Option<String>,
    config: Option<String>,
    label: Option<String>,
    database: Option<String>,
    name: Option<String>,
    first_cluster: Option<String>,
    second_cluster: Option<String>,
    cluster_assignment: Option<String>,
    namespace_template: Option<String>,
    project: Option<String>,
    domain: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    grpc_code: Option<String>,
    #[serde(default, deserialize_with = "given")]
    execution: Option<Option<Row>>,
    custom_resource: Option<String>,
    message_starts: Option<String>,
    note: Option<String>,
    namespace: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    phase: Option<String>,
    cluster: String,
    error_kind: Option<String>,
    error_code: Option<String>,
    message_starts: Option<String>,
}

const ZONES: [&str; 2] = ["dataplane_1", "dataplane_2"];
/// flyteadmin gives a data plane up after 30 s.
const PATIENCE: Duration = Duration::from_secs(31);

#[tokio::test(start_paused = true)]
async fn creation_fails_where_flyte_says_and_shows_what_flyte_shows() {
    let cases: Vec<(String, Case)> = cases("create");
    let mut found = Vec::new();
    for (id, case) in &cases {
        found.push(run(id, case).await);
    }
    verdict(cases.len(), found);
}

async fn run(id: &str, case: &Case) -> Vec<String> {
    let mut differences = Differences::of(id);
    let given = &case.given;
    let expect = &case.expect;
    assert!([None, Some(PROJECT)].contains(&given.project.as_deref()) && [None, Some(DOMAIN)].contains(&given.domain.as_deref()));
    let bench = Bench::start(&ZONES).await;
    let folder = expect.namespace.as_deref().unwrap_or("team1-development");
    let plane = prepare(&bench, given, folder).await;
    let name = given.name.clone().unwrap_or_else(|| "run".to_owned());
    let asked = Asked {
        name: name.clone(),
        task: match given.entity.as_deref() {
            Some("task") => true,
            None | Some("launch_plan") => false,
            Some(other) => panic!("{id}: no entity {other}"),
        },
        workflow: None,
        label: given.label.clone(),
        pool: given.cluster_assignment.clone(),
    };
    if let Some(first) = &given.first_cluster {
        let first = plane
            .submit(
                DOMAIN,
                &Asked {
                    label: Some(label_of(first)),
                    ..asked.clone()
                },
            )
            .await;
        differences.check(first.is_ok(), format!("the first submission: {first:?}"));
    }
    let asked = match &given.second_cluster {
        Some(second) => Asked {
            label: Some(label_of(second)),
            ..asked
        },
        None => asked,
    };
    let started = Instant::now();
    let result = plane.submit(DOMAIN, &asked).await;
    differences.check(started.elapsed() <= PATIENCE, format!("it took {:?}", started.elapsed()));
    match expect.grpc_code.as_deref() {
        Some("<of the database error>") => differences.check(result.is_err(), "the database's refusal is not shown"),
        expected => differences.compare("code", Some(expected.unwrap_or("OK").to_owned()), code(&result)),
    }
    if let Some(start) = &expect.message_starts {
        differences.check(message(&result).starts_with(start), format!("message: {}", message(&result)));
    }
    bench.database().set_read_only(false);
    let stored = plane.stored(&name).await;
    // A name that Kubernetes refuses cannot be looked up there either.
    let places = if name == name.to_lowercase() {
        holders(&bench, folder, &name).await
    } else {
        Vec::new()
    };
    match (&expect.execution, &stored) {
        (None, _) => {}
        (Some(None), stored) => differences.check(stored.is_none(), format!("there is a row: {stored:?}")),
        (Some(Some(_)), None) => differences.check(false, "there is no row"),
        (Some(Some(row)), Some(stored)) => check_row(&mut differences, row, stored, &places),
    }
    match expect.custom_resource.as_deref() {
        None => {
            // Without a word about it: what failed left nothing, unless the name was there before.
            let failed = expect
                .execution
                .as_ref()
                .is_some_and(|row| row.as_ref().is_none_or(|row| row.cluster.is_empty()));
            differences.check(!failed || places.is_empty(), format!("objects on {places:?}"));
        }
        Some("created") => differences.compare("clusters with the object", Some(1), places.len()),
        Some("orphan") => differences.check(places.len() == 1 && stored.is_none(), format!("objects on {places:?}")),
        Some("on both clusters") => differences.compare("clusters with the object", Some(ZONES.to_vec()), places.clone()),
        Some(other) => panic!("{id}: no way to look at: {other}"),
    }
    if let Some(namespace) = &expect.namespace {
        differences.check(places.len() == 1, format!("no object in namespace {namespace}"));
        let metadata = stored
            .as_ref()
            .and_then(|stored| stored.spec.as_ref()?.metadata.as_ref()?.system_metadata.clone());
        differences.compare(
            "recorded namespace",
            Some(namespace.clone()),
            metadata.unwrap_or_default().namespace,
        );
    }
    match expect.note.as_deref() {
        None => {}
        Some("same cluster as without it; a pool that differs from the stored one is refused with InvalidArgument") => {
            pool(&mut differences, &plane, &asked, &places).await;
        }
        Some(other) => panic!("{id}: no way to look at: {other}"),
    }
    differences.into_found()
}

/// A flyteadmin and data planes in the condition of the case.
async fn prepare(bench: &Bench, given: &Given, folder: &str) -> Plane {
    let mut sections = match given.config.as_deref() {
        None => clusters(&ZONES),
        Some("in_cluster_only") => json!({}),
        Some(other) => panic!("no configuration {other}"),
    };
    if let Some(template) = &given.namespace_template {
        sections["namespace_mapping"] = json!({"template": template});
    }
    let state = given.data_plane.as_deref().unwrap_or("ok");
    for zone in ZONES.iter().chain([&HOME]).filter(|_| state != "namespace_missing") {
        for name in [folder, "team1-staging"] {
            bench.make(zone, namespace(name)).await;
        }
    }
    let plane = bench.ready(&sections).await;
    for zone in ZONES {
        match state {
            "ok" | "namespace_missing" => {}
            // The token that flyteadmin read at its start is none any more.
            "unauthorized" => {
                let account =
                    json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "flyteadmin", "namespace": "flyte"}});
                bench.remove(zone, &account).await;
            }
            "forbidden" => bench.remove(zone, &binding()).await,
            "unreachable" => drop(bench.cut(zone, Effect::Drop)),
            "crd_missing" => {
                bench.remove(zone, &definition()).await;
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            "already_exists" => bench.make(zone, object(folder, "run")).await,
            other => panic!("no way to a data plane that is {other}"),
        }
    }
    match given.database.as_deref() {
        None => {}
        Some("insert_fails") => bench.database().set_read_only(true),
        Some(other) => panic!("no way to a database that {other}"),
    }
    plane
}

fn label_of(cluster: &str) -> String {
    format!("label{}", ZONES.iter().position(|zone| *zone == cluster).unwrap() + 1)
}

/// The clusters that have the run's object.
async fn holders(bench: &Bench, folder: &str, name: &str) -> Vec<&'static str> {
    let mut holders = Vec::new();
    for zone in ZONES {
        // Where the kind is gone, so are its objects.
        let kind = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
                          "metadata": {"name": "flyteworkflows.flyte.lyft.com"}});
        if bench.object(zone, &kind).await.is_some() && bench.object(zone, &object(folder, name)).await.is_some() {
            holders.push(zone);
        }
    }
    holders
}

fn check_row(differences: &mut Differences, row: &Row, stored: &Execution, places: &[&str]) {
    differences.compare("phase", row.phase.clone(), phase_of(stored));
    match row.cluster.as_str() {
        "<chosen>" => {
            let recorded = cluster_of(stored);
            differences.check(
                places.contains(&recorded.as_str()),
                format!("recorded is {recorded:?}, the object is on {places:?}"),
            );
        }
        cluster => differences.compare("cluster", Some(cluster.to_owned()), cluster_of(stored)),
    }
    let error: ExecutionError = match stored.closure.as_ref().and_then(|closure| closure.output_result.clone()) {
        Some(OutputResult::Error(error)) => error,
        _ => ExecutionError::default(),
    };
    let kind = ErrorKind::try_from(error.kind).unwrap().as_str_name().to_owned();
    differences.compare("error kind", row.error_kind.clone(), kind);
    differences.compare("error code", row.error_code.clone(), error.code);
    if let Some(start) = &row.message_starts {
        differences.check(error.message.starts_with(start), format!("message: {}", error.message));
    }
}

/// A pool in the request leads nowhere else, and must not contradict the stored one.
async fn pool(differences: &mut Differences, plane: &Plane, asked: &Asked, places: &[&str]) {
    // The name alone decides among equal clusters, so a run in another domain is drawn alike.
    plane.workflows(PROJECT, "staging").await;
    let without = Asked {
        pool: None,
        ..asked.clone()
    };
    let other = plane.submit("staging", &without).await.unwrap();
    let request = flyte::proto::admin::WorkflowExecutionGetRequest { id: Some(other) };
    let other = plane.client.clone().get_execution(request).await.unwrap().into_inner();
    differences.compare("clusters without a pool", Some(places.to_vec()), vec![cluster_of(&other).as_str()]);
    let attributes = ProjectDomainAttributes {
        project: PROJECT.to_owned(),
        domain: DOMAIN.to_owned(),
        matching_attributes: Some(MatchingAttributes {
            target: Some(Target::ClusterAssignment(ClusterAssignment {
                cluster_pool_name: "other".to_owned(),
            })),
        }),
        org: String::new(),
    };
    let request = ProjectDomainAttributesUpdateRequest {
        attributes: Some(attributes),
    };
    plane.client.clone().update_project_domain_attributes(request).await.unwrap();
    let refused = plane
        .submit(
            DOMAIN,
            &Asked {
                name: "second".to_owned(),
                ..asked.clone()
            },
        )
        .await;
    differences.compare("code with another stored pool", Some("InvalidArgument".to_owned()), code(&refused));
}
