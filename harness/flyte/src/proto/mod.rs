//! Flyte's API messages and services, generated from `proto/flyteidl-v1.binpb`.

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

pub use generated::flyteidl::{admin, core, event, service};
