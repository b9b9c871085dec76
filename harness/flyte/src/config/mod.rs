//! Flyte's configuration as its programs read it: every file that `--config` matches, merged by viper's rules.

mod admin;
mod propeller;
mod section;
mod storage;
mod tree;

pub use admin::{AdminConfig, ClusterResources, Domain, TemplateValue};
pub use propeller::{AdminEndpoint, LeaderElection, PropellerConfig};
pub use section::Section;
pub use storage::Storage;
pub use tree::{Config, ConfigError};
