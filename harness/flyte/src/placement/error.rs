//! What can go wrong: reading the configuration, starting flyteadmin with it, placing an execution.

use std::fmt;

use serde::Serialize;

/// The configuration cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not YAML.
    #[error(transparent)]
    Yaml(#[from] yaml::Error),
    /// Neither a `clusters.yaml` nor Helm values.
    #[error("neither a clusters.yaml (no section `clusters`) nor Helm values (no `configmap.clusters`)")]
    UnknownForm,
    /// Helm values whose `configmap.clusters` is missing or empty: the chart fails to render.
    #[error(
        "`configmap.clusters` is missing or empty, so the chart fails to render (nil pointer evaluating interface {{}}.labelClusterMap); are `labelClusterMap` and `clusterConfigs` indented below `clusters`?"
    )]
    ClustersMissing,
    /// A value does not convert to the type of its field; flyteadmin exits with an error.
    #[error("{path}: expected {expected}, found {found}; flyteadmin does not start with it")]
    Type {
        /// Path of the value.
        path: String,
        /// What the field holds.
        expected: &'static str,
        /// The value, as JSON.
        found: String,
    },
}

/// flyteadmin stops at start, with this message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StartupError {
    /// Two clusters have the same name.
    #[error("Duplicate cluster names: {0} is configured more than once")]
    DuplicateName(String),
    /// `kubeClientConfig` sets `qps` without `burst`.
    #[error("burst is required to be greater than 0 when RateLimiter is not set and QPS is set to greater than 0 (cluster {0})")]
    BurstMissing(String),
    /// No cluster is enabled.
    #[error("entries is empty (no cluster in clusterConfigs is enabled)")]
    NoClusterEnabled,
    /// A weight of an enabled cluster is not within 0 to 1. `index` counts the label's enabled entries.
    #[error("invalid weight {weight:.6}, index {index} (label {label}, cluster {cluster})")]
    InvalidWeight {
        /// The label.
        label: String,
        /// The cluster of the entry.
        cluster: String,
        /// The weight, rounded to float32.
        weight: f32,
        /// Position among the label's enabled entries, in file order.
        index: usize,
    },
}

impl StartupError {
    /// Stable code of the error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::DuplicateName(_) => "duplicate_cluster_name",
            Self::BurstMissing(_) => "burst_missing",
            Self::NoClusterEnabled => "no_cluster_enabled",
            Self::InvalidWeight { .. } => "invalid_weight",
        }
    }
}

/// An execution cannot be placed, or a recorded cluster not be found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlacementError {
    /// Single-cluster mode knows no labels.
    #[error("execution cluster label {0} is not supported")]
    LabelUnsupported(String),
    /// Single-cluster mode knows no other cluster.
    #[error("remote target {0} is not supported")]
    RemoteTarget(String),
    /// No cluster of this name is configured.
    #[error("invalid cluster target {0}")]
    InvalidTarget(String),
    /// A lookup without a specification.
    #[error("empty executionTargetSpec")]
    EmptySpec,
    /// The stored attributes were asked for without a project, or for a workflow of no project.
    #[error("unexpected error type for: missing and/or invalid parameters: the stored labels need a project")]
    AttributeQuery,
    /// The execution has no name. Upstream then draws by the clock; this crate has none.
    #[error("the execution has no name, so its draw would depend on the clock")]
    Unnamed,
}

/// A gRPC status code, by its name in Go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum GrpcCode {
    /// 13: every failure of placement reaches the caller, or the stored execution, as this.
    Internal,
}

impl fmt::Display for GrpcCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Internal => "Internal",
        })
    }
}

impl PlacementError {
    /// The gRPC code under which flyteadmin reports the error.
    #[must_use]
    pub fn grpc_code(&self) -> GrpcCode {
        GrpcCode::Internal
    }
}
