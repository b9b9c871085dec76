//! One pass over projects, domains, templates and clusters; and the loop around it.

use std::collections::BTreeMap;
use std::sync::Arc;

use simnet::Clock;
use virtual_node::{ContainerContext, Files, Log};

use super::template::{self, Source};
use super::{Applied, ResourceTarget};
use crate::admin::targets::{self, StartError};
use crate::config::{AdminConfig, Domain};
use crate::naming::{self, fnv};
use crate::proto::admin::matching_attributes::Target;
use crate::proto::admin::project::ProjectState;
use crate::proto::admin::{MatchableResource, Project};
use crate::stores::{AttributeKey, Database, DatabaseError, Stores};

/// A pass did not reach everything.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.0.join("\n"))]
pub(crate) struct PassError(pub(crate) Vec<String>);

/// The controller with what it remembers between passes.
pub(crate) struct Controller {
    pub(super) config: AdminConfig,
    pub(super) database: Database,
    /// Enabled clusters.
    pub(super) targets: BTreeMap<String, Arc<dyn ResourceTarget>>,
    pub(super) files: Files,
    pub(super) env: Arc<BTreeMap<String, String>>,
    pub(super) clock: Clock,
    /// Hash of what was last brought into *some* cluster, by namespace and file. It does not tell clusters apart, so a
    /// cluster that was down then is left out until the text changes or the process restarts: upstream's behaviour. With the switch
    /// `cachePerCluster` the cluster is part of the key.
    pub(super) applied: BTreeMap<(String, String, Option<String>), u64>,
}

impl Controller {
    pub(crate) fn start(context: &ContainerContext, config: AdminConfig, stores: &Stores) -> Result<Self, StartError> {
        let targets = targets::enabled(context, &config)?
            .into_iter()
            .map(|(name, target)| (name, target as Arc<dyn ResourceTarget>))
            .collect();
        Ok(Self {
            database: stores.database(&config.database)?,
            config,
            targets,
            files: context.files.clone(),
            env: context.env.clone(),
            clock: context.clock.clone(),
            applied: BTreeMap::new(),
        })
    }

    /// Passes at every refresh interval, for ever. Errors go to the log.
    pub(crate) async fn run(&mut self, log: &Log) {
        loop {
            let started = self.clock.now();
            if let Err(error) = self.pass().await {
                log.line(format!("Failed cluster resource creation loop with: {error}"));
            }
            let elapsed = self.clock.now().duration_since(started);
            let elapsed = std::time::Duration::try_from(elapsed).unwrap_or_default();
            let interval = self.config.cluster_resources.refresh_interval;
            tokio::time::sleep(interval.saturating_sub(elapsed)).await;
        }
    }

    /// Brings every template into every enabled cluster, for each active project and configured domain.
    pub(crate) async fn pass(&mut self) -> Result<(), PassError> {
        let mut errors = Vec::new();
        for project in self.projects().map_err(|error| PassError(vec![error.to_string()]))? {
            for domain in self.config.domains.clone() {
                if let Err(error) = self.namespace(&project.id, &domain).await {
                    errors.extend(error.0);
                }
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(PassError(errors)) }
    }

    fn projects(&self) -> Result<Vec<Project>, DatabaseError> {
        self.database.read(|tables| {
            let rows = tables.projects.newest_first();
            rows.filter(|(_, project)| project.state != ProjectState::Archived as i32)
                .map(|(_, project)| project.clone())
                .collect()
        })
    }

    async fn namespace(&mut self, project: &str, domain: &Domain) -> Result<(), PassError> {
        let one = |error: String| PassError(vec![error]);
        // Runs go to the namespace of the domain's id; here the domain's name counts.
        let namespace = naming::namespace(&self.config.namespace_template, project, &domain.name);
        let scope = [("namespace", namespace.as_str()), ("project", project), ("domain", &domain.id)];
        let stored = self.stored(project, &domain.id).map_err(|error| one(error.to_string()))?;
        let values = template::values(&self.config.cluster_resources, &*self, scope, stored).map_err(one)?;
        let mut errors = Vec::new();
        let folder = self.config.cluster_resources.template_path.trim_end_matches('/').to_owned();
        for path in self.files.list(&format!("{folder}/*.yaml")) {
            let text = match self.files.read_to_string(&path) {
                Ok(text) => template::render(&text, &values),
                Err(error) => {
                    errors.push(format!("failed to read config template [{path}]: {error}"));
                    continue;
                }
            };
            errors.extend(self.file(&namespace, &path, &text).await);
        }
        if errors.is_empty() { Ok(()) } else { Err(PassError(errors)) }
    }

    async fn file(&mut self, namespace: &str, path: &str, text: &str) -> Vec<String> {
        let hash = fnv::fnv1a64(text.as_bytes());
        let per_cluster = self.config.cluster_resources.switches.cache_per_cluster;
        let key = |cluster: &str| (namespace.to_owned(), path.to_owned(), per_cluster.then(|| cluster.to_owned()));
        let due: Vec<(String, Arc<dyn ResourceTarget>)> = self
            .targets
            .iter()
            .filter(|(name, _)| self.applied.get(&key(name)) != Some(&hash))
            .map(|(name, target)| (name.clone(), target.clone()))
            .collect();
        if due.is_empty() {
            return Vec::new();
        }
        let object = match yaml::manifest::documents(text).map(|documents| documents.into_iter().next()) {
            Ok(Some(object)) => object,
            Ok(None) => return vec![format!("{path}: the template is empty")],
            Err(error) => return vec![format!("{path}: {error}")],
        };
        let mut errors = Vec::new();
        for (name, target) in due {
            match target.apply(namespace, &object).await {
                Ok(Applied::Unchanged) => {}
                Ok(Applied::Created | Applied::Patched) => drop(self.applied.insert(key(&name), hash)),
                Err(error) => errors.push(format!(
                    "failed to create kubernetes object from config template [{path}] for namespace [{namespace}] in cluster [{name}]: {error}"
                )),
            }
        }
        errors
    }

    fn stored(&self, project: &str, domain: &str) -> Result<BTreeMap<String, String>, DatabaseError> {
        let key = AttributeKey {
            project: project.to_owned(),
            domain: domain.to_owned(),
            workflow: String::new(),
            resource: MatchableResource::ClusterResource as i32,
        };
        let row = self.database.read(|tables| crate::admin::attributes::best(tables, &key))?;
        Ok(match row.and_then(|(_, value)| value.target) {
            Some(Target::ClusterResourceAttributes(values)) => values.attributes,
            _ => BTreeMap::new(),
        })
    }
}

impl Source for Controller {
    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }

    fn file(&self, path: &str) -> Option<String> {
        self.files.read_to_string(path).ok()
    }
}
