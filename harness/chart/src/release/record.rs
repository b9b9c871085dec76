//! Helm's release records: JSON, gzip, base64 (and base64 again by the Secret).

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

use crate::chart::Chart;
use crate::render::Hook;
use crate::template::{from_numbers, to_json};
use crate::values::Values;

/// A revision of a release, as Helm stores it.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// Name of the release.
    pub name: String,
    /// Its state and times.
    pub info: RecordInfo,
    /// The chart: metadata, templates, default values, files.
    #[serde(default)]
    pub chart: Json,
    /// The user's values.
    #[serde(default)]
    pub config: Json,
    /// All objects, as `helm get manifest` prints them.
    #[serde(default)]
    pub manifest: String,
    /// The hooks.
    #[serde(default)]
    pub hooks: Json,
    /// Revision, from 1.
    pub version: u32,
    /// Namespace of the release.
    pub namespace: String,
    /// `ssa`: the objects were written by server-side apply.
    #[serde(default)]
    pub apply_method: String,
}

/// State and times of a revision.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct RecordInfo {
    /// When the release was first installed (RFC 3339).
    pub first_deployed: String,
    /// When this revision was made.
    pub last_deployed: String,
    /// When the release was uninstalled, empty if it was not.
    #[serde(default)]
    pub deleted: String,
    /// As `Install complete`.
    #[serde(default)]
    pub description: String,
    /// The state.
    pub status: RecordStatus,
    /// What NOTES.txt said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// State of a revision.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RecordStatus {
    /// Not known.
    Unknown,
    /// In the cluster.
    Deployed,
    /// Removed, with its history kept.
    Uninstalled,
    /// A later revision is in the cluster.
    Superseded,
    /// The operation failed.
    Failed,
    /// Being removed.
    Uninstalling,
    /// Being installed.
    PendingInstall,
    /// Being upgraded.
    PendingUpgrade,
    /// Being rolled back.
    PendingRollback,
}

impl RecordStatus {
    /// Helm's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordStatus::Unknown => "unknown",
            RecordStatus::Deployed => "deployed",
            RecordStatus::Uninstalled => "uninstalled",
            RecordStatus::Superseded => "superseded",
            RecordStatus::Failed => "failed",
            RecordStatus::Uninstalling => "uninstalling",
            RecordStatus::PendingInstall => "pending-install",
            RecordStatus::PendingUpgrade => "pending-upgrade",
            RecordStatus::PendingRollback => "pending-rollback",
        }
    }

    /// An operation is under way.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl Record {
    pub(super) fn set(&mut self, status: RecordStatus, description: impl Into<String>) {
        self.info.status = status;
        self.info.description = description.into();
    }

    /// The user's values of this revision.
    pub(super) fn values(&self) -> Values {
        Values(match crate::documents::floats(self.config.clone()) {
            Json::Object(values) => values,
            _ => Map::new(),
        })
    }

    /// The payload of the Secret's key `release`, before Kubernetes' own base64.
    ///
    /// # Errors
    /// Text of what could not be written.
    pub fn encode(&self) -> Result<Vec<u8>, String> {
        let json = serde_json::to_vec(self).map_err(|error| error.to_string())?;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&json).map_err(|error| error.to_string())?;
        let packed = gzip.finish().map_err(|error| error.to_string())?;
        Ok(STANDARD.encode(packed).into_bytes())
    }

    /// Reads such a payload.
    ///
    /// # Errors
    /// Text of what could not be read.
    pub fn decode(payload: &[u8]) -> Result<Self, String> {
        let packed = STANDARD.decode(payload).map_err(|error| error.to_string())?;
        let mut json = Vec::new();
        // Helm reads records that are not packed, too.
        if packed.starts_with(&[0x1f, 0x8b, 0x08]) {
            GzDecoder::new(packed.as_slice())
                .read_to_end(&mut json)
                .map_err(|error| error.to_string())?;
        } else {
            json = packed;
        }
        serde_json::from_slice(&json).map_err(|error| error.to_string())
    }
}

/// The chart as a record holds it; file contents are base64.
pub(super) fn chart(chart: &Chart) -> Json {
    let file = |name: &str, data: &[u8]| json!({"name": name, "data": STANDARD.encode(data)});
    json!({
        "metadata": chart.metadata.record(),
        "lock": null,
        "templates": chart.templates.iter().map(|f| file(&f.name, f.text.as_bytes())).collect::<Vec<_>>(),
        "values": integers(&chart.values),
        "schema": null,
        "files": chart.files.iter().map(|(name, data)| file(name, data)).collect::<Vec<_>>(),
    })
}

/// Values without the `.0` of floats that are whole.
pub(super) fn integers(values: &Json) -> Json {
    to_json(&from_numbers(values)).unwrap_or_default()
}

/// Hooks as a record holds them.
pub(super) fn hooks(hooks: &[Hook]) -> Json {
    let never = json!({"started_at": "", "completed_at": "", "phase": ""});
    hooks
        .iter()
        .map(|hook| {
            json!({
                "name": hook.manifest.name(), "kind": hook.manifest.kind(), "path": hook.manifest.source,
                "manifest": hook.manifest.text, "weight": hook.weight, "last_run": never,
                "events": hook.events.iter().map(|event| event.as_str()).collect::<Vec<_>>(),
                "delete_policies": hook.delete_policies,
            })
        })
        .collect()
}
