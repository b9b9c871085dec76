//! YAML in one place: manifests as kubectl reads them, trees with positions, output, diagnostics.
//!
//! Everything that reads YAML goes by one spanned [`tree`]; two readings stand on it:
//!
//! - [`manifest`]: documents as `kubectl` and Helm read them (`no` is false, `0755` is 493), as JSON values;
//! - [`strict`]: our own file formats, deserialised from the tree; plain scalars on which readers differ are refused.
//!
//! [`emit`] writes YAML byte for byte as Go's Kubernetes tools do. [`diagnostic`] is what a check says about a file:
//! code, message, position, help; with one renderer for consoles.
//!
//! The parser is serde-saphyr's, which kube brings along. Its deserialiser is not used: it stops at a file's first mistake,
//! and reads some plain scalars otherwise than kubectl (`0755`, `1e3`, the key `on`).
//!
//! ```
//! let objects = yaml::manifest::documents("kind: Pod\nspec: {hostNetwork: no}\n---\n")?;
//! assert_eq!(objects, [serde_json::json!({"kind": "Pod", "spec": {"hostNetwork": false}})]);
//! # Ok::<(), yaml::Error>(())
//! ```

pub mod diagnostic;
pub mod emit;
mod error;
mod load;
pub mod manifest;
pub mod scalar;
mod span;
pub mod strict;
pub mod suggest;
pub mod tree;

pub use diagnostic::{Diagnostic, Diagnostics, Severity, Sources};
pub use error::{Error, ErrorKind};
pub use span::{Span, Spanned};
