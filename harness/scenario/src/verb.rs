//! What a step can do: one verb, its fields inside.

mod charts;
mod credentials;
mod expect;
mod fault;
mod flyte;
mod identity;
mod invariant;
mod kubernetes;
mod local;
mod objects;
mod read;
mod summary;

pub use charts::{Deploy, Fetched, Rollback, Uninstall};
pub use credentials::{Grant, GrantTarget, KeyNames, Revoke, Revoked, Spoil};
pub use expect::{Elsewhere, Expect, LabelSource, Phase, Placement, PodState, Pods, PoolSource, Reason, Resources, Share};
pub use fault::{
    Crash, CrashPoint, Credential, ErrorStatus, Fault, Flap, Heal, Match, NamespaceOf, NodeOf, Permission, Requests, Subject, Verdict,
    WorkloadOf,
};
pub use flyte::{Label, Parent, Project, Register, Submit, Terminate};
pub use identity::{AssumeRole, Iam, IamRole, ObjectAccess};
pub use invariant::{Invariant, Relax};
pub use kubernetes::{Apply, Until, Wait};
pub use local::{Exec, Script};
pub use objects::{Delete, Patch, PatchType, Propagation, Restart, Subresource, Workload};
pub use read::{Read, ReadOutput};

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
    /// Makes a new revision of a release that is like an earlier one, as `helm rollback` does.
    Rollback(Rollback),
    /// Removes a release's objects and its records, as `helm uninstall` does.
    Uninstall(Uninstall),
    /// Gives one cluster credentials for others: makes a long-lived token for a service account in each `from` cluster
    /// and stores token and CA under `<id>_token` and `<id>_cacert` in a Secret of the `to` cluster; other keys of that
    /// Secret stay. Then tries each credential from inside a pod of the `to` cluster and says what fails: no route, wrong
    /// CA, 401, or 403 with the missing permission. What was stored stays stored when the probe fails.
    Grant(Box<Grant>),
    /// Takes credentials back that `grant` gave: the token, the service account, or its permissions. Then asks each cluster whether the
    /// account may still do anything with them.
    Revoke(Box<Revoke>),
    /// Makes or changes the AWS account of the world: clusters' issuers become its OIDC providers, roles get their policies. From the first such
    /// step on, buckets in S3 are open only to who has credentials, and pods get them as on EKS: by the annotation
    /// `eks.amazonaws.com/role-arn` of their service account.
    Iam(Box<Iam>),
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
    /// Changes one object, as `kubectl patch` does.
    Patch(Box<Patch>),
    /// Deletes objects by name or by labels, as `kubectl delete` does, and waits until they are gone.
    Delete(Box<Delete>),
    /// Replaces a workload's pods, as `kubectl rollout restart` does, and waits until the new ones are available.
    Restart(Box<Restart>),
    /// Starts a program of this machine for each cluster, with its KUBECONFIG. A scenario with such a step runs in real time, on embedded
    /// clusters too.
    Exec(Box<Exec>),
    /// Runs a shell script of this machine for each cluster, as `exec` runs a program.
    Script(Box<Script>),
    /// Reads parts of an object for later steps, once the object has them.
    Read(Box<Read>),
    /// Lets time pass, or waits for a condition of an object.
    Wait(Wait),
    /// Makes a fault, as `match -> verdict`, and proves that it bites: a connection that fails, a credential that is refused, a pod that is
    /// gone is in the journal. It lasts until it is healed, at the latest at the end of the scenario, however that ends.
    Fault(Box<Fault>),
    /// Mends faults of earlier steps, and proves that connections are as before.
    Heal(Heal),
    /// Demands that something is so from now on, across all steps that follow: it is watched, and the scenario fails at the moment it is not.
    Always(Box<Invariant>),
    /// Demands that something is not so from now on, across all steps that follow, as `always` does.
    Never(Box<Invariant>),
    /// Ends what `always` and `never` demand.
    Relax(Relax),
    /// Demands that something is so: within a time, and for a time. The scenario fails if it is not.
    Expect(Box<Expect>),
}

/// Where a verb names clusters, as a reference of the kind that is asked for.
macro_rules! clusters {
    ($verb:expr $(, $mut:tt)?) => {
        match $verb {
            Verb::Deploy(step) | Verb::Upgrade(step) => Some(&$($mut)? step.on),
            Verb::Rollback(step) => Some(&$($mut)? step.on),
            Verb::Uninstall(step) => Some(&$($mut)? step.on),
            Verb::Grant(step) => Some(&$($mut)? step.from),
            Verb::Revoke(step) => Some(&$($mut)? step.from),
            Verb::Iam(step) => Option::from(&$($mut)? step.providers),
            Verb::Apply(step) => Some(&$($mut)? step.on),
            Verb::Patch(step) => Some(&$($mut)? step.on),
            Verb::Delete(step) => Some(&$($mut)? step.on),
            Verb::Restart(step) => Some(&$($mut)? step.on),
            Verb::Exec(step) => Some(&$($mut)? step.on),
            Verb::Script(step) => Some(&$($mut)? step.on),
            Verb::Read(step) => Some(&$($mut)? step.on),
            Verb::Wait(step) => match &$($mut)? step.until {
                Some(until) => Some(&$($mut)? until.on),
                None => None,
            },
            Verb::Always(step) | Verb::Never(step) => Some(&$($mut)? step.on),
            Verb::Expect(step) => match &$($mut)? **step {
                Expect::Placement(expected) => Option::from(&$($mut)? expected.on),
                Expect::Pods(expected) => Some(&$($mut)? expected.on),
                Expect::Resources(expected) => Some(&$($mut)? expected.on),
                Expect::AssumeRole(expected) => Some(&$($mut)? expected.on),
                Expect::ObjectAccess(expected) => Some(&$($mut)? expected.on),
            },
            Verb::Project(_)
            | Verb::Label(_)
            | Verb::Register(_)
            | Verb::Submit(_)
            | Verb::Terminate(_)
            | Verb::Fault(_)
            | Verb::Heal(_)
            | Verb::Relax(_) => None,
        }
    };
}

impl Verb {
    /// The verb as written.
    pub fn name(&self) -> &'static str {
        match self {
            Verb::Deploy(_) => "deploy",
            Verb::Upgrade(_) => "upgrade",
            Verb::Rollback(_) => "rollback",
            Verb::Uninstall(_) => "uninstall",
            Verb::Grant(_) => "grant",
            Verb::Revoke(_) => "revoke",
            Verb::Iam(_) => "iam",
            Verb::Project(_) => "project",
            Verb::Label(_) => "label",
            Verb::Register(_) => "register",
            Verb::Submit(_) => "submit",
            Verb::Terminate(_) => "terminate",
            Verb::Apply(_) => "apply",
            Verb::Patch(_) => "patch",
            Verb::Delete(_) => "delete",
            Verb::Restart(_) => "restart",
            Verb::Exec(_) => "exec",
            Verb::Script(_) => "script",
            Verb::Read(_) => "read",
            Verb::Wait(_) => "wait",
            Verb::Fault(_) => "fault",
            Verb::Heal(_) => "heal",
            Verb::Always(_) => "always",
            Verb::Never(_) => "never",
            Verb::Relax(_) => "relax",
            Verb::Expect(_) => "expect",
        }
    }

    /// How the step must fail; `None`: it must succeed.
    pub fn fails(&self) -> Option<&Fails> {
        match self {
            Verb::Deploy(step) | Verb::Upgrade(step) => step.fails.as_ref(),
            Verb::Rollback(step) => step.fails.as_ref(),
            Verb::Uninstall(step) => step.fails.as_ref(),
            Verb::Grant(step) => step.fails.as_ref(),
            Verb::Revoke(step) => step.fails.as_ref(),
            Verb::Project(step) => step.fails.as_ref(),
            Verb::Label(step) => step.fails.as_ref(),
            Verb::Register(step) => step.fails.as_ref(),
            Verb::Submit(step) => step.fails.as_ref(),
            Verb::Terminate(step) => step.fails.as_ref(),
            Verb::Apply(step) => step.fails.as_ref(),
            Verb::Patch(step) => step.fails.as_ref(),
            Verb::Delete(step) => step.fails.as_ref(),
            Verb::Restart(step) => step.fails.as_ref(),
            Verb::Exec(step) => step.fails.as_ref(),
            Verb::Script(step) => step.fails.as_ref(),
            Verb::Read(step) => step.fails.as_ref(),
            Verb::Wait(step) => step.fails.as_ref(),
            Verb::Fault(_) | Verb::Heal(_) | Verb::Always(_) | Verb::Never(_) | Verb::Relax(_) | Verb::Expect(_) | Verb::Iam(_) => None,
        }
    }

    /// Where the step names clusters by ids, patterns or roles.
    pub fn clusters(&self) -> Option<&OneOrMany<String>> {
        clusters!(self)
    }

    /// As [`clusters`](Self::clusters), to put others in their place.
    pub fn clusters_mut(&mut self) -> Option<&mut OneOrMany<String>> {
        clusters!(self, mut)
    }

    /// The name of the object that the step is about, which may hold expressions.
    pub fn object(&self) -> Option<&str> {
        match self {
            Verb::Patch(step) => Some(step.name.as_str()),
            Verb::Delete(step) => step.name.as_ref().map(|name| name.as_str()),
            Verb::Restart(step) => Some(step.name.as_str()),
            Verb::Read(step) => Some(step.name.as_str()),
            Verb::Wait(step) => step.until.as_ref().map(|until| until.name.as_str()),
            Verb::Expect(step) => match &**step {
                Expect::Resources(expected) => expected.name.as_ref().map(|name| name.as_str()),
                _ => None,
            },
            _ => None,
        }
    }

    /// The step on the object of another name.
    #[must_use]
    pub fn on_object(mut self, name: String) -> Self {
        let place = match &mut self {
            Verb::Patch(step) => Some(&mut step.name.value),
            Verb::Delete(step) => step.name.as_mut().map(|name| &mut name.value),
            Verb::Restart(step) => Some(&mut step.name.value),
            Verb::Read(step) => Some(&mut step.name.value),
            Verb::Wait(step) => step.until.as_mut().map(|until| &mut until.name),
            Verb::Expect(step) => match &mut **step {
                Expect::Resources(expected) => expected.name.as_mut().map(|name| &mut name.value),
                _ => None,
            },
            _ => None,
        };
        if let Some(place) = place {
            *place = name;
        }
        self
    }

    /// Whether the step starts a program of this machine, which cannot take part in virtual time.
    pub fn needs_real_time(&self) -> bool {
        matches!(self, Verb::Exec(_) | Verb::Script(_))
    }
}

/// The step must fail, with this error. A step that succeeds, or fails in another way, fails the scenario.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fails {
    /// Text that the error must contain; of a list, all. Name the culprit, not the harness's own words.
    pub contains: OneOrMany<String>,
}
