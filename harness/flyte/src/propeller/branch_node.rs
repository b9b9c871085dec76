//! A node that takes one of several others.

use futures::FutureExt;
use futures::future::BoxFuture;

use super::condition::holds;
use super::engine::Waits;
use super::events::RoundError;
use super::nodes::{Nodes, Run};
use super::scope::Scope;
use crate::crd::{Branch, Encoded, ExecutionError, Node, NodePhase, NodeStatus};
use crate::proto::core::LiteralMap;
use crate::proto::core::node_execution::Phase as NodeReport;

/// A condition cannot be evaluated, or nothing is to be done for these values.
const MALFORMED: &str = "MalformedBranchUserError";
/// The workflow says that it fails for these values.
const USER_PROVIDED: &str = "UserProvidedError";

impl Run<'_> {
    /// Decides, then takes the node that was chosen further: it hands on that node's outputs.
    pub(super) fn branch<'s>(
        &'s self,
        scope: &'s Scope<'s>,
        node: &'s Node,
        branch: &'s Branch,
        status: &'s mut NodeStatus,
        inputs: &'s LiteralMap,
        nodes: &'s Nodes,
    ) -> BoxFuture<'s, Result<Waits, RoundError>> {
        async move {
            let decided = match chosen(branch, status) {
                Some(taken) => Ok(taken),
                None => {
                    self.report(scope, node, NodeReport::Running, status, None).await?;
                    decide(branch, inputs)
                }
            };
            let taken = match decided {
                Ok(taken) => taken,
                Err(error) => {
                    status.error = Some(error);
                    status.phase = NodePhase::Failed;
                    return Ok(Waits::Watch);
                }
            };
            let inside = self.inside(scope, node, status);
            let mut child = status.node_status.remove(&taken.id).unwrap_or_default();
            let waits = self.node(&inside, taken, &mut child, nodes).await;
            match child.phase {
                NodePhase::Succeeded | NodePhase::Recovered => {
                    status.output_reference.clone_from(&child.output_reference);
                    status.phase = NodePhase::Succeeded;
                }
                NodePhase::Failed => {
                    status.error.clone_from(&child.error);
                    status.phase = NodePhase::Failed;
                }
                _ => {}
            }
            status.node_status.insert(taken.id.clone(), child);
            waits
        }
        .boxed()
    }
}

/// The node that was taken in an earlier round.
pub(super) fn chosen<'b>(branch: &'b Branch, status: &NodeStatus) -> Option<&'b Node> {
    branch.nodes().find(|node| status.node_status.contains_key(&node.id))
}

fn decide<'b>(branch: &'b Branch, inputs: &LiteralMap) -> Result<&'b Node, ExecutionError> {
    let fails = |code: &str, message: &str| ExecutionError {
        code: code.to_owned(),
        message: format!("[{code}] {message}"),
        user: true,
    };
    for case in &branch.cases {
        let Encoded(condition) = &case.condition;
        match holds(condition, inputs) {
            Ok(true) => return Ok(&case.then),
            Ok(false) => {}
            Err(malformed) => return Err(fails(MALFORMED, &malformed.to_string())),
        }
    }
    match (&branch.otherwise, &branch.fails) {
        (Some(node), _) => Ok(node),
        (None, Some(message)) => Err(fails(USER_PROVIDED, message)),
        (None, None) => Err(fails(MALFORMED, "No branch satisfied")),
    }
}
