//! A decision with its reasons.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{AttributeRow, Draw, Dropped, Level, Pool, Request};

/// Where an execution goes, and why.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// What was asked.
    pub request: Request,
    /// The cluster; empty in single-cluster mode, as flyteadmin records it.
    pub cluster: String,
    /// The label and where it came from.
    pub resolution: Resolution,
    /// The pool and why this one.
    pub choice: PoolChoice,
    /// The draw; none in single-cluster mode.
    pub draw: Option<Draw>,
    /// The draw scaled by the pool's total.
    pub threshold: Option<f32>,
}

/// How the label was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Resolution {
    /// The label; `None` if there is none or it is empty.
    pub label: Option<String>,
    /// Where it came from.
    pub source: LabelSource,
    /// The parent's label replaced one that the request gave.
    pub overridden_request_label: Option<String>,
    /// The stored rows that were looked at, strongest level first; none if the request or the parent gave a label.
    pub rows: Vec<RowConsidered>,
}

/// Where a label came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelSource {
    /// The spec of the parent run.
    Parent,
    /// The request.
    Request,
    /// A stored attribute of this level.
    Attribute(Level),
    /// There is no label.
    None,
}

impl fmt::Display for LabelSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parent => f.write_str("parent"),
            Self::Request => f.write_str("request"),
            Self::Attribute(level) => write!(f, "attribute:{}", level.as_str()),
            Self::None => f.write_str("none"),
        }
    }
}

impl Serialize for LabelSource {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A stored row and whether it applied.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RowConsidered {
    /// The row.
    pub row: AttributeRow,
    /// Its level.
    pub level: Level,
    /// Why it did not give the label; `None`: it did.
    pub mismatch: Option<Mismatch>,
}

/// Why a stored row did not give the label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mismatch {
    /// These fields of the row differ from the execution's.
    Differs(Vec<&'static str>),
    /// It matches, but a row of a stronger level does too.
    Outranked,
}

/// Which pool the draw chose from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PoolChoice {
    /// Where the pool came from.
    pub source: PoolSource,
    /// The label whose pool it is.
    pub label: Option<String>,
    /// Labels that were tried before, in this order: the execution's, the default one.
    pub passed_over: Vec<PassedOver>,
    /// The pool; none in single-cluster mode.
    pub pool: Option<Arc<Pool>>,
}

impl PoolChoice {
    /// The choice of single-cluster mode.
    pub(super) fn in_cluster() -> Self {
        Self {
            source: PoolSource::InCluster,
            label: None,
            passed_over: Vec::new(),
            pool: None,
        }
    }
}

/// A label that has no pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PassedOver {
    /// The label.
    pub label: String,
    /// Why it has none.
    pub reason: Unmatched,
}

/// Where a pool came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PoolSource {
    /// The label's entry in `labelClusterMap`.
    Label,
    /// The entry of `defaultExecutionLabel`.
    DefaultLabel,
    /// All enabled clusters, in equal shares.
    AllEnabled,
    /// Single-cluster mode: the local cluster.
    InCluster,
}

impl PoolSource {
    /// Its name in case tables and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Label => "label",
            Self::DefaultLabel => "default_label",
            Self::AllEnabled => "all_enabled",
            Self::InCluster => "in_cluster",
        }
    }
}

/// Why a label has no pool.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unmatched {
    /// `labelClusterMap` lacks it; `nearest` is an entry that differs only in case or by a slip.
    NotInMap {
        /// A label of the map that may have been meant.
        nearest: Option<String>,
    },
    /// None of its clusters is enabled.
    NoEnabledCluster {
        /// Its entries.
        dropped: Vec<Dropped>,
    },
}
