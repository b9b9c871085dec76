//! The machine that a run was on.

use std::fs;
use std::thread;

use serde::{Deserialize, Serialize};

/// What of a machine may matter to somebody who reads of a failure there. Names of the machine and of its user are not told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Machine {
    /// Operating system and processor, as Rust names them: `linux x86_64`.
    pub platform: String,
    /// The kernel's release.
    pub kernel: Option<String>,
    /// Processors that this process may use.
    pub processors: Option<usize>,
    /// All memory, MiB.
    pub memory: Option<u64>,
}

impl Machine {
    /// This one.
    pub(crate) fn this() -> Self {
        let read = |path: &str| fs::read_to_string(path).ok();
        Self {
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            kernel: read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned()),
            processors: thread::available_parallelism().ok().map(usize::from),
            memory: read("/proc/meminfo").and_then(|text| total(&text)),
        }
    }
}

fn total(text: &str) -> Option<u64> {
    let kibibytes = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?
        .trim()
        .strip_suffix(" kB")?;
    Some(kibibytes.parse::<u64>().ok()? / 1024)
}

#[cfg(test)]
mod tests {
    #[test]
    fn memory() {
        assert_eq!(super::total("MemTotal:       24690948 kB\nMemFree: 1 kB\n"), Some(24_112));
    }
}
