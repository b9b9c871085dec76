//! Rendering a chart: from templates and values to manifests in install order.

mod capabilities;
mod files;
mod glob;
mod input;
mod manifest;
mod order;
mod run;

pub use capabilities::Capabilities;
pub(crate) use glob::regex as glob_regex;
pub use input::{LookupKey, ReleaseInfo, RenderInput};
pub use manifest::{Hook, HookEvent, Manifest};
pub use order::install_order;
pub use run::{Rendered, lint, render};
