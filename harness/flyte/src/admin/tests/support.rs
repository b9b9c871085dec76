//! A control plane over a fresh database and scripted clusters.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::Clock;

use crate::admin::data_plane::{DataPlane, DataPlaneError};
use crate::admin::state::{Admin, Parts};
use crate::config::{AdminConfig, Config};
use crate::crd::FlyteWorkflow;
use crate::placement::Selector;
use crate::proto::admin::Project;
use crate::stores::{DatabaseAddress, Stores};
use crate::workflow::{Registration, WorkflowFile};

const WORKFLOWS: &str = include_str!("../../../../../fixtures/workflows/training.yaml");

/// A cluster that keeps names of objects and may refuse everything.
#[derive(Default)]
pub(super) struct Cluster {
    pub(super) created: Mutex<Vec<String>>,
    pub(super) deleted: Mutex<Vec<String>>,
    pub(super) refusal: Option<String>,
}

impl Cluster {
    fn answer(&self, list: &Mutex<Vec<String>>, name: String) -> Result<(), DataPlaneError> {
        if let Some(refusal) = &self.refusal {
            return Err(DataPlaneError::other(refusal.clone()));
        }
        list.lock().unwrap().push(name);
        Ok(())
    }
}

impl DataPlane for Cluster {
    fn create<'a>(&'a self, object: &'a FlyteWorkflow) -> BoxFuture<'a, Result<(), DataPlaneError>> {
        let (namespace, name) = object.key();
        async move { self.answer(&self.created, format!("{namespace}/{name}")) }.boxed()
    }

    fn delete<'a>(&'a self, namespace: &'a str, name: &'a str) -> BoxFuture<'a, Result<(), DataPlaneError>> {
        async move { self.answer(&self.deleted, format!("{namespace}/{name}")) }.boxed()
    }
}

pub(super) struct Plane {
    pub(super) admin: Admin,
    pub(super) clusters: BTreeMap<String, Arc<Cluster>>,
}

/// A control plane with projects `team1` and, archived, `archived`; without names it is in single-cluster mode.
pub(super) fn plane(clusters: &[(&str, bool)], refusal: Option<&str>) -> Plane {
    let entries: Vec<_> = clusters
        .iter()
        .map(|(name, enabled)| serde_json::json!({"name": name, "enabled": enabled}))
        .collect();
    let text = serde_json::json!({"clusters": {"clusterConfigs": entries, "labelClusterMap": {
        "label1": [{"id": "dataplane_1", "weight": 1}], "label2": [{"id": "dataplane_2", "weight": 1}],
    }}})
    .to_string();
    let config = AdminConfig::read(&Config::merge([("test.yaml", text.as_str())]).unwrap()).unwrap();
    let names: Vec<String> = match clusters {
        [] => vec![String::new()],
        some => some.iter().map(|(name, _)| (*name).to_owned()).collect(),
    };
    let clusters: BTreeMap<String, Arc<Cluster>> = names
        .into_iter()
        .map(|name| {
            let refusal = refusal.map(str::to_owned);
            (
                name,
                Arc::new(Cluster {
                    refusal,
                    ..Cluster::default()
                }),
            )
        })
        .collect();
    let stores = Stores::new();
    let address = DatabaseAddress {
        host: "postgres".to_owned(),
        port: 5432,
        dbname: "flyteadmin".to_owned(),
    };
    let targets = clusters
        .iter()
        .map(|(name, cluster)| (name.clone(), cluster.clone() as Arc<dyn DataPlane>));
    let admin = Admin::new(Parts {
        selector: Selector::new(config.clusters.clone()).unwrap(),
        targets: targets.collect(),
        database: stores.database(&address).unwrap(),
        objects: stores.object_store("test"),
        clock: Clock::simulated(),
        seed: 1,
        config,
    });
    for (id, state) in [("team1", 0), ("archived", 1)] {
        let project = Project {
            id: id.to_owned(),
            name: id.to_owned(),
            state,
            ..Project::default()
        };
        admin.register_project(Some(project)).unwrap();
    }
    for registration in WorkflowFile::parse(WORKFLOWS)
        .unwrap()
        .registrations("team1", "development", "v1")
        .unwrap()
    {
        match registration {
            Registration::Task(request) => admin.create_task(request).unwrap(),
            Registration::Workflow(request) => admin.create_workflow(request).unwrap(),
            Registration::LaunchPlan(request) => admin.create_launch_plan(request).unwrap(),
        }
    }
    Plane { admin, clusters }
}
