//! A process, told apart from a later one with the same id.

use serde::{Deserialize, Serialize};

/// A process: its id and, where `/proc` tells, when it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Life {
    /// The process id.
    pub pid: u32,
    /// Boot of the machine and clock ticks from it to the process's start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
}

impl Life {
    /// The process with this id, as it is now.
    pub fn of(pid: u32) -> Self {
        Self {
            pid,
            started: started(pid),
        }
    }

    /// This process.
    pub fn of_this_process() -> Self {
        Self::of(std::process::id())
    }

    /// Whether it still runs; `None` where that cannot be told.
    pub fn lives(&self) -> Option<bool> {
        let then = self.started.as_ref()?;
        Some(started(self.pid).as_ref() == Some(then))
    }
}

/// `<boot id>/<ticks>`; `None` without such a process, for a zombie, and where there is no `/proc`.
fn started(pid: u32) -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is the command's name in parentheses, which may hold anything; state is the third, the start the 22nd.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    if fields.next()? == "Z" {
        return None;
    }
    let ticks = fields.nth(18)?;
    Some(format!("{}/{ticks}", boot.trim()))
}
