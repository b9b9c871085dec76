//! A fault as the records tell it: whom it befell, from when until when.

/// See the module.
pub(super) struct Fault {
    pub(super) id: String,
    /// What it is, in one line.
    pub(super) title: String,
    pub(super) clusters: Vec<String>,
    /// When it was made, in milliseconds of the world's time since the scenario began.
    pub(super) from: u64,
    /// When it was mended; `None` if it never was.
    pub(super) until: Option<u64>,
}

impl Fault {
    /// Whether it befell this cluster.
    pub(super) fn befell(&self, cluster: &str) -> bool {
        self.clusters.iter().any(|befallen| befallen == cluster)
    }
}
