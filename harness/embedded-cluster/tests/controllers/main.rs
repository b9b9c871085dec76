//! Controllers and scheduler of a cluster without nodes' agents, in virtual time: tests set the
//! status of nodes and pods, as a kubelet would.

#![expect(clippy::unwrap_used, reason = "tests")]

mod cron_jobs;
mod deployments;
mod garbage;
mod idle;
mod jobs;
mod namespaces;
mod nodes;
mod scheduling;
mod services;
mod sets;
mod volumes;
mod world;
