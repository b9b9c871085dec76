//! What a scenario's steps share.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flyte::client::Admin;
use flyte::crd::ExecutionId;
use kube::Client;
use scenario::{Role, Scenario};
use tokio::time::{Instant, sleep};
use tonic::Code;

use super::ends::Ends;
use super::names::{Clusters, Found, WorldNames};
use super::objects::Kinds;
use super::plan::Plan;
use super::progress::Progress;
use super::step::failure::Failure;
use super::step::fault::FaultsInForce;
use super::step::invariant::Active;
use crate::backend::{Cluster, Vantage, World};
use crate::journal::{Emitter, Prediction};
use crate::verdict::{Configurations, Witness};

/// How long the way to the admin API may take once its pods are ready.
const WAY: Duration = Duration::from_secs(30);
/// Between two looks whether it is there: there is nothing to watch that would tell.
const LOOK: Duration = Duration::from_millis(250);

/// What a scenario's steps share.
pub(crate) struct Context<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) world: &'a dyn World,
    pub(crate) witness: Arc<Witness>,
    pub(crate) names: WorldNames,
    /// Of the step that runs.
    pub(crate) emitter: Emitter,
    /// Faults that are in force.
    pub(crate) faults: FaultsInForce,
    /// What the step that runs waits for.
    pub(crate) progress: Progress,
    /// Conditions that are watched across steps.
    pub(crate) active: Active,
    /// What ends the scenario before its last step.
    pub(crate) ends: Ends,
    /// What was submitted, by the submit step's id.
    pub(crate) submitted: BTreeMap<String, Submitted>,
    /// Launch plans that were registered, with their workflow.
    pub(crate) launch_plans: BTreeMap<String, String>,
    admin: Option<Admin>,
    /// Of the control plane, if there is one.
    configurations: Option<Configurations>,
}

/// The executions of one `submit`.
#[derive(Clone, Debug)]
pub(crate) struct Submitted {
    pub(crate) project: String,
    pub(crate) domain: String,
    pub(crate) executions: Vec<Submission>,
}

/// One execution.
#[derive(Clone, Debug)]
pub(crate) struct Submission {
    pub(crate) name: String,
    /// When it was submitted.
    pub(crate) at: Instant,
    pub(crate) prediction: Option<Prediction>,
}

impl Submitted {
    /// An execution's full id.
    pub(crate) fn id(&self, name: &str) -> ExecutionId {
        ExecutionId {
            project: self.project.clone(),
            domain: self.domain.clone(),
            name: name.to_owned(),
        }
    }
}

impl<'a> Context<'a> {
    pub(crate) fn new(
        plan: &'a Plan,
        world: &'a dyn World,
        clusters: Clusters,
        witness: Witness,
        emitter: Emitter,
        faults: FaultsInForce,
    ) -> Self {
        faults.hold_clusters(&clusters);
        let controlplane = plan.loaded.scenario.clusters_of(Role::Controlplane).next();
        let configurations = controlplane
            .and_then(|(id, _)| clusters.get(id))
            .map(|cluster| Configurations::start(&cluster.client()));
        let witness = Arc::new(witness);
        let secrets = emitter.secrets().clone();
        secrets.of(clusters.iter().map(|(id, cluster)| (id.clone(), cluster.client())), world.account());
        let names = WorldNames {
            secrets,
            clusters,
            witness: witness.clone(),
            bindings: plan.loaded.scenario.bindings(),
            found: Found::default(),
            run: plan.run.clone(),
            seed: plan.seed,
        };
        Self {
            plan,
            world,
            witness,
            names,
            emitter,
            faults,
            progress: Progress::default(),
            active: Active::default(),
            ends: Ends::default(),
            submitted: BTreeMap::new(),
            launch_plans: BTreeMap::new(),
            admin: None,
            configurations,
        }
    }

    pub(crate) fn scenario(&self) -> &'a Scenario {
        &self.plan.loaded.scenario
    }

    /// All clusters, in the file's order.
    pub(crate) fn clusters(&self) -> impl Iterator<Item = &Arc<dyn Cluster>> {
        self.names.clusters.values()
    }

    pub(crate) fn cluster(&self, id: &str) -> Result<&Arc<dyn Cluster>, Failure> {
        self.names
            .clusters
            .get(id)
            .ok_or_else(|| Failure::fault("no-cluster", format!("there is no cluster {id}")))
    }

    pub(crate) fn client(&self, id: &str) -> Result<Client, Failure> {
        Ok(self.cluster(id)?.client())
    }

    pub(crate) fn kinds(&self, id: &str) -> Result<Kinds, Failure> {
        Ok(Kinds::of(self.client(id)?))
    }

    /// The cluster with the control plane.
    pub(crate) fn controlplane(&self) -> Result<&Arc<dyn Cluster>, Failure> {
        let id = self.scenario().clusters_of(Role::Controlplane).next().map(|(id, _)| id.clone());
        self.cluster(&id.ok_or_else(no_controlplane)?)
    }

    /// What the control plane's replicas run with.
    pub(crate) fn configurations(&self) -> Result<&Configurations, Failure> {
        self.configurations.as_ref().ok_or_else(no_controlplane)
    }

    /// The admin API, through the control plane's Ingress as a user reaches it; where there is none, in the clear at flyteadmin's Service,
    /// in the namespace that the guide uses.
    pub(crate) fn admin(&mut self) -> Result<Admin, Failure> {
        if let Some(admin) = &self.admin {
            return Ok(admin.clone());
        }
        let controlplane = self.controlplane()?;
        let (endpoint, trust) = if self.world.has_ingress() {
            (controlplane.ingress(Vantage::Host), Some(self.world.trust()))
        } else {
            (controlplane.service("flyte", "flyteadmin", 81, Vantage::Host), None)
        };
        let admin = Admin::connect(&self.world.operator(), &endpoint, trust);
        let admin = admin.map_err(|error| Failure::fault("admin-endpoint", format!("{endpoint}: {error}")))?;
        Ok(self.admin.insert(admin).clone())
    }

    /// As [`admin`](Self::admin), for a step. The first to ask waits until it answers: in real time Endpoints and Ingress follow ready pods by and by.
    /// If it never does, the step's own call says why.
    pub(crate) async fn reach_admin(&mut self) -> Result<Admin, Failure> {
        let first = self.admin.is_none() && !self.world.capabilities().virtual_time;
        let admin = self.admin()?;
        let late = Instant::now() + WAY;
        while first && admin.domains().await.is_err_and(|error| error.code() == Some(Code::Unavailable)) && Instant::now() < late {
            sleep(LOOK).await;
        }
        Ok(admin)
    }
}

fn no_controlplane() -> Failure {
    Failure::invalid("no-controlplane", "no cluster has the role controlplane, so there is no admin API")
}
