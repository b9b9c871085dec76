//! Helm charts without the helm binary: load, render, install, upgrade, roll back.
//!
//! ```text
//! Chart::load ─┐
//! Values ──────┼─> render ──> Rendered { crds, manifests, hooks, notes } ──> Releases::install / upgrade
//! RenderInput ─┘                                                              records as Helm's own Secrets
//! ```
//!
//! - [`Chart`], [`Values`]: what a chart and its user say.
//! - [`render`]: templates to manifests, as Helm 4 does it; pure, no IO. What differs
//!   from Helm is refused with a [`RenderError`], never guessed. `lookup` is answered
//!   from [`RenderInput::lookups`]; what a chart asked for besides is in
//!   [`Rendered::missing_lookups`].
//! - [`repository`]: what a repository's index offers; fetching is the caller's.
//! - [`Releases`]: releases in a cluster, recorded as Helm records them.

mod chart;
mod documents;
mod error;
mod functions;
mod release;
mod render;
pub mod repository;
mod template;
mod values;

pub use chart::{Chart, ChartFile};
pub use error::{Error, RenderError};
pub use release::{Clock, Record, RecordInfo, RecordStatus, ReleaseError, ReleaseOptions, Releases, discover};
pub use render::{Capabilities, Hook, HookEvent, LookupKey, Manifest, ReleaseInfo, RenderInput, Rendered, install_order, lint, render};
pub use values::{Values, ValuesBuilder};
