//! Helm charts without the helm binary: load, render, install, upgrade, roll back.
//!
//! ```text
//! Chart::load ─┐
//! Values ──────┼─> render ──> Rendered { crds, manifests, hooks, notes } ──> Releases::install / upgrade
//! RenderInput ─┘                                                              records as Helm's own Secrets
//! ```
//!
//! - [`Chart`], [`Values`]: what a chart and its user say.
//! - [`render`]: templates to manifests, as Helm 4.1.4 does it; pure, no IO. What cannot be
//!   as with Helm is refused with a [`RenderError`], never guessed. `lookup` is answered
//!   from [`RenderInput::lookups`]; what a chart asked for besides is in
//!   [`Rendered::missing_lookups`].
//! - [`repository`]: what a repository's index offers; fetching is the caller's.
//! - [`Releases`]: releases in a cluster, recorded as Helm records them.
//!
//! # What differs from Helm
//!
//! - RSA and DSA keys are not made. `genCA` and its kin make ECDSA keys; those that a chart brings may be RSA.
//! - Random text, salts and initial vectors follow [`RenderInput::seed`], `now` is [`RenderInput::now`], its zone UTC.
//! - Text is UTF-8: what cuts a character in two, or decodes to other bytes, is refused.
//! - YAML with application tags or `!!binary` is refused. Errors of the readers of templates, YAML, JSON and TOML have words of their own.
//! - Dicts are in the order of their keys wherever Go's order is random.
//! - `--set` refuses what Helm drops without a word: paths without a name or a value.
//! - Two imports into one place do not change what the subchart itself sees, as they do in Helm.
//! - Releases that were last written without server-side apply are written with it.

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
