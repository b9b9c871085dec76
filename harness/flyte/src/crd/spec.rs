//! The compiled workflow inside an object.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Encoded, ExecutionId};
use crate::proto::core;

/// A workflow: nodes and what it hands back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkflowSpec {
    /// `project:domain:name` at the top, the workflow's identifier elsewhere.
    pub id: String,
    /// Nodes by id.
    pub nodes: BTreeMap<String, Node>,
    /// Bindings of the outputs to nodes.
    #[serde(default)]
    pub outputs: Vec<Encoded<core::Binding>>,
    /// What runs once the run has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<Box<Node>>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Id within its workflow.
    pub id: String,
    /// Name to show.
    #[serde(default)]
    pub name: String,
    /// What it runs.
    pub target: NodeTarget,
    /// Nodes that must have succeeded before.
    #[serde(default)]
    pub upstream: Vec<String>,
    /// Bindings of the target's inputs.
    #[serde(default)]
    pub inputs: Vec<Encoded<core::Binding>>,
    /// Further attempts after a failure.
    #[serde(default)]
    pub retries: u32,
    /// Whether it may run on machines that can be taken away, if it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interruptible: Option<bool>,
    /// What it says of the cache, if not what its task says.
    #[serde(default, skip_serializing_if = "CacheOverride::is_empty")]
    pub cache: CacheOverride,
}

/// What a node says of the cache of its task's results, in the place of the task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CacheOverride {
    /// Whether results are kept and used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cacheable: Option<bool>,
    /// Results of other versions are not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether one at a time computes a result that several want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serializable: Option<bool>,
}

impl CacheOverride {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a node runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NodeTarget {
    /// A task of the object.
    Task(String),
    /// A workflow of the object.
    SubWorkflow(String),
    /// A launch plan: a run of its own, placed by the control plane.
    LaunchPlan {
        /// Project, domain and name.
        #[serde(flatten)]
        id: ExecutionId,
        /// Version.
        version: String,
    },
    /// One of several nodes, by the values of the node's inputs.
    Branch(Branch),
    /// A node for each element of the node's inputs that are lists.
    Array(Box<Array>),
    /// Nothing: it waits.
    Gate(Gate),
}

/// What a node waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Gate {
    /// Somebody's approval; the inputs are the outputs then.
    Approve {
        /// The signal that says so, a boolean.
        signal: String,
    },
    /// A value that somebody gives.
    Signal {
        /// The signal.
        signal: String,
        /// Its type.
        kind: Box<Encoded<core::LiteralType>>,
        /// The output that gets the value.
        output: String,
    },
    /// Time.
    Sleep {
        /// How much, in milliseconds.
        millis: u64,
    },
}

/// Nodes of which one runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Branch {
    /// The first whose condition holds is taken.
    pub cases: Vec<Case>,
    /// What runs if none holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otherwise: Option<Box<Node>>,
    /// With what message the node fails if none holds and nothing runs instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<String>,
}

impl Branch {
    /// All nodes of which one is taken.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.cases.iter().map(|case| &case.then).chain(self.otherwise.as_deref())
    }
}

/// A condition, and what runs if it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The condition, over the branch node's inputs.
    pub condition: Encoded<core::BooleanExpression>,
    /// The node.
    pub then: Node,
}

/// A node that runs once for each element.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Array {
    /// What runs: a task or a launch plan. Its inputs are elements of the array node's.
    pub node: Node,
    /// How many run at the same time; 0 stands for all.
    #[serde(default)]
    pub parallelism: u32,
    /// How many must succeed.
    #[serde(default)]
    pub succeeds: Succeeds,
    /// Inputs that every element gets whole, though they may be lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bound_inputs: Vec<String>,
    /// Each element has a file of inputs, and declares outputs, of its own. Otherwise it reads the lists, and is told its index.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub individual: bool,
}

/// How many elements of an array must succeed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Succeeds {
    /// All.
    #[default]
    All,
    /// So many.
    Count(u32),
    /// This part of them, rounded up.
    Ratio(f32),
}

impl Succeeds {
    /// How many of `all`.
    #[must_use]
    pub fn of(self, all: usize) -> usize {
        match self {
            Self::All => all,
            Self::Count(count) => count as usize,
            Self::Ratio(ratio) => (f64::from(ratio) * all as f64).ceil() as usize,
        }
    }
}

/// A task that runs as a pod.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The task's type, e.g. `container` or `python-task`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Everything else.
    pub template: Encoded<core::TaskTemplate>,
}
