//! Flyte's admin API and datacatalog's, generated from its descriptors (`proto/flyteidl-v1.binpb`): messages, clients and server traits.
//!
//! A crate of its own, since it compiles for longer than everything that uses it.

#[expect(
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::pedantic,
    clippy::allow_attributes,
    reason = "generated code; the descriptors carry no comments"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/flyte.rs"));
}

pub use generated::datacatalog;
pub use generated::flyteidl::{admin, core, event, service};

/// The descriptors themselves, a `google.protobuf.FileDescriptorSet` with the `google.api.http` rules of the REST mapping.
pub const DESCRIPTORS: &[u8] = include_bytes!("../proto/flyteidl-v1.binpb");
