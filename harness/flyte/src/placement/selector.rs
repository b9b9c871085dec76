//! The selector: built once from the configuration, as at flyteadmin's start, then asked for each execution.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::pool::Candidates;
use super::{
    AttributeKey, AttributeRow, Attributes, Cluster, ClusterConfig, Decision, Dropped, LabelSource, Mismatch, PassedOver, PlacementError,
    Pool, PoolChoice, PoolSource, Request, Resolution, RowConsidered, StartupError, Unmatched, WeightedCluster, seeded_draw,
};

/// Chooses clusters as flyteadmin does with this configuration until it restarts.
#[derive(Clone, Debug)]
pub struct Selector {
    config: ClusterConfig,
    /// The local cluster of single-cluster mode.
    local: Cluster,
    /// All enabled clusters; none in single-cluster mode.
    all_enabled: Option<Arc<Pool>>,
    /// Every label's pool, or the entries that leave it without one.
    labels: BTreeMap<String, Result<Arc<Pool>, Vec<Dropped>>>,
}

/// How many clusters flyteadmin places on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No `clusterConfigs`: everything runs in flyteadmin's own cluster.
    InCluster,
    /// At least one entry in `clusterConfigs`.
    Multi,
}

impl Selector {
    /// Checks the configuration in flyteadmin's order: names, clients, the pool of all enabled clusters, label weights.
    /// With several labels at fault upstream names any of them, this one the first by name.
    ///
    /// # Errors
    /// What stops flyteadmin at start. Unreadable token or CA files do so too; they are the caller's to check.
    pub fn new(config: ClusterConfig) -> Result<Self, StartupError> {
        let mut selector = Self {
            local: Cluster {
                enabled: true,
                in_cluster: true,
                ..Cluster::default()
            },
            all_enabled: None,
            labels: BTreeMap::new(),
            config,
        };
        let clusters = &selector.config.clusters;
        if clusters.is_empty() {
            return Ok(selector);
        }
        check_names(clusters)?;
        check_clients(clusters)?;
        selector.all_enabled = Some(Arc::new(all_enabled(clusters)?));
        for (label, entries) in &selector.config.label_cluster_map {
            let candidates = Candidates::of(entries, clusters);
            let dropped = candidates.dropped.clone();
            let pool = candidates.into_pool(label)?.map(Arc::new).ok_or(dropped);
            selector.labels.insert(label.clone(), pool);
        }
        Ok(selector)
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &ClusterConfig {
        &self.config
    }

    /// Single-cluster or multi-cluster.
    #[must_use]
    pub fn mode(&self) -> Mode {
        match self.all_enabled {
            None => Mode::InCluster,
            Some(_) => Mode::Multi,
        }
    }

    /// Decides where an execution goes.
    ///
    /// # Errors
    /// A label in single-cluster mode, an attribute lookup without a project, an execution without a name.
    pub fn place(&self, attributes: &Attributes, request: &Request) -> Result<Decision, PlacementError> {
        let (resolution, choice) = self.choose_pool(attributes, request)?;
        let Some(pool) = &choice.pool else {
            return Ok(Decision {
                request: request.clone(),
                cluster: self.local.name.clone(),
                resolution,
                choice,
                draw: None,
                threshold: None,
            });
        };
        let draw = (!request.name.is_empty()).then(|| seeded_draw(&request.name));
        let draw = draw.ok_or(PlacementError::Unnamed)?;
        let threshold = pool.threshold(draw.float32);
        Ok(Decision {
            request: request.clone(),
            cluster: pool.choose(threshold).cluster.clone(),
            resolution,
            draw: Some(draw),
            threshold: Some(threshold),
            choice,
        })
    }

    /// Everything about a decision but the draw: the label, and the pool that it leads to. The execution's name plays
    /// no part.
    ///
    /// # Errors
    /// As [`Selector::place`], the missing name apart.
    pub fn choose_pool(&self, attributes: &Attributes, request: &Request) -> Result<(Resolution, PoolChoice), PlacementError> {
        let resolution = match self.mode() {
            Mode::InCluster => resolve_locally(request)?,
            Mode::Multi => resolve(attributes, request)?,
        };
        let choice = self.choose_label(resolution.label.as_deref());
        Ok((resolution, choice))
    }

    /// The pool that a label leads to; an empty one is none.
    #[must_use]
    pub fn choose_label(&self, label: Option<&str>) -> PoolChoice {
        match &self.all_enabled {
            None => PoolChoice::in_cluster(),
            Some(all_enabled) => self.pool_for(label.filter(|label| !label.is_empty()), all_enabled),
        }
    }

    /// The label's pool, else the default label's, else that of all enabled clusters.
    fn pool_for(&self, label: Option<&str>, all_enabled: &Arc<Pool>) -> PoolChoice {
        let default = self.config.default_execution_label.as_str();
        let tries = [
            (PoolSource::Label, label),
            (PoolSource::DefaultLabel, Some(default).filter(|label| !label.is_empty())),
        ];
        let mut passed_over = Vec::new();
        for (source, label) in tries {
            let Some(label) = label.map(str::to_owned) else { continue };
            match self.pool_of(&label) {
                Ok(pool) => {
                    return PoolChoice {
                        source,
                        label: Some(label),
                        passed_over,
                        pool: Some(pool),
                    };
                }
                Err(reason) => passed_over.push(PassedOver { label, reason }),
            }
        }
        PoolChoice {
            source: PoolSource::AllEnabled,
            label: None,
            passed_over,
            pool: Some(Arc::clone(all_enabled)),
        }
    }

    /// The cluster recorded with an execution, as an abort looks it up; disabled ones included. `None` stands for a
    /// missing specification.
    ///
    /// # Errors
    /// The id is not configured, or is empty in multi-cluster mode (an execution from before that mode).
    pub fn lookup(&self, target_id: Option<&str>) -> Result<&Cluster, PlacementError> {
        match (self.mode(), target_id) {
            (Mode::InCluster, None | Some("" | "id")) => Ok(&self.local),
            (Mode::InCluster, Some(id)) => Err(PlacementError::RemoteTarget(id.to_owned())),
            (Mode::Multi, None) => Err(PlacementError::EmptySpec),
            // Falls through to the stored labels, asked for no project.
            (Mode::Multi, Some("")) => Err(PlacementError::AttributeQuery),
            (Mode::Multi, Some(id)) => self.config.cluster(id).ok_or_else(|| PlacementError::InvalidTarget(id.to_owned())),
        }
    }

    /// The pool of a label, or why it has none.
    fn pool_of(&self, label: &str) -> Result<Arc<Pool>, Unmatched> {
        match self.labels.get(label) {
            Some(Ok(pool)) => Ok(Arc::clone(pool)),
            Some(Err(dropped)) => Err(Unmatched::NoEnabledCluster { dropped: dropped.clone() }),
            None => Err(Unmatched::NotInMap {
                nearest: yaml::suggest::nearest(label, self.labels.keys()).map(str::to_owned),
            }),
        }
    }
}

fn check_names(clusters: &[Cluster]) -> Result<(), StartupError> {
    let mut names = std::collections::BTreeSet::new();
    match clusters.iter().find(|cluster| !names.insert(&cluster.name)) {
        Some(cluster) => Err(StartupError::DuplicateName(cluster.name.clone())),
        None => Ok(()),
    }
}

/// The generated client set demands a burst where there is a rate. Disabled clusters get a client too.
fn check_clients(clusters: &[Cluster]) -> Result<(), StartupError> {
    let fault = clusters.iter().find(|cluster| {
        let limits = cluster.own_kube_client();
        limits.is_some_and(|limits| limits.qps > 0 && limits.burst <= 0)
    });
    match fault {
        Some(cluster) => Err(StartupError::BurstMissing(cluster.name.clone())),
        None => Ok(()),
    }
}

/// All enabled clusters, without weights: equal shares.
fn all_enabled(clusters: &[Cluster]) -> Result<Pool, StartupError> {
    let entries: Vec<_> = clusters
        .iter()
        .filter(|cluster| cluster.enabled)
        .map(|cluster| WeightedCluster {
            id: cluster.name.clone(),
            weight: 0.0,
        })
        .collect();
    Candidates::of(&entries, clusters)
        .into_pool("")?
        .ok_or(StartupError::NoClusterEnabled)
}

/// Single-cluster mode: stored labels are not looked at, and a label of the request's is an error.
fn resolve_locally(request: &Request) -> Result<Resolution, PlacementError> {
    match effective_label(request) {
        Some((label, _)) if !label.is_empty() => Err(PlacementError::LabelUnsupported(label.to_owned())),
        _ => Ok(Resolution {
            label: None,
            source: LabelSource::None,
            overridden_request_label: None,
            rows: Vec::new(),
        }),
    }
}

/// The label in the execution's spec: the parent's, even an empty one, before the request's own.
fn effective_label(request: &Request) -> Option<(&str, LabelSource)> {
    let parent = request.parent_label.as_deref().map(|label| (label, LabelSource::Parent));
    parent.or(request.label.as_deref().map(|label| (label, LabelSource::Request)))
}

fn resolve(attributes: &Attributes, request: &Request) -> Result<Resolution, PlacementError> {
    let overridden_request_label = match (&request.parent_label, &request.label) {
        (Some(parent), Some(own)) if parent != own => Some(own.clone()),
        _ => None,
    };
    if let Some((label, source)) = effective_label(request).filter(|(label, _)| !label.is_empty()) {
        return Ok(Resolution {
            label: Some(label.to_owned()),
            source,
            overridden_request_label,
            rows: Vec::new(),
        });
    }
    let key = request.attribute_key();
    let winner = attributes.get(&key)?;
    Ok(Resolution {
        label: winner.map(|row| row.label.clone()).filter(|label| !label.is_empty()),
        source: winner.map_or(LabelSource::None, |row| LabelSource::Attribute(row.key.level())),
        overridden_request_label,
        rows: considered(attributes, &key, winner),
    })
}

/// All rows, strongest level first, with the reason each was or was not taken.
fn considered(attributes: &Attributes, key: &AttributeKey, winner: Option<&AttributeRow>) -> Vec<RowConsidered> {
    let mut rows: Vec<_> = attributes
        .rows()
        .iter()
        .map(|row| {
            let differs = row.key.mismatches(key);
            let mismatch = match () {
                () if !differs.is_empty() => Some(Mismatch::Differs(differs)),
                () if winner.is_some_and(|winner| winner.key == row.key) => None,
                () => Some(Mismatch::Outranked),
            };
            RowConsidered {
                row: row.clone(),
                level: row.key.level(),
                mismatch,
            }
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.level));
    rows
}
