//! What a step can do: one verb, its fields inside.

mod charts;
mod credentials;
mod expect;
mod fault;
mod flyte;
mod kubernetes;
mod summary;

pub use charts::Deploy;
pub use credentials::{Grant, GrantTarget, KeyNames, Spoil};
pub use expect::{Elsewhere, Expect, LabelSource, Phase, Placement, PodState, Pods, PoolSource, Reason, Resources, Share};
pub use fault::{Fault, Heal, Match, Verdict};
pub use flyte::{Label, Parent, Project, Register, Submit, Terminate};
pub use kubernetes::{Apply, Until, Wait};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::OneOrMany;

/// What a step does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verb {
    /// Installs a Helm chart as a new release, as `helm install` does.
    Deploy(Box<Deploy>),
    /// Upgrades a release that an earlier step deployed, as `helm upgrade` does: the chart's defaults and the values given
    /// here, nothing of the values before.
    Upgrade(Box<Deploy>),
    /// Gives one cluster credentials for others: makes a long-lived token for a service account in each `from` cluster
    /// and stores token and CA under `<id>_token` and `<id>_cacert` in a Secret of the `to` cluster; other keys of that
    /// Secret stay. Then tries each credential from inside a pod of the `to` cluster and says what fails: no route, wrong
    /// CA, 401, or 403 with the missing permission. What was stored stays stored when the probe fails.
    Grant(Box<Grant>),
    /// Registers a Flyte project, or changes it.
    Project(Project),
    /// Sets or deletes an execution cluster label, as `flytectl update execution-cluster-label` does.
    Label(Label),
    /// Registers the tasks, workflows and launch plans of a workflow file.
    Register(Register),
    /// Starts executions.
    Submit(Box<Submit>),
    /// Terminates all executions of an earlier `submit`.
    Terminate(Terminate),
    /// Applies or deletes Kubernetes objects, as `kubectl apply` and `kubectl delete` do.
    Apply(Box<Apply>),
    /// Lets time pass, or waits for a condition of an object.
    Wait(Wait),
    /// Makes a fault, as `match -> verdict`, and proves that it bites: a connection that fails, or takes as long as it must, is in the
    /// journal. It lasts until it is healed, at the latest at the end of the scenario, however that ends.
    Fault(Box<Fault>),
    /// Mends faults of earlier steps, and proves that connections are as before.
    Heal(Heal),
    /// Demands that something is so: within a time, and for a time. The scenario fails if it is not.
    Expect(Box<Expect>),
}

impl Verb {
    /// The verb as written.
    pub fn name(&self) -> &'static str {
        match self {
            Verb::Deploy(_) => "deploy",
            Verb::Upgrade(_) => "upgrade",
            Verb::Grant(_) => "grant",
            Verb::Project(_) => "project",
            Verb::Label(_) => "label",
            Verb::Register(_) => "register",
            Verb::Submit(_) => "submit",
            Verb::Terminate(_) => "terminate",
            Verb::Apply(_) => "apply",
            Verb::Wait(_) => "wait",
            Verb::Fault(_) => "fault",
            Verb::Heal(_) => "heal",
            Verb::Expect(_) => "expect",
        }
    }

    /// How the step must fail; `None`: it must succeed.
    pub fn fails(&self) -> Option<&Fails> {
        match self {
            Verb::Deploy(step) | Verb::Upgrade(step) => step.fails.as_ref(),
            Verb::Grant(step) => step.fails.as_ref(),
            Verb::Project(step) => step.fails.as_ref(),
            Verb::Label(step) => step.fails.as_ref(),
            Verb::Register(step) => step.fails.as_ref(),
            Verb::Submit(step) => step.fails.as_ref(),
            Verb::Terminate(step) => step.fails.as_ref(),
            Verb::Apply(step) => step.fails.as_ref(),
            Verb::Wait(step) => step.fails.as_ref(),
            Verb::Fault(_) | Verb::Heal(_) | Verb::Expect(_) => None,
        }
    }
}

/// The step must fail, with this error. A step that succeeds, or fails in another way, fails the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fails {
    /// Text that the error must contain; of a list, all. Name the culprit, not the harness's own words.
    pub contains: OneOrMany<String>,
}
