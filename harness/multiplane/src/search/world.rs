//! The world of a history: embedded clusters with the reference planes, deployed without charts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use flyte::client::{Admin, ClientError};
use flyte::crd::ExecutionId;
use flyte::workflow::WorkflowFile;
use futures::future::try_join_all;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::runtime::wait::await_condition;
use kube::{Api, Client, ResourceExt};
use serde_json::json;
use simnet::tls::Authority;
use simnet::{Clock, Network};
use tokio::time::sleep;

use super::history::plane_id;
use super::objects::{self, ADMIN, CONFIG, CREDENTIALS, HOME, NAMESPACE, Placement, WORKFLOWS};
use crate::backend::member::{Member, Settings};
use crate::backend::names;
use crate::programs;
use crate::verdict::Witness;

/// Project of all executions.
pub(super) const PROJECT: &str = "team1";
/// The only domain.
pub(super) const DOMAIN: &str = "development";
/// Pause between two looks at what cannot be watched.
const POLL: Duration = Duration::from_millis(500);
/// How often something is tried before the world counts as broken.
const TRIES: usize = 600;

/// The world could not be brought up, or does not serve: a fault of the harness.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WorldError(pub(super) String);

impl WorldError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// A running world.
pub(super) struct World {
    pub(super) clock: Clock,
    pub(super) network: Network,
    pub(super) home: Member,
    /// The data planes; the first is number 1.
    planes: Vec<Plane>,
    pub(super) witness: Witness,
    pub(super) admin: Admin,
    upstream: bool,
    /// Configurations, the latest last.
    revisions: Mutex<Vec<Revision>>,
    /// One change of the configuration at a time.
    rollout: tokio::sync::Mutex<()>,
}

/// A data plane.
pub(super) struct Plane {
    pub(super) id: String,
    pub(super) member: Member,
    credential: Mutex<Credential>,
}

/// What the control plane holds for a data plane.
struct Credential {
    token: String,
    ca: String,
    /// Name of the token's own Secret in the data plane.
    secret: String,
    renewed: u32,
    /// How it is spoilt: cut in half, or with a newline.
    spoilt: Option<bool>,
}

/// A configuration, and when replicas of flyteadmin ran with it.
#[derive(Clone)]
pub(super) struct Revision {
    pub(super) placement: Placement,
    pub(super) since: Duration,
    pub(super) until: Option<Duration>,
}

impl World {
    /// Brings a world up: clusters, planes, a project with its namespaces, and workflows.
    pub(super) async fn start(seed: u64, planes: usize, upstream: bool) -> Result<Self, WorldError> {
        let clock = Clock::simulated();
        let network = Network::simulated(clock.clone());
        let trust = Authority::new("multiplane", &clock).map_err(WorldError::of)?;
        let programs = programs::programs();
        let member = async |id: String| {
            let none = BTreeMap::new();
            let member = Member::start(Settings {
                id: &id,
                nodes: 1,
                seed,
                network: &network,
                programs: &programs,
                certificate: None,
                trust: trust.pem(),
                server_names: &[],
                ingress_names: &[],
                issuer: None,
                host_paths: &none,
            });
            member.await.map_err(WorldError::of)
        };
        let home = member(HOME.to_owned()).await?;
        let started = (1..=planes).map(async |number| {
            let id = plane_id(number);
            let member = member(id.clone()).await?;
            let client = member.cluster().client();
            for object in objects::data_plane() {
                objects::make(&client, object).await.map_err(WorldError::of)?;
            }
            let secret = "flyteadmin-token".to_owned();
            let credential = Credential {
                token: token(&client, &secret).await?,
                ca: member.cluster().ca_pem(),
                secret,
                renewed: 0,
                spoilt: None,
            };
            let credential = Mutex::new(credential);
            Ok::<_, WorldError>(Plane { id, member, credential })
        });
        let planes = try_join_all(started).await?;
        let placement = Placement::new(planes.len());
        let credentials = planes.iter().flat_map(Plane::stored).collect();
        let client = home.cluster().client();
        for object in objects::control_plane(&placement, upstream, &credentials) {
            objects::make(&client, object).await.map_err(WorldError::of)?;
        }
        let members = planes.iter().map(|plane| (plane.id.as_str(), plane.member.cluster().client()));
        let witness = Witness::start(members.chain([(HOME, client)]));
        let endpoint = names::service(HOME, NAMESPACE, ADMIN, objects::PORT);
        let admin = Admin::connect(&network.host("operator", "operator"), &endpoint, None).map_err(WorldError::of)?;
        let revision = Revision {
            placement,
            since: Duration::ZERO,
            until: None,
        };
        let world = Self {
            clock,
            network,
            home,
            planes,
            witness,
            admin,
            upstream,
            revisions: Mutex::new(vec![revision]),
            rollout: tokio::sync::Mutex::default(),
        };
        world.ready().await?;
        Ok(world)
    }

    /// Makes the project and its workflows, and waits for its namespaces.
    async fn ready(&self) -> Result<(), WorldError> {
        self.project(PROJECT).await?;
        let file = WorkflowFile::parse(WORKFLOWS).map_err(WorldError::of)?;
        self.admin.register(&file, PROJECT, DOMAIN, "v1").await.map_err(WorldError::of)?;
        for _ in 0..TRIES {
            if self.without_namespace(PROJECT).await?.is_empty() {
                return Ok(());
            }
            sleep(POLL).await;
        }
        Err(WorldError("the project's namespaces do not come".to_owned()))
    }

    /// Registers a project, however long it takes.
    pub(super) async fn project(&self, id: &str) -> Result<(), WorldError> {
        for _ in 0..TRIES {
            match self.admin.register_project(id, id, "").await {
                Ok(()) => return Ok(()),
                Err(error) if error.code() == Some(tonic::Code::AlreadyExists) => return Ok(()),
                Err(ClientError::Refused { .. }) => sleep(POLL).await,
                Err(error) => return Err(WorldError::of(error)),
            }
        }
        Err(WorldError("flyteadmin does not come up".to_owned()))
    }

    pub(super) fn planes(&self) -> &[Plane] {
        &self.planes
    }

    /// A data plane by number, if there is one.
    pub(super) fn plane(&self, number: usize) -> Result<&Plane, WorldError> {
        let plane = number.checked_sub(1).and_then(|index| self.planes.get(index));
        plane.ok_or_else(|| WorldError(format!("there is no data plane {number}")))
    }

    /// Time since the world began.
    pub(super) fn now(&self) -> Duration {
        self.clock.elapsed()
    }

    /// An execution's full id.
    pub(super) fn id(name: &str) -> ExecutionId {
        ExecutionId {
            project: PROJECT.to_owned(),
            domain: DOMAIN.to_owned(),
            name: name.to_owned(),
        }
    }

    /// Data planes that lack the namespace of a project.
    pub(super) async fn without_namespace(&self, project: &str) -> Result<Vec<&str>, WorldError> {
        let name = format!("{project}-{DOMAIN}");
        let looks = self.planes.iter().map(async |plane| {
            let namespaces: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(plane.member.cluster().client());
            let found = namespaces.get_opt(&name).await.map_err(WorldError::of)?;
            Ok::<_, WorldError>(found.is_none().then_some(plane.id.as_str()))
        });
        Ok(try_join_all(looks).await?.into_iter().flatten().collect())
    }

    /// Kills the pods of a Deployment; new ones come.
    pub(super) async fn kill(client: Client, name: &str) -> Result<(), WorldError> {
        let pods: Api<Pod> = Api::namespaced(client, NAMESPACE);
        let found = pods
            .list(&ListParams::default().labels(&format!("app={name}")))
            .await
            .map_err(WorldError::of)?;
        for pod in found {
            // It may be gone already.
            let _ = pods.delete(&pod.name_any(), &DeleteParams::default().grace_period(0)).await;
        }
        Ok(())
    }

    /// Changes flyteadmin's configuration, and rolls it out.
    pub(super) async fn configure(&self, change: impl FnOnce(&mut Placement)) -> Result<(), WorldError> {
        let _alone = self.rollout.lock().await;
        let mut placement = self.latest();
        change(&mut placement);
        if placement == self.latest() {
            return Ok(());
        }
        let config = placement.config(self.upstream).to_string();
        let number = {
            let mut revisions = self.revisions();
            revisions.push(Revision {
                placement,
                since: self.now(),
                until: None,
            });
            revisions.len()
        };
        let client = self.home.cluster().client();
        let configs: Api<ConfigMap> = Api::namespaced(client.clone(), NAMESPACE);
        let patch = Patch::Merge(json!({"data": {"all.yaml": config}}));
        configs
            .patch(CONFIG, &PatchParams::default(), &patch)
            .await
            .map_err(WorldError::of)?;
        let deployments: Api<Deployment> = Api::namespaced(client, NAMESPACE);
        // Not the time, as `kubectl rollout restart` has it: two changes at one time would be one.
        let template = json!({"metadata": {"annotations": {"revision": number.to_string()}}});
        let patch = Patch::Merge(json!({"spec": {"template": template}}));
        for name in [ADMIN, objects::SYNC] {
            let patched = deployments
                .patch(name, &PatchParams::default(), &patch)
                .await
                .map_err(WorldError::of)?;
            let generation = patched.metadata.generation;
            let done = await_condition(deployments.clone(), name, move |object: Option<&Deployment>| {
                let status = object.and_then(|object| object.status.as_ref());
                status.is_some_and(|status| {
                    status.observed_generation >= generation && status.replicas == Some(1) && status.updated_replicas == Some(1)
                })
            });
            done.await.map_err(WorldError::of)?;
        }
        let now = self.now();
        let mut revisions = self.revisions();
        let last = revisions.len() - 1;
        for old in revisions[..last].iter_mut().filter(|old| old.until.is_none()) {
            old.until = Some(now);
        }
        Ok(())
    }

    fn latest(&self) -> Placement {
        let revisions = self.revisions();
        revisions
            .last()
            .map_or_else(|| Placement::new(self.planes.len()), |revision| revision.placement.clone())
    }

    fn revisions(&self) -> std::sync::MutexGuard<'_, Vec<Revision>> {
        self.revisions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Configurations that replicas may have run with at some time between these.
    pub(super) fn in_force(&self, from: Duration, until: Duration) -> Vec<Placement> {
        let revisions = self.revisions();
        let within = revisions
            .iter()
            .filter(|revision| revision.since <= until && revision.until.is_none_or(|end| end >= from));
        within.map(|revision| revision.placement.clone()).collect()
    }

    /// Spoils the stored credential for a data plane, or stores it as it should be.
    pub(super) async fn spoil(&self, number: usize, how: Option<bool>) -> Result<(), WorldError> {
        self.plane(number)?.credential().spoilt = how;
        self.store(number).await
    }

    /// Revokes the token for a data plane: its own Secret is deleted.
    pub(super) async fn revoke(&self, number: usize) -> Result<(), WorldError> {
        let plane = self.plane(number)?;
        let secret = plane.credential().secret.clone();
        let secrets: Api<Secret> = Api::namespaced(plane.member.cluster().client(), NAMESPACE);
        match secrets.delete(&secret, &DeleteParams::default()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(WorldError::of(error)),
            Ok(_) => Ok(()),
        }
    }

    /// Makes a new token for a data plane, and stores it.
    pub(super) async fn renew(&self, number: usize) -> Result<(), WorldError> {
        let plane = self.plane(number)?;
        let client = plane.member.cluster().client();
        let name = {
            let mut credential = plane.credential();
            credential.renewed += 1;
            format!("flyteadmin-token-{}", credential.renewed)
        };
        objects::make(&client, objects::token_secret(&name)).await.map_err(WorldError::of)?;
        let token = token(&client, &name).await?;
        {
            let mut credential = plane.credential();
            credential.token = token;
            credential.secret = name;
        }
        self.store(number).await
    }

    async fn store(&self, number: usize) -> Result<(), WorldError> {
        let data: BTreeMap<String, String> = self.plane(number)?.stored().collect();
        let secrets: Api<Secret> = Api::namespaced(self.home.cluster().client(), NAMESPACE);
        let patch = Patch::Merge(json!({"stringData": data}));
        secrets
            .patch(CREDENTIALS, &PatchParams::default(), &patch)
            .await
            .map_err(WorldError::of)?;
        Ok(())
    }
}

impl Plane {
    fn credential(&self) -> std::sync::MutexGuard<'_, Credential> {
        self.credential.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The entries of the Secret.
    fn stored(&self) -> impl Iterator<Item = (String, String)> + use<> {
        let credential = self.credential();
        let token = match credential.spoilt {
            None => credential.token.clone(),
            Some(true) => credential.token[..credential.token.len() / 2].to_owned(),
            Some(false) => format!("{}\n", credential.token),
        };
        let (id, ca) = (&self.id, credential.ca.clone());
        [(format!("{id}_token"), token), (format!("{id}_cacert"), ca)].into_iter()
    }
}

/// The token that a Secret is filled with.
async fn token(client: &Client, secret: &str) -> Result<String, WorldError> {
    let secrets: Api<Secret> = Api::namespaced(client.clone(), NAMESPACE);
    let filled = |secret: Option<&Secret>| token_of(secret).is_some();
    let secret = await_condition(secrets, secret, filled).await.map_err(WorldError::of)?;
    token_of(secret.as_ref()).ok_or_else(|| WorldError("a token without text".to_owned()))
}

fn token_of(secret: Option<&Secret>) -> Option<String> {
    let token = secret?.data.as_ref()?.get("token")?;
    String::from_utf8(token.0.clone()).ok()
}
