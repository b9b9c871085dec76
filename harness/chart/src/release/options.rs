//! How a release operation is to be done.

use std::sync::Arc;
use std::time::Duration;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> jiff::Timestamp + Send + Sync>;

/// Options of install, upgrade, rollback and uninstall.
#[derive(Clone, Debug)]
pub struct ReleaseOptions {
    /// Wait until all objects are ready (uninstall: gone).
    pub wait: bool,
    /// Longest wait for all objects, and for each hook.
    pub timeout: Duration,
    /// Create the release's namespace if it is not there (`--create-namespace`).
    pub create_namespace: bool,
    /// Take over objects that no release or another one owns (`--take-ownership`).
    pub take_ownership: bool,
    /// Take over fields that another manager has set (`--force-conflicts`).
    pub force_conflicts: bool,
    /// Skip hooks (`--no-hooks`).
    pub no_hooks: bool,
    /// Uninstall keeps the records (`--keep-history`).
    pub keep_history: bool,
    /// Seed of random functions in templates.
    pub seed: u64,
}

impl Default for ReleaseOptions {
    /// Helm's defaults: no waiting, five minutes for hooks.
    fn default() -> Self {
        ReleaseOptions {
            wait: false,
            timeout: Duration::from_secs(300),
            create_namespace: false,
            take_ownership: false,
            force_conflicts: false,
            no_hooks: false,
            keep_history: false,
            seed: 0,
        }
    }
}
