//! A node that waits: for somebody's approval, for a value that somebody gives, or for time to pass.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::engine::{Waits, call_failed, execution_id};
use super::events::RoundError;
use super::nodes::Run;
use super::scope::Scope;
use crate::crd::{Encoded, ExecutionError, Gate, Node, NodePhase, NodeStatus};
use crate::proto::admin::SignalGetOrCreateRequest;
use crate::proto::core::literal::Value;
use crate::proto::core::literal_type::Type;
use crate::proto::core::node_execution::Phase as NodeReport;
use crate::proto::core::primitive::Value as Bare;
use crate::proto::core::scalar::Value as Single;
use crate::proto::core::{Literal, LiteralMap, LiteralType, Primitive, SignalIdentifier, SimpleType};

impl Run<'_> {
    /// Begins to wait, or looks whether the wait is over.
    pub(super) async fn gate(
        &self,
        scope: &Scope<'_>,
        node: &Node,
        gate: &Gate,
        status: &mut NodeStatus,
        inputs: &LiteralMap,
        first: bool,
    ) -> Result<Waits, RoundError> {
        if first {
            status.since = Some(Time(self.engine.events.clock.now()));
            self.report(scope, node, NodeReport::Running, status, None).await?;
        }
        match gate {
            Gate::Approve { signal } => {
                let boolean = LiteralType {
                    r#type: Some(Type::Simple(SimpleType::Boolean as i32)),
                    ..LiteralType::default()
                };
                match self.signal(signal, boolean).await? {
                    None => {}
                    Some(value) if boolean_of(&value) == Some(true) => self.succeed(scope, node, status, inputs)?,
                    Some(_) => {
                        status.error = Some(ExecutionError {
                            code: "ReceivedRejectSignal".to_owned(),
                            message: "received a reject signal to disapprove the node input values".to_owned(),
                            user: true,
                        });
                        status.phase = NodePhase::Failed;
                    }
                }
            }
            Gate::Signal { signal, kind, output } => {
                let Encoded(kind) = kind.as_ref();
                if let Some(value) = self.signal(signal, kind.clone()).await? {
                    let literals = [(output.clone(), value)].into();
                    self.succeed(scope, node, status, &LiteralMap { literals })?;
                }
            }
            Gate::Sleep { millis } => {
                let since = status.since.as_ref().map_or(self.engine.events.clock.now(), |since| since.0);
                let passed = self.engine.events.clock.now().duration_since(since);
                if Duration::try_from(passed).is_ok_and(|passed| passed >= Duration::from_millis(*millis)) {
                    self.succeed(scope, node, status, &LiteralMap::default())?;
                }
            }
        }
        Ok(Waits::Children)
    }

    /// The value that somebody gave a signal; it is made if it is not there yet.
    async fn signal(&self, signal: &str, kind: LiteralType) -> Result<Option<Literal>, RoundError> {
        let request = SignalGetOrCreateRequest {
            id: Some(SignalIdentifier {
                signal_id: signal.to_owned(),
                execution_id: Some(execution_id(self.object)),
            }),
            r#type: Some(kind),
        };
        let signal = self.engine.admin().signal(request).await.map_err(|status| call_failed(&status))?;
        Ok(signal.value.filter(|literal| literal.value.is_some()))
    }
}

fn boolean_of(literal: &Literal) -> Option<bool> {
    let Some(Value::Scalar(scalar)) = &literal.value else { return None };
    match &scalar.value {
        Some(Single::Primitive(Primitive {
            value: Some(Bare::Boolean(value)),
        })) => Some(*value),
        _ => None,
    }
}
