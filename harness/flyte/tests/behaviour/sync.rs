//! Kind `sync`: the cluster resource controller.

use std::collections::BTreeMap;
use std::time::Duration;

use flyte::proto::admin::matching_attributes::Target;
use flyte::proto::admin::project::ProjectState;
use flyte::proto::admin::{
    ClusterResourceAttributes, MatchingAttributes, Project, ProjectDomainAttributes, ProjectDomainAttributesUpdateRequest,
};
use serde::Deserialize;
use serde_json::{Value, json};
use simnet::{Effect, RuleId};

use super::bench::{Bench, HOME, Run};
use super::plane::{Asked, PROJECT, Plane, config, entry, namespace};
use super::table::{self, Differences, cases, verdict};

type Case = table::Case<Given, Expect>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    clusters: BTreeMap<String, String>,
    projects: Vec<String>,
    domains: Vec<String>,
    restart: bool,
    command: Option<String>,
    domain: Option<Domain>,
    project: Option<String>,
    project_state: Option<String>,
    template_data: BTreeMap<String, String>,
    custom_data: BTreeMap<String, BTreeMap<String, String>>,
    attributes: BTreeMap<String, String>,
    object: Option<String>,
    files: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Domain {
    id: String,
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    created: Option<BTreeMap<String, Vec<String>>>,
    created_in: Option<Vec<String>>,
    pass: Option<String>,
    dp2: Option<String>,
    when: Option<String>,
    exit: Option<String>,
    sync_namespace: Option<String>,
    execution_namespace: Option<String>,
    value: Option<String>,
    calls: Option<Vec<String>>,
    order: Option<Vec<String>>,
}

/// Time between two passes.
const INTERVAL: Duration = Duration::from_secs(60);
/// By then a pass is over.
const PASS: Duration = Duration::from_secs(20);

#[tokio::test(start_paused = true)]
async fn namespaces_and_quotas_come_as_flyte_brings_them() {
    let cases: Vec<(String, Case)> = cases("sync");
    let mut found = Vec::new();
    for (id, case) in &cases {
        found.push(World::start(&case.given).await.run(id, case).await);
    }
    verdict(cases.len(), found);
}

/// A bench in the state of a case, with a flyteadmin.
struct World {
    bench: Bench,
    plane: Plane,
    run: Run,
    zones: Vec<String>,
    down: BTreeMap<String, RuleId>,
    /// The namespace of the case.
    namespace: String,
}

impl World {
    async fn start(given: &Given) -> Self {
        let mut zones: Vec<String> = given.clusters.keys().cloned().collect();
        if zones.is_empty() {
            zones.push("dp1".to_owned());
        }
        let bench = Bench::start(&zones.iter().map(String::as_str).collect::<Vec<_>>()).await;
        let domain = match (&given.domain, given.domains.as_slice()) {
            (Some(domain), _) => json!({"id": domain.id, "name": domain.name}),
            (None, [one]) => json!({"id": one, "name": one}),
            (None, _) => json!({"id": "development", "name": "development"}),
        };
        let project = given.project.as_deref().or(given.projects.first().map(String::as_str));
        assert_eq!(project.unwrap_or(PROJECT), PROJECT);
        let namespace = format!("{PROJECT}-{}", domain["name"].as_str().unwrap());
        let values = |values: &BTreeMap<String, String>| -> Value {
            values
                .iter()
                .map(|(name, value)| (name.clone(), json!({"value": value})))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let custom = given.custom_data.iter().map(|(domain, data)| (domain.clone(), values(data)));
        let entries = zones.iter().map(|zone| {
            let mut entry = entry(zone);
            entry["enabled"] = (given.clusters.get(zone).map(String::as_str) != Some("disabled")).into();
            entry
        });
        let sections = json!({
            "clusters": {"clusterConfigs": entries.collect::<Vec<_>>()},
            "domains": [domain],
            "cluster_resources": {
                "templatePath": "/etc/flyte/templates", "refreshInterval": "60s", "templateData": values(&given.template_data),
                "customData": custom.collect::<serde_json::Map<_, _>>(),
            },
        });
        let run = Run {
            command: vec!["clusterresource", "run"],
            config: config(&sections),
            credentials: bench.credentials.clone(),
            templates: templates(given),
            without_account: false,
        };
        let plane = bench.admin(&sections).await.unwrap();
        plane.project(PROJECT).await;
        let mut world = Self {
            bench,
            plane,
            run,
            zones,
            down: BTreeMap::new(),
            namespace,
        };
        world.condition(given).await;
        world
    }

    async fn condition(&mut self, given: &Given) {
        for (zone, state) in &given.clusters {
            match state.as_str() {
                "ok" | "disabled" | "ok, objects new there" => {}
                "down" | "down_then_up" => {
                    self.down.insert(zone.clone(), self.bench.cut(zone, Effect::Refuse));
                }
                "ok, objects equal" => {
                    self.bench.make(zone, labelled(&self.namespace)).await;
                    self.bench.make(zone, quota(&self.namespace)).await;
                }
                other => panic!("no way to a cluster that is {other}"),
            }
        }
        match given.object.as_deref() {
            None => {}
            Some("exists") => {
                let mut there = labelled(&self.namespace);
                there["metadata"]["labels"]["own"] = "kept".into();
                self.bench.make("dp1", there).await;
                self.bench.make("dp1", quota(&self.namespace)).await;
            }
            Some(other) => panic!("no way to an object that {other}"),
        }
        match given.project_state.as_deref() {
            None => {}
            Some("ARCHIVED") => {
                let project = Project {
                    id: PROJECT.to_owned(),
                    state: ProjectState::Archived as i32,
                    ..Project::default()
                };
                self.plane.client.clone().update_project(project).await.unwrap();
            }
            Some(other) => panic!("no way to a project that is {other}"),
        }
        if !given.attributes.is_empty() {
            let attributes = given.attributes.clone();
            let attributes = ProjectDomainAttributes {
                project: PROJECT.to_owned(),
                domain: "development".to_owned(),
                matching_attributes: Some(MatchingAttributes {
                    target: Some(Target::ClusterResourceAttributes(ClusterResourceAttributes { attributes })),
                }),
                org: String::new(),
            };
            let request = ProjectDomainAttributesUpdateRequest {
                attributes: Some(attributes),
            };
            self.plane.client.clone().update_project_domain_attributes(request).await.unwrap();
        }
    }

    async fn run(mut self, id: &str, case: &Case) -> Vec<String> {
        let mut differences = Differences::of(id);
        let (given, expect) = (&case.given, &case.expect);
        let before = self.served().await;
        if let Some(command) = &given.command {
            assert_eq!(command, "clusterresource sync");
            self.run.command = vec!["clusterresource", "sync"];
            let pod = self.bench.run(HOME, "flyteadmin", &self.run).await;
            let exit = if self.bench.ended(HOME, &pod).await { "zero" } else { "non-zero" };
            differences.compare("exit", expect.exit.as_deref(), exit);
            return differences.into_found();
        }
        let mut pod = self.bench.run(HOME, "flyteadmin", &self.run).await;
        tokio::time::sleep(PASS).await;
        let failed = self.bench.log(HOME, &pod).await.contains("Failed cluster resource creation loop");
        // A cluster that is down, and nothing else but what the case names, makes a pass fail.
        let expected = expect.pass.is_some() || !self.down.is_empty();
        differences.compare("first pass failed", Some(expected), failed);
        assert!([None, Some("error")].contains(&expect.pass.as_deref()));
        if given.clusters.values().any(|state| state == "down_then_up") {
            if expect.when.is_some() {
                differences.compare(
                    "new after the first pass",
                    Some(Vec::<String>::new()),
                    self.new_since(&before).await,
                );
            }
            for rule in std::mem::take(&mut self.down).into_values() {
                self.bench.network.rules().remove(rule);
            }
            match expect.when.as_deref() {
                None => tokio::time::sleep(INTERVAL * 3).await,
                Some("next pass") => tokio::time::sleep(INTERVAL).await,
                Some(other) => panic!("{id}: no way to look at: {other}"),
            }
        }
        if given.restart {
            self.bench.stop(HOME, &pod).await;
            pod = self.bench.run(HOME, "flyteadmin", &self.run).await;
            tokio::time::sleep(PASS).await;
        }
        differences.compare("new in", expect.created_in.clone(), self.new_since(&before).await);
        if let Some(created) = &expect.created {
            differences.compare("objects", Some(created), &self.objects().await);
        }
        if let Some(text) = &expect.dp2 {
            assert_eq!(text, "stays empty until a restart or a changed template");
            let mut changed = labelled(&self.namespace);
            changed["metadata"]["labels"]["changed"] = "yes".into();
            let change = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": format!("{pod}-templates"), "namespace": "flyte"},
                                "stringData": {NAMESPACE_FILE: changed.to_string()}});
            self.bench.patch(HOME, &change).await;
            tokio::time::sleep(INTERVAL * 4).await;
            differences.compare(
                "new after a change",
                Some(vec!["dp1".to_owned(), "dp2".to_owned()]),
                self.new_since(&before).await,
            );
        }
        self.details(&mut differences, expect).await;
        differences.into_found()
    }

    /// What single cases look at.
    async fn details(&self, differences: &mut Differences, expect: &Expect) {
        if let Some(name) = &expect.sync_namespace {
            differences.check(
                self.bench.object("dp1", &namespace(name)).await.is_some(),
                format!("no namespace {name}"),
            );
        }
        if let Some(name) = &expect.execution_namespace {
            self.plane.workflows(PROJECT, "dev").await;
            let id = self.plane.submit("dev", &Asked::default()).await.unwrap();
            let request = flyte::proto::admin::WorkflowExecutionGetRequest { id: Some(id) };
            let execution = self.plane.client.clone().get_execution(request).await.unwrap().into_inner();
            let metadata = execution.spec.and_then(|spec| spec.metadata?.system_metadata).unwrap_or_default();
            differences.compare("namespace of a run", Some(name.clone()), metadata.namespace);
        }
        if let Some(value) = &expect.value {
            let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "value", "namespace": self.namespace}});
            let found = self.bench.object("dp1", &map).await.unwrap_or_default();
            differences.compare("value", Some(&json!(value)), &found["data"]["v"]);
        }
        if let Some(calls) = &expect.calls {
            assert_eq!(calls, &["create", "get", "patch if different"]);
            self.patched(differences).await;
        }
        if let Some(order) = &expect.order {
            assert_eq!(order, &[NAMESPACE_FILE, QUOTA_FILE]);
            // The quota finds its namespace in the first pass; what is no .yaml file is not read.
            let like = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"namespace": self.namespace}});
            let kinds = json!({"dp1": [format!("Namespace/{}", self.namespace), "ResourceQuota/project-quota"]});
            differences.compare("objects", Some(&kinds), &serde_json::to_value(self.objects().await).unwrap());
            let maps = self.bench.names("dp1", &like).await;
            differences.check(!maps.contains(&"notes".to_owned()), "notes.txt was applied");
        }
    }

    /// An object that is there and equal is left alone, and looked at again in the next pass.
    async fn patched(&self, differences: &mut Differences) {
        let at = namespace(&self.namespace);
        let before = self.bench.object("dp1", &at).await.unwrap();
        tokio::time::sleep(INTERVAL * 2).await;
        let after = self.bench.object("dp1", &at).await.unwrap();
        differences.compare(
            "version",
            Some(&before["metadata"]["resourceVersion"]),
            &after["metadata"]["resourceVersion"],
        );
        let mut other = at.clone();
        other["metadata"]["labels"] = json!({"by": null});
        self.bench.patch("dp1", &other).await;
        tokio::time::sleep(INTERVAL + PASS).await;
        let patched = self.bench.object("dp1", &at).await.unwrap();
        let labels = &patched["metadata"]["labels"];
        differences.compare("label", Some(&json!("sync")), &labels["by"]);
        differences.compare("label of somebody else", Some(&json!("kept")), &labels["own"]);
    }

    /// The clusters that have the namespace.
    async fn served(&self) -> Vec<String> {
        let mut served = Vec::new();
        for zone in &self.zones {
            if self.bench.object(zone, &namespace(&self.namespace)).await.is_some() {
                served.push(zone.clone());
            }
        }
        served
    }

    async fn new_since(&self, before: &[String]) -> Vec<String> {
        self.served().await.into_iter().filter(|zone| !before.contains(zone)).collect()
    }

    async fn objects(&self) -> BTreeMap<String, Vec<String>> {
        let mut objects = BTreeMap::new();
        for zone in &self.zones {
            let mut names = Vec::new();
            if self.bench.object(zone, &namespace(&self.namespace)).await.is_some() {
                names.push(format!("Namespace/{}", self.namespace));
            }
            let quotas = self.bench.names(zone, &quota(&self.namespace)).await;
            names.extend(quotas.into_iter().map(|name| format!("ResourceQuota/{name}")));
            objects.insert(zone.clone(), names);
        }
        objects
    }
}

const NAMESPACE_FILE: &str = "aa_namespace.yaml";
const QUOTA_FILE: &str = "ab_project_resource_quota.yaml";

fn templates(given: &Given) -> BTreeMap<String, String> {
    let map = |name: &str, data: Value| {
        let metadata = json!({"name": name, "namespace": "{{ namespace }}"});
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}).to_string()
    };
    let mut files = BTreeMap::from([
        (NAMESPACE_FILE.to_owned(), labelled("{{ namespace }}").to_string()),
        (QUOTA_FILE.to_owned(), quota("{{ namespace }}").to_string()),
    ]);
    for file in &given.files {
        if !files.contains_key(file) {
            assert_eq!(file, "notes.txt");
            files.insert(file.clone(), map("notes", json!({})));
        }
    }
    if given.template_data.contains_key("v") {
        files.insert("cc_value.yaml".to_owned(), map("value", json!({"v": "{{ v }}"})));
    }
    files
}

fn labelled(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"by": "sync"}}})
}

fn quota(namespace: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "project-quota", "namespace": namespace},
           "spec": {"hard": {"limits.cpu": "4"}}})
}
