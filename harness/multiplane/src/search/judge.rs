//! What must hold of every history, and what breaks it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use flyte::client::Execution;
use flyte::proto::core::workflow_execution::Phase;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, ResourceExt};
use serde::{Deserialize, Serialize};

use super::drive::{Asked, Drive};
use super::world::{DOMAIN, PROJECT, World, WorldError};

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Invariant {
    /// What flyteadmin accepted is recorded, and ends once nothing is broken any more.
    NothingLost,
    /// No execution has objects in two clusters, unless it was asked for twice and the configuration changed between.
    OneCluster,
    /// Objects are only where the rules place their execution.
    Placed,
    /// What was terminated ends, and its object goes.
    Terminated,
    /// All projects have their namespaces in all data planes, once nothing is broken any more.
    Namespaces,
    /// No cluster is ever shown the token of another.
    Credentials,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NothingLost => "no execution is lost",
            Self::OneCluster => "no execution is in two clusters",
            Self::Placed => "executions are where the rules place them",
            Self::Terminated => "what is terminated ends",
            Self::Namespaces => "namespaces converge",
            Self::Credentials => "no credential is used against another cluster",
        })
    }
}

/// An invariant that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// How it was seen.
    pub seen: String,
}

impl Violation {
    fn new(invariant: Invariant, seen: String) -> Self {
        Self { invariant, seen }
    }
}

/// What a data plane holds of an execution: the phase of its object.
type Objects = BTreeMap<String, BTreeMap<String, i64>>;

/// What does not hold now. Of the invariants that speak of an end, some may hold a little later.
pub(super) async fn judge(world: &World, drive: &Drive<'_>) -> Result<Vec<Violation>, WorldError> {
    let asked = drive.asked();
    let recorded = world.admin.executions(PROJECT, DOMAIN, "").await;
    let recorded = recorded.map_err(|error| WorldError(format!("flyteadmin does not answer: {error}")))?;
    let recorded: BTreeMap<String, Execution> = recorded
        .into_iter()
        .map(|execution| (execution.id.name.clone(), execution))
        .collect();
    let objects = objects(world).await?;
    let mut found = Vec::new();
    for (name, asked) in &asked {
        let seen: BTreeSet<String> = world.witness.sightings(name, None).into_keys().collect();
        let there = objects
            .iter()
            .filter_map(|(cluster, all)| Some((cluster.as_str(), *all.get(name)?)))
            .collect();
        let of = Of {
            name,
            asked,
            row: recorded.get(name),
            seen: &seen,
            there,
        };
        found.extend(
            [of.lost(), of.two_clusters(), of.elsewhere(), of.terminated()]
                .into_iter()
                .flatten(),
        );
    }
    for project in drive.projects() {
        let without = world.without_namespace(&project).await?;
        if !without.is_empty() {
            let seen = format!("{project}-{DOMAIN} is not in {}", without.join(", "));
            found.push(Violation::new(Invariant::Namespaces, seen));
        }
    }
    found.extend(strangers(world));
    Ok(found)
}

/// An execution, as its user, flyteadmin and the clusters know it.
struct Of<'a> {
    name: &'a str,
    asked: &'a Asked,
    row: Option<&'a Execution>,
    /// Clusters in which it was ever seen.
    seen: &'a BTreeSet<String>,
    /// Its objects now.
    there: Vec<(&'a str, i64)>,
}

impl Of<'_> {
    fn lost(&self) -> Option<Violation> {
        let name = self.name;
        if !self.asked.accepted {
            return None;
        }
        let Some(row) = self.row else {
            return Some(Violation::new(
                Invariant::NothingLost,
                format!("{name} was accepted and is not recorded"),
            ));
        };
        if row.ended() || self.asked.terminated {
            return None;
        }
        let phase = row.phase.as_str_name();
        let objects: Vec<String> = self
            .there
            .iter()
            .map(|(cluster, phase)| format!("its object in {cluster} has phase {phase}"))
            .collect();
        let objects = if objects.is_empty() {
            "it has no object".to_owned()
        } else {
            objects.join(", ")
        };
        Some(Violation::new(
            Invariant::NothingLost,
            format!("{name} was accepted and is {phase} for ever; {objects}"),
        ))
    }

    fn two_clusters(&self) -> Option<Violation> {
        // A user who asks twice may be answered by two configurations; upstream has no guard against it.
        let upstream_would = self.asked.tries > 1 && self.asked.allowed.len() > 1;
        (self.seen.len() > 1 && !upstream_would).then(|| {
            let clusters: Vec<&str> = self.seen.iter().map(String::as_str).collect();
            Violation::new(Invariant::OneCluster, format!("{} was in {}", self.name, clusters.join(" and ")))
        })
    }

    fn elsewhere(&self) -> Option<Violation> {
        let wrong: Vec<&str> = self.seen.difference(&self.asked.allowed).map(String::as_str).collect();
        (!wrong.is_empty()).then(|| {
            let allowed: Vec<&str> = self.asked.allowed.iter().map(String::as_str).collect();
            let seen = format!(
                "{} was in {}, and belongs in {}",
                self.name,
                wrong.join(" and "),
                allowed.join(" or ")
            );
            Violation::new(Invariant::Placed, seen)
        })
    }

    fn terminated(&self) -> Option<Violation> {
        if !self.asked.terminated {
            return None;
        }
        let row = self.row?;
        let holder = self.there.iter().find(|(cluster, _)| *cluster == row.cluster);
        let seen = match holder {
            Some((cluster, phase)) if !row.ended() => format!("its object is still in {cluster}, phase {phase}"),
            Some((cluster, _)) if row.phase == Phase::Aborted => format!("it is ABORTED, and its object is still in {cluster}"),
            None if !row.ended() => format!("it is {} for ever, without an object", row.phase.as_str_name()),
            _ => return None,
        };
        Some(Violation::new(
            Invariant::Terminated,
            format!("{} was terminated: {seen}", self.name),
        ))
    }
}

/// The objects of the clusters in which anything was seen.
async fn objects(world: &World) -> Result<Objects, WorldError> {
    let kind = ApiResource::from_gvk_with_plural(
        &GroupVersionKind::gvk("flyte.lyft.com", "v1alpha1", "FlyteWorkflow"),
        "flyteworkflows",
    );
    let mut found = Objects::new();
    for plane in world.planes() {
        let api: Api<DynamicObject> = Api::namespaced_with(plane.member.cluster().client(), &format!("{PROJECT}-{DOMAIN}"), &kind);
        let list = api
            .list(&ListParams::default())
            .await
            .map_err(|error| WorldError(error.to_string()))?;
        let phase = |object: &DynamicObject| object.data["status"]["phase"].as_i64().unwrap_or(0);
        let phases: BTreeMap<String, i64> = list.iter().map(|object| (object.name_any(), phase(object))).collect();
        if !phases.is_empty() {
            found.insert(plane.id.clone(), phases);
        }
    }
    Ok(found)
}

/// Clusters that were shown tokens of other clusters.
fn strangers(world: &World) -> Vec<Violation> {
    let homes = world.planes().iter().map(|plane| (plane.id.as_str(), &plane.member));
    let all: Vec<_> = homes.chain([(super::objects::HOME, &world.home)]).collect();
    let of: BTreeMap<&str, &str> = all.iter().map(|(id, member)| (member.cluster().token_key_id(), *id)).collect();
    let mut found = Vec::new();
    for (id, member) in &all {
        for (key, times) in member.cluster().foreign_tokens() {
            let owner = of.get(key.as_str()).copied().unwrap_or("an unknown cluster");
            let seen = format!("{id} was shown a token of {owner}, {times} times");
            found.push(Violation::new(Invariant::Credentials, seen));
        }
    }
    found.sort_by(|one, other| one.seen.cmp(&other.seen));
    found
}
