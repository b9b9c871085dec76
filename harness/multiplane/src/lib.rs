//! A test harness for multi-cluster Kubernetes deployments.

pub mod exit;
pub mod journal;
pub mod report;
pub mod verdict;
