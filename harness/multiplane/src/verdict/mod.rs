//! Where executions ran, and whether that was right.
//!
//! [`Witness`] notes what every cluster was seen to hold; [`judge`] compares it, and the admin API's answer, with what a scenario demands.
//! [`Oracle`] says beside it what the rules predict, and why, from the [`Configurations`] that flyteadmin's replicas run with.

mod configuration;
mod judge;
mod oracle;
mod witness;

pub use configuration::Configurations;
pub use judge::{Demand, Judgement, judge};
pub use oracle::Oracle;
pub use witness::Witness;
