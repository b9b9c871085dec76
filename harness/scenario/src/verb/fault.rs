//! Faults: of the ways between clusters, and of what is in them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yaml::Spanned;

use super::{GrantTarget, KeyNames, Spoil, Workload};
use crate::{ClusterId, Duration, NamespacedName, OneOrMany};

/// A fault: what it befalls, and what becomes of that.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The name by which `heal` mends it.
    pub id: Spanned<String>,
    /// What it befalls.
    #[serde(rename = "match")]
    pub matches: Match,
    /// What becomes of that.
    pub verdict: Verdict,
}

/// What a fault befalls: traffic, which is one of `cluster`, `between`, or `from` with `to`; or one of the others. Traffic inside a cluster and the
/// harness's own is never touched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Match {
    /// All traffic between this cluster and the others, both ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<Spanned<ClusterId>>,
    /// All traffic between these two clusters, both ways.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub between: Vec<Spanned<ClusterId>>,
    /// What this cluster sends to `to`, and nothing else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Spanned<ClusterId>>,
    /// What this cluster is sent by `from`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Spanned<ClusterId>>,
    /// A credential that `grant` stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential: Option<Credential>,
    /// A permission of a service account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// A namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<NamespaceOf>,
    /// The pods of a workload, such as flyteadmin's or flytepropeller's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<WorkloadOf>,
    /// The authority of the certificate of this cluster's API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authority: Option<Spanned<ClusterId>>,
    /// The clock of all of this cluster's machines.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock: Option<Spanned<ClusterId>>,
    /// A node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeOf>,
    /// Requests to a cluster's API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<Requests>,
}

/// A credential for one cluster in a Secret of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Credential {
    /// The cluster that it is for.
    #[serde(rename = "for")]
    pub cluster: Spanned<ClusterId>,
    /// The Secret that holds it.
    #[serde(rename = "in")]
    pub held: GrantTarget,
    /// The service account that it is of, as `namespace/name`.
    pub service_account: NamespacedName,
    /// Its keys in the Secret, where they are not `<id>_token` and `<id>_cacert`.
    #[serde(default)]
    pub keys: KeyNames,
}

/// What a service account may do, as `kubectl auth can-i` asks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Permission {
    /// The cluster.
    pub cluster: Spanned<ClusterId>,
    /// The account, as `namespace/name`.
    pub service_account: NamespacedName,
    /// The verb, as `create`.
    pub verb: String,
    /// The resource with its group, as `flyteworkflows.flyte.lyft.com`.
    pub resource: String,
}

/// A namespace of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NamespaceOf {
    /// The cluster.
    pub cluster: Spanned<ClusterId>,
    /// The namespace's name.
    pub name: String,
}

/// A workload of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WorkloadOf {
    /// The cluster.
    pub cluster: Spanned<ClusterId>,
    /// What kind of workload.
    #[serde(default)]
    pub kind: Workload,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// A node of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NodeOf {
    /// The cluster.
    pub cluster: Spanned<ClusterId>,
    /// The node's name: `dataplane-1-node-1` is the first of `dataplane_1`.
    pub name: String,
}

/// Requests to the API server of a cluster, by what they ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requests {
    /// The cluster that is asked.
    pub to: Spanned<ClusterId>,
    /// The service account that asks, as `namespace/name`.
    pub by: NamespacedName,
    /// Only these verbs, as `create` and `watch`; without them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verbs: Vec<String>,
    /// Only these resources, by their plural without group, as `flyteworkflows`; without them all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
}

/// What becomes of what a fault befalls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Traffic: new connections are refused at once, and open ones break with their next byte, as when the program at the other end is gone.
    Refuse,
    /// Traffic: nothing arrives. New connections time out, and open ones stand still until the fault is mended.
    Drop,
    /// Traffic: everything arrives this much later, in each direction that the fault befalls.
    Delay(Duration),
    /// Traffic: is refused and comes through in turns, beginning with refused.
    Flap(Flap),
    /// The cluster's machine stands still: its connections stay open, and nobody answers, not even to the harness. Needs `cluster`.
    Pause,
    /// Credential: becomes one that does not serve. What was stored is stored again when it is mended; in the place of a
    /// revoked token its Secret is made again, and with it the token is known again.
    Spoil(Spoil),
    /// Permission: all bindings that name the account lose it.
    Forbid,
    /// Namespace: a ResourceQuota admits no pods.
    Full,
    /// Namespace: is deleted with all that is in it. Mended, it is there again, and empty.
    Remove,
    /// Workload: its pods are killed, without time to end well. New ones come at once.
    Kill,
    /// Workload: its pods are killed, and there are none until the fault is mended.
    Stop,
    /// Workload: one of its pods is killed when it comes to a named moment of its work, and a new one comes. For pods of the reference
    /// flyteadmin. Whether that happened, and how often, `heal` tells; it fails if it never did.
    Crash(Crash),
    /// Authority: is another from now on. The API server starts again with a certificate of the new one, which is published in the ConfigMaps
    /// `kube-root-ca.crt` and in the Secrets of tokens; whoever keeps the old one does not trust the server any more. Mended, the first one
    /// is back, as from a backup.
    Rotated,
    /// Clock: is ahead of the others by this much.
    Ahead(Duration),
    /// Clock: is behind the others by this much.
    Behind(Duration),
    /// Node: its machine is gone from one moment to the next. Nothing is heard of it, so that it is `NotReady` after 50 s, and its pods are
    /// deleted five minutes later, if they do not tolerate that for another time. Mended, it starts again.
    Lost,
    /// Requests: some are answered with an error. How many, `heal` tells; it fails if there were none.
    Status(ErrorStatus),
    /// Requests: open watches end, once.
    EndWatches,
}

/// How traffic comes and goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flap {
    /// How long it is refused each time.
    pub down: Duration,
    /// How long it comes through each time.
    pub up: Duration,
}

/// A moment at which a program is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Crash {
    /// The moment.
    pub at: CrashPoint,
    /// How often: whoever comes there later goes on.
    #[serde(default = "once")]
    #[schemars(range(min = 1))]
    pub times: u32,
}

fn once() -> u32 {
    1
}

/// A moment of the reference flyteadmin's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum CrashPoint {
    /// An execution is accepted: checked, with nothing written.
    Accepted,
    /// Its inputs are stored and its cluster is chosen; there is no object yet.
    Placed,
    /// Its object is in the cluster; there is no record of it yet.
    ObjectMade,
    /// It is recorded; the client has no answer yet.
    Recorded,
    /// An execution that is terminated is recorded as `ABORTING`; its object is there still.
    Aborting,
    /// Its object is deleted; the client has no answer yet.
    ObjectDeleted,
}

impl CrashPoint {
    /// All of them, in the order in which a call passes them.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Placed,
        Self::ObjectMade,
        Self::Recorded,
        Self::Aborting,
        Self::ObjectDeleted,
    ];

    /// As the file writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            CrashPoint::Accepted => "accepted",
            CrashPoint::Placed => "placed",
            CrashPoint::ObjectMade => "objectMade",
            CrashPoint::Recorded => "recorded",
            CrashPoint::Aborting => "aborting",
            CrashPoint::ObjectDeleted => "objectDeleted",
        }
    }
}

/// An error in place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorStatus {
    /// The code: 429, 500, 502, 503 or 504.
    #[schemars(range(min = 429, max = 504))]
    pub code: u16,
    /// Which part of the requests, above 0 and at most 1, evenly spread: with 0.25 every fourth.
    #[serde(default = "all")]
    #[schemars(range(min = 0, max = 1))]
    pub rate: f64,
}

fn all() -> f64 {
    1.0
}

/// What a fault is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// Traffic between clusters.
    Traffic,
    /// A credential.
    Credential,
    /// A permission.
    Permission,
    /// A namespace.
    Namespace,
    /// A workload.
    Workload,
    /// The authority of a server's certificate.
    Authority,
    /// A clock.
    Clock,
    /// A node.
    Node,
    /// Requests to an API server.
    Requests,
}

impl Subject {
    /// As `match` writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Subject::Traffic => "traffic",
            Subject::Credential => "credential",
            Subject::Permission => "permission",
            Subject::Namespace => "namespace",
            Subject::Workload => "workload",
            Subject::Authority => "authority",
            Subject::Clock => "clock",
            Subject::Node => "node",
            Subject::Requests => "requests",
        }
    }
}

impl Match {
    /// What is given, each once.
    pub fn subjects(&self) -> Vec<Subject> {
        let traffic = self.cluster.is_some() || !self.between.is_empty() || self.from.is_some() || self.to.is_some();
        let given = [
            (Subject::Traffic, traffic),
            (Subject::Credential, self.credential.is_some()),
            (Subject::Permission, self.permission.is_some()),
            (Subject::Namespace, self.namespace.is_some()),
            (Subject::Workload, self.workload.is_some()),
            (Subject::Authority, self.authority.is_some()),
            (Subject::Clock, self.clock.is_some()),
            (Subject::Node, self.node.is_some()),
            (Subject::Requests, self.requests.is_some()),
        ];
        given.into_iter().filter_map(|(subject, given)| given.then_some(subject)).collect()
    }

    /// The clusters that it names.
    pub fn clusters(&self) -> impl Iterator<Item = &Spanned<ClusterId>> {
        let traffic = [&self.cluster, &self.from, &self.to].into_iter().flatten().chain(&self.between);
        let credential = self
            .credential
            .iter()
            .flat_map(|credential| [&credential.cluster, &credential.held.cluster]);
        let others = [
            self.permission.as_ref().map(|permission| &permission.cluster),
            self.namespace.as_ref().map(|namespace| &namespace.cluster),
            self.workload.as_ref().map(|workload| &workload.cluster),
            self.authority.as_ref(),
            self.clock.as_ref(),
            self.node.as_ref().map(|node| &node.cluster),
            self.requests.as_ref().map(|requests| &requests.to),
        ];
        traffic.chain(credential).chain(others.into_iter().flatten())
    }
}

impl Verdict {
    /// What it can become of.
    pub fn subject(self) -> Subject {
        match self {
            Verdict::Refuse | Verdict::Drop | Verdict::Delay(_) | Verdict::Flap(_) | Verdict::Pause => Subject::Traffic,
            Verdict::Spoil(_) => Subject::Credential,
            Verdict::Forbid => Subject::Permission,
            Verdict::Full | Verdict::Remove => Subject::Namespace,
            Verdict::Kill | Verdict::Stop | Verdict::Crash(_) => Subject::Workload,
            Verdict::Rotated => Subject::Authority,
            Verdict::Ahead(_) | Verdict::Behind(_) => Subject::Clock,
            Verdict::Lost => Subject::Node,
            Verdict::Status(_) | Verdict::EndWatches => Subject::Requests,
        }
    }
}

/// Mends faults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Heal {
    /// The ids of earlier `fault` steps.
    pub fault: OneOrMany<String>,
}
