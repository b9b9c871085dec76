//! What expressions stand for in a world.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use scenario::expression::{Bindings, Expression, Names, Output, Vantage, find};
use serde_json::Value;

use crate::backend::{self, Cluster};
use crate::secrets::{Secrets, masked};
use crate::verdict::Witness;

/// A scenario's clusters, by id, in the file's order.
pub(crate) type Clusters = IndexMap<String, Arc<dyn Cluster>>;

/// The names of one run.
pub(crate) struct WorldNames {
    pub(crate) clusters: Clusters,
    pub(crate) bindings: Bindings,
    pub(crate) run: String,
    pub(crate) seed: u64,
    /// What steps found.
    pub(crate) found: Found,
    /// Where executions are.
    pub(crate) witness: Arc<Witness>,
    pub(crate) secrets: Secrets,
}

/// What steps found: by the step's id and the output's name, for each cluster.
#[derive(Debug, Default)]
pub(crate) struct Found(BTreeMap<(String, String), BTreeMap<String, Value>>);

/// In place of a cluster, for what is of none.
const NOWHERE: &str = "";

impl Found {
    /// Keeps what a step found on a cluster.
    pub(crate) fn on(&mut self, cluster: &str, step: &str, output: &str, value: Value) {
        let values = self.0.entry((step.to_owned(), output.to_owned())).or_default();
        values.insert(cluster.to_owned(), value);
    }

    /// Keeps what a step found that is of no cluster.
    pub(crate) fn of(&mut self, step: &str, output: &str, value: Value) {
        self.on(NOWHERE, step, output, value);
    }

    /// The executions that a step submitted.
    fn executions(&self, step: &str) -> Option<Vec<&str>> {
        let values = self.0.get(&(step.to_owned(), "executions".to_owned()))?;
        let names = values.get(NOWHERE)?.as_array()?;
        Some(names.iter().filter_map(Value::as_str).collect())
    }

    fn get(&self, output: &Output) -> Option<&Value> {
        let values = self.0.get(&(output.step.clone(), output.name.clone()))?;
        match &output.cluster {
            Some(cluster) => values.get(cluster),
            None => values.values().next().filter(|_| values.len() == 1),
        }
    }
}

impl WorldNames {
    /// A text for people, with the values of its expressions as far as they are known: in one line each, short, and without secrets.
    pub(crate) fn shown(&self, text: &str) -> String {
        let Ok((found, rest)) = find(text) else { return text.to_owned() };
        let mut shown = String::new();
        for part in found {
            shown += part.before;
            match self.resolve(&part.expression) {
                Ok(Value::String(value)) => shown += &brief(&self.secrets.redact(&value)),
                Ok(value) => shown += &brief(&self.secrets.redact(&value.to_string())),
                Err(_) => shown += &text[part.range],
            }
        }
        shown + rest
    }

    fn cluster(&self, id: &str) -> Result<&Arc<dyn Cluster>, String> {
        self.clusters.get(id).ok_or_else(|| format!("there is no cluster `{id}`"))
    }

    /// The one cluster in which executions were seen.
    fn landed(&self, executions: &[&str]) -> Result<String, String> {
        let mut clusters = BTreeSet::new();
        for execution in executions {
            let seen = self.witness.sightings(execution, None);
            if seen.is_empty() {
                return Err(format!(
                    "{execution} was not seen in any cluster yet; an `expect: {{placement: ...}}` before this step waits for it"
                ));
            }
            clusters.extend(seen.into_keys());
        }
        let clusters: Vec<String> = clusters.into_iter().collect();
        match clusters.as_slice() {
            [only] => Ok(only.clone()),
            many => Err(format!("the executions are in {} clusters: {}", many.len(), many.join(", "))),
        }
    }
}

/// A value in a title: one line, not long, without what may be a secret by its form. What is known to be one must be gone: a part of it is
/// not found again.
pub(crate) fn brief(value: &str) -> String {
    const LONG: usize = 60;
    let line = masked(value).split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONG) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

impl Names for WorldNames {
    fn resolve(&self, expression: &Expression) -> Result<Value, String> {
        let text = match expression {
            Expression::Api { cluster, from } => self.cluster(cluster)?.api(match from {
                Vantage::Pods => backend::Vantage::Pods,
                Vantage::Host => backend::Vantage::Host,
            }),
            Expression::Ingress { cluster } => self.cluster(cluster)?.ingress(backend::Vantage::Pods),
            Expression::Service {
                cluster,
                namespace,
                name,
                port,
            } => self.cluster(cluster)?.service(namespace, name, *port, backend::Vantage::Pods),
            Expression::Data(data) => return self.bindings.get(data).cloned().map_err(|unknown| unknown.message),
            Expression::Output(output) => {
                return match (self.found.get(output), self.found.executions(&output.step)) {
                    (Some(value), _) => Ok(value.clone()),
                    (None, Some(executions)) if output.name == "cluster" => self.landed(&executions).map(Value::String),
                    (None, _) => Err(format!("step `{}` has not found it", output.step)),
                };
            }
            Expression::RunId => self.run.clone(),
            Expression::RunSeed => self.seed.to_string(),
        };
        Ok(Value::String(text))
    }
}
