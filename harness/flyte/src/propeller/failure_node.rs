//! What runs once a workflow has failed (`on_failure`).

use std::collections::BTreeMap;

use super::events::{RoundError, system};
use super::nodes::{Nodes, Outcome, Run};
use super::scope::Scope;
use crate::crd::{ExecutionError, NodePhase};
use crate::proto::core::literal::Value;
use crate::proto::core::scalar::Value as Single;
use crate::proto::core::{Error, Literal, Scalar};

/// The input that tells of the failure, where it is asked for.
const ERROR: &str = "err";

impl Run<'_> {
    /// Starts or follows the failure node of a workflow, if it has one. The node sees the workflow's inputs, and what failed.
    pub(super) async fn on_failure(&self, scope: &Scope<'_>, nodes: &mut Nodes, error: &ExecutionError) -> Result<Outcome, RoundError> {
        let Some(node) = scope.spec.on_failure.as_deref() else {
            return Ok(Outcome::Succeeded);
        };
        let mut status = nodes.remove(&node.id).unwrap_or_default();
        // Flytekit binds the error to nothing, or to a union of it.
        let bound: Vec<_> = node.inputs.iter().filter(|binding| binding.0.var != ERROR).cloned().collect();
        let mut inputs = self.engine.data.resolve(&bound, &scope.inputs, nodes).map_err(system)?;
        if bound.len() < node.inputs.len() {
            inputs.literals.insert(ERROR.to_owned(), failure(nodes, error));
        }
        let waits = Box::pin(self.further(scope, node, &mut status, inputs, &BTreeMap::new())).await;
        let (phase, own) = (status.phase, status.error.clone());
        nodes.insert(node.id.clone(), status);
        let waits = waits?;
        Ok(match phase {
            NodePhase::Succeeded | NodePhase::Recovered => Outcome::Succeeded,
            NodePhase::Failed => Outcome::Failed(own.unwrap_or_default()),
            _ => Outcome::Running(waits),
        })
    }
}

fn failure(nodes: &Nodes, error: &ExecutionError) -> Literal {
    let failed = nodes.iter().find(|(_, status)| status.phase == NodePhase::Failed);
    Literal {
        value: Some(Value::Scalar(Box::new(Scalar {
            value: Some(Single::Error(Error {
                failed_node_id: failed.map(|(id, _)| id.clone()).unwrap_or_default(),
                message: error.message.clone(),
            })),
        }))),
        ..Literal::default()
    }
}
