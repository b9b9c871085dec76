//! Traps, and the signal that a container gets.

use std::collections::BTreeMap;

use super::{Flow, Jump, Shell};
use crate::shell::streams::Streams;

/// Signals that a shell may trap, by their numbers.
const SIGNALS: [(i32, &str); 12] = [
    (0, "EXIT"),
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (9, "KILL"),
    (10, "USR1"),
    (12, "USR2"),
    (13, "PIPE"),
    (14, "ALRM"),
    (15, "TERM"),
    (17, "CHLD"),
    (28, "WINCH"),
];

/// A signal's number, by name or number.
pub(crate) fn signal(word: &str) -> Option<i32> {
    let name = word.to_ascii_uppercase();
    let name = name.strip_prefix("SIG").unwrap_or(&name);
    let found = SIGNALS.iter().find(|(number, known)| *known == name || number.to_string() == name);
    found.map(|(number, _)| *number)
}

/// A signal's name.
pub(crate) fn signal_name(number: i32) -> &'static str {
    SIGNALS
        .iter()
        .find(|(known, _)| *known == number)
        .map_or("UNKNOWN", |(_, name)| name)
}

/// What a shell does about signals.
#[derive(Debug, Clone, Default)]
pub(crate) struct Traps {
    /// What runs at a signal; nothing, where it is ignored.
    pub(crate) actions: BTreeMap<i32, String>,
    /// Whether this is the container's first process: the one that SIGTERM goes to.
    pub(crate) first: bool,
    /// SIGTERM has come and has been looked at.
    taken: bool,
}

const EXIT: i32 = 0;
const TERM: i32 = 15;

impl Shell {
    /// What is to be done about a SIGTERM that has come. A first process without a trap ignores it, as Linux has it.
    pub(super) async fn signals(&mut self, streams: &mut Streams) -> Flow {
        if !self.traps.first || self.traps.taken || !self.context.stop.is_cancelled() {
            return Ok(());
        }
        self.traps.taken = true;
        let Some(action) = self.traps.actions.get(&TERM).cloned() else {
            return Ok(());
        };
        let status = self.status;
        self.evaluate(&action, streams).await?;
        self.status = status;
        Ok(())
    }

    /// Returns when a SIGTERM comes for which there is a trap.
    pub(crate) async fn trapped(&self) {
        if !self.traps.first || self.traps.taken || !self.traps.actions.contains_key(&TERM) {
            return std::future::pending().await;
        }
        self.context.stop.cancelled().await;
    }

    /// The end of a shell: its last trap runs. What that says by `exit` counts.
    pub(super) async fn leave(&mut self, streams: &mut Streams) {
        let Some(action) = self.traps.actions.remove(&EXIT) else { return };
        let status = self.status;
        match self.evaluate(&action, streams).await {
            Err(Jump::Exit) => {}
            _ => self.status = status,
        }
    }
}
