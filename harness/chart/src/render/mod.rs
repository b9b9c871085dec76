//! Rendering a chart: from templates and values to manifests in install order.

mod capabilities;
mod files;
mod glob;
mod head;
mod input;
mod manifest;
mod order;
mod run;

pub use capabilities::Capabilities;
pub(crate) use glob::regex as glob_regex;
pub use input::{LookupKey, ReleaseInfo, RenderInput};
pub use manifest::{Hook, HookEvent, Manifest};
pub(crate) use manifest::{parse_hooks, parse_manifests};
pub use order::install_order;
pub(crate) use order::uninstall_rank;
pub(crate) use run::crds;
pub use run::{Rendered, lint, render};
