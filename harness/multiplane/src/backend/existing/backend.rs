//! What a run on clusters shares that were there already, and the questions it asks before it touches them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use futures::future::try_join_all;
use http::Uri;
use kube::Client;
use scenario::Scenario;

use super::claims::{Claim, claims};
use super::contexts::Context;
use super::listing::{Kinds, Listing};
use super::marker::{self, Marked};
use super::production::{Facts, is_system, production};
use super::rights::Intent;
use super::world::connect;
use super::{Contexts, ExistingError, ExistingWorld};
use crate::backend::outside::{self, Outside, Session};
use crate::backend::{BackendError, ClusterSpec, World};

/// How a run on clusters that are there already is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it shares with other backends.
    pub outside: outside::Settings,
    /// The contexts that may be used.
    pub contexts: Contexts,
    /// The run's scenarios, by number.
    pub scenarios: Vec<Scenario>,
}

/// What a run on clusters shares that were there already. Clones are one backend.
#[derive(Clone)]
pub struct ExistingBackend(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) contexts: Contexts,
    /// What each scenario makes, by cluster.
    claims: Vec<BTreeMap<String, BTreeSet<Claim>>>,
    /// What people should know before the run.
    notes: Vec<String>,
}

impl fmt::Debug for ExistingBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExistingBackend").field(&self.0.contexts.ids()).finish()
    }
}

impl ExistingBackend {
    /// Asks every cluster that the scenarios use whether it may be used, and begins the run's ledger. Nothing is made yet.
    ///
    /// # Errors
    /// If a cluster is not marked, looks like production, is taken, lacks rights, versions or nodes, or has something of what is to be made.
    pub async fn begin(settings: Settings, run: &str) -> Result<Self, ExistingError> {
        let Settings {
            outside,
            contexts,
            scenarios,
        } = settings;
        let claims: Vec<_> = scenarios.iter().map(claims).collect();
        let used: BTreeSet<&String> = scenarios.iter().flat_map(|scenario| scenario.clusters.keys()).collect();
        let used = used.into_iter().filter_map(|id| Some((id, contexts.by_cluster.get(id)?)));
        let looks = used.map(async |(id, context)| {
            let looked = look(&contexts, id, context, &scenarios, &claims).await;
            looked.map_err(|error| ExistingError::Of {
                cluster: id.clone(),
                context: context.name.clone(),
                error: Box::new(error),
            })
        });
        let looks = try_join_all(looks).await?;
        let mut refused: Vec<String> = looks.iter().flat_map(|look| look.refused.clone()).collect();
        refused.extend(twins(&looks));
        if !refused.is_empty() {
            return Err(ExistingError::Refused(refused));
        }
        Ok(Self(Arc::new(Shared {
            session: Session::begin(outside, run)?,
            contexts,
            claims,
            notes: looks.into_iter().filter_map(|look| look.note).collect(),
        })))
    }

    /// What a scenario makes in a cluster, in that cluster's terms.
    pub(super) fn intent(&self, scenario: usize, cluster: &str, kinds: &Kinds) -> Intent {
        let claims = self.0.claims.get(scenario).and_then(|claims| claims.get(cluster));
        claims.map(|claims| Intent::of(claims, kinds)).unwrap_or_default()
    }

    pub(super) fn taken(&self, context: &Context, holder: String) -> ExistingError {
        taken(&self.0.contexts, context, holder)
    }

    pub(super) fn unclean(cluster: &str, context: &Context, there: &[String]) -> String {
        format!(
            "{cluster} (context {}) has already: {}. The scenario makes these, and multiplane touches nothing that it did not make; remove them, or \
             name others in the scenario",
            context.name,
            there.join(", ")
        )
    }
}

fn taken(contexts: &Contexts, context: &Context, holder: String) -> ExistingError {
    ExistingError::Taken {
        holder,
        free: marker::free_command(&contexts.file, &context.name),
    }
}

/// What one cluster says.
#[derive(Default)]
struct Look {
    id: String,
    /// The cluster's own identity.
    uid: String,
    refused: Vec<String>,
    note: Option<String>,
}

async fn look(
    contexts: &Contexts,
    id: &str,
    context: &Context,
    scenarios: &[Scenario],
    claims: &[BTreeMap<String, BTreeSet<Claim>>],
) -> Result<Look, ExistingError> {
    let mut look = Look {
        id: id.to_owned(),
        ..Look::default()
    };
    let here = format!("{id} (context {})", context.name);
    let client = connect(context).await?;
    let (marker, uid) = match marker::read(&client).await.map_err(ExistingError::api("read its marker"))? {
        Marked::Yes(marker, uid) => (marker, uid),
        Marked::No(why) => {
            let command = marker::command(&contexts.file, &context.name);
            look.refused.push(format!(
                "{here} is not marked as a cluster for tests: {why}. If it is one, its administrator says so by\n  {command}"
            ));
            return Ok(look);
        }
    };
    look.uid = uid;
    if let Some(holder) = &marker.held_by {
        return Err(taken(contexts, context, holder.clone()));
    }
    let kinds = Kinds::read(&client).await?;
    let of_cluster: BTreeSet<Claim> = claims.iter().filter_map(|claims| claims.get(id)).flatten().cloned().collect();
    let intent = Intent::of(&of_cluster, &kinds);
    let missing = intent.missing(&client).await?;
    if !missing.is_empty() {
        let user = &context.user;
        look.refused.push(format!(
            "{here}: user {user:?} may not {}. Bind a ClusterRole that allows it, such as cluster-admin",
            missing.join("; ")
        ));
        return Ok(look);
    }
    let listing = Listing::read(&client, &kinds).await?;
    let against = production(&facts(context, &listing), &marker);
    if !against.is_empty() {
        look.refused.push(format!("{here} looks like production: {}", against.join("; ")));
    }
    let there = intent.there(&listing);
    if !there.is_empty() {
        look.refused.push(ExistingBackend::unclean(id, context, &there));
    }
    look.refused.extend(sizes(&client, &here, id, &listing, scenarios).await?);
    let wide = intent.wide();
    look.note = Some(match wide.is_empty() {
        true => format!("{here}: nothing is made outside of namespaces"),
        false => format!("{here}: made with rights in the whole cluster: {}", wide.join(", ")),
    });
    Ok(look)
}

fn facts(context: &Context, listing: &Listing) -> Facts {
    let host = context.server.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
    let busy = listing.namespaces_with("pods");
    Facts {
        names: vec![
            ("context", context.name.clone()),
            ("cluster's name", context.cluster.clone()),
            ("user", context.user.clone()),
            ("API server", host.unwrap_or_default()),
        ],
        nodes: listing.count("nodes"),
        busy: busy
            .into_iter()
            .filter(|namespace| !is_system(namespace))
            .map(str::to_owned)
            .collect(),
    }
}

/// Versions and numbers of nodes that scenarios ask for and the cluster does not have.
async fn sizes(
    client: &Client,
    here: &str,
    id: &str,
    listing: &Listing,
    scenarios: &[Scenario],
) -> Result<BTreeSet<String>, ExistingError> {
    let version = client
        .apiserver_version()
        .await
        .map_err(ExistingError::api("ask for its version"))?;
    // Some providers have `36+`.
    let minor = version.minor.trim_end_matches('+');
    let (served, nodes) = (format!("{}.{minor}", version.major), listing.count("nodes"));
    let mut refused = BTreeSet::new();
    for cluster in scenarios.iter().filter_map(|scenario| scenario.clusters.get(id)) {
        let spec = ClusterSpec::of(id, cluster);
        if let Some(wanted) = spec.kubernetes.filter(|wanted| *wanted != served) {
            refused.insert(format!("{here} has Kubernetes {served}; {wanted} is asked for"));
        }
        if spec.nodes > nodes {
            refused.insert(format!("{here} has {nodes} nodes; {} are asked for", spec.nodes));
        }
    }
    Ok(refused)
}

/// Contexts of two names that are one cluster.
fn twins(looks: &[Look]) -> Vec<String> {
    let mut first: BTreeMap<&str, &str> = BTreeMap::new();
    let mut twins = Vec::new();
    for look in looks.iter().filter(|look| !look.uid.is_empty()) {
        if let Some(other) = first.insert(&look.uid, &look.id) {
            twins.push(format!(
                "{other} and {} are one cluster; where work lands cannot be told apart in it",
                look.id
            ));
        }
    }
    twins
}

impl Outside for ExistingBackend {
    fn world(&self, scenario: usize, _seed: u64) -> Result<Box<dyn World>, BackendError> {
        let world = ExistingWorld::new(self.clone(), scenario).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Box::new(world))
    }

    fn session(&self) -> &Session {
        &self.0.session
    }

    fn notes(&self) -> Vec<String> {
        self.0.notes.clone()
    }
}
