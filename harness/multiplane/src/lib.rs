//! A test harness for multi-cluster Kubernetes deployments.
//!
//! From a file to a verdict: [`run::Plan`] (a scenario, checked) -> [`run::suite`] (worlds, steps) -> [`journal`] (what happened) ->
//! [`report`] (what people read), [`capsule`] (a run in one file, to be run again). [`backend`] makes the clusters, [`verdict`] judges where executions ran. [`testing`] has
//! the same for Rust tests.

pub mod backend;
pub mod capsule;
mod causes;
pub mod charts;
pub mod doctor;
pub mod exit;
pub mod findings;
mod forward;
pub mod journal;
pub mod local;
pub mod node;
pub mod probe;
pub mod process;
mod programs;
pub mod report;
pub mod resident;
pub mod run;
pub mod search;
mod secrets;
mod shell;
mod stopwatch;
pub mod testing;
pub mod up;
pub mod verdict;
