//! Switches of the reference control plane: what upstream does not do and multi-cluster set-ups may wish it did. All are off by default.
//!
//! They stand where charts pass configuration through, so that flyteadmin itself, which ignores what it does not know, starts with the same
//! values: `flyteadmin.multiplane` for placement and `cluster_resources.multiplane` for the resource sync.

use super::{ConfigError, Section};

/// Section `flyteadmin.multiplane`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switches {
    /// `strictLabels`: an execution whose label has no pool fails, in place of going to the default pool or anywhere.
    pub strict_labels: bool,
    /// `rereadTokens`: tokens are read anew for every request, in place of once at the start.
    pub reread_tokens: bool,
    /// `refuseUsedNames`: a name that a run has is refused before an object is made.
    pub refuse_used_names: bool,
    /// `abortWhenGone`: terminating a run whose object is gone ends it, in place of leaving it `ABORTING` for ever.
    pub abort_when_gone: bool,
}

/// Section `cluster_resources.multiplane`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncSwitches {
    /// `cachePerCluster`: what was brought into one cluster is still tried in the others.
    pub cache_per_cluster: bool,
    /// `rereadTokens`, as for placement.
    pub reread_tokens: bool,
}

impl Switches {
    /// Reads the section.
    ///
    /// # Errors
    /// [`ConfigError`] for a switch that there is not, or a value that is no boolean.
    pub fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let names = ["strictLabels", "rereadTokens", "refuseUsedNames", "abortWhenGone"];
        let [strict_labels, reread_tokens, refuse_used_names, abort_when_gone] = booleans(section, names)?;
        Ok(Self {
            strict_labels,
            reread_tokens,
            refuse_used_names,
            abort_when_gone,
        })
    }
}

impl SyncSwitches {
    /// Reads the section.
    ///
    /// # Errors
    /// As [`Switches::read`].
    pub fn read(section: &Section<'_>) -> Result<Self, ConfigError> {
        let [cache_per_cluster, reread_tokens] = booleans(section, ["cachePerCluster", "rereadTokens"])?;
        Ok(Self {
            cache_per_cluster,
            reread_tokens,
        })
    }
}

fn booleans<const N: usize>(section: &Section<'_>, names: [&str; N]) -> Result<[bool; N], ConfigError> {
    for (name, entry) in section.entries() {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            return Err(entry.error(&format!("no such switch; there are {}", names.join(", "))));
        }
    }
    let mut values = [false; N];
    for (value, name) in values.iter_mut().zip(names) {
        *value = section.child(name).boolean()?;
    }
    Ok(values)
}
