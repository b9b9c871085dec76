//! What expressions stand for in a world.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use scenario::expression::{Expression, Names, Vantage};

use crate::backend::{self, Cluster};

/// The names of one run.
pub(crate) struct WorldNames {
    pub(crate) clusters: IndexMap<String, Arc<dyn Cluster>>,
    pub(crate) vars: BTreeMap<String, String>,
    pub(crate) run: String,
    pub(crate) seed: u64,
}

impl WorldNames {
    fn cluster(&self, id: &str) -> Result<&Arc<dyn Cluster>, String> {
        self.clusters.get(id).ok_or_else(|| format!("there is no cluster `{id}`"))
    }
}

impl Names for WorldNames {
    fn resolve(&self, expression: &Expression) -> Result<String, String> {
        match expression {
            Expression::Api { cluster, from } => Ok(self.cluster(cluster)?.api(match from {
                Vantage::Pods => backend::Vantage::Pods,
                Vantage::Host => backend::Vantage::Host,
            })),
            Expression::Ingress { cluster } => Ok(self.cluster(cluster)?.ingress(backend::Vantage::Pods)),
            Expression::Service {
                cluster,
                namespace,
                name,
                port,
            } => Ok(self.cluster(cluster)?.service(namespace, name, *port, backend::Vantage::Pods)),
            Expression::Var(name) => self.vars.get(name).cloned().ok_or_else(|| format!("there is no variable `{name}`")),
            Expression::RunId => Ok(self.run.clone()),
            Expression::RunSeed => Ok(self.seed.to_string()),
        }
    }
}
