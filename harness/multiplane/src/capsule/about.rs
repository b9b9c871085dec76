//! What a capsule says of itself.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use crate::report::Ending;

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;

/// What a capsule says of itself (`capsule.json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    /// The archive's format, [`FORMAT`].
    pub format: u32,
    /// The version of multiplane that made it.
    pub version: String,
    /// When it was made.
    pub made: Timestamp,
    /// The scenario's name.
    pub name: String,
    /// The scenario's file, below the capsule's files.
    pub scenario: String,
    /// The backend of the recorded run.
    pub backend: String,
    /// Every draw of the recorded run follows from it.
    pub seed: u64,
    /// What `--matrix` held fixed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub matrix: BTreeMap<String, String>,
    /// The machine of the recorded run.
    #[serde(default)]
    pub machine: Machine,
    /// How the recorded run ended.
    pub ending: Ending,
}
