//! Flyte's configuration as its programs read it: every file that `--config` matches, merged by viper's rules.

mod admin;
mod catalog;
mod database;
mod propeller;
mod section;
mod storage;
mod switches;
mod tree;

pub use admin::{AdminConfig, ClusterResources, DataProxy, Domain, TemplateValue};
pub use catalog::CatalogConfig;
pub use propeller::{AdminEndpoint, CatalogCache, Interruptible, LeaderElection, PropellerConfig};
pub use section::Section;
pub use storage::{Signing, Storage};
pub use switches::{Switches, SyncSwitches};
pub use tree::{Config, ConfigError};
