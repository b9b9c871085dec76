//! One schema mechanism for every kind, built in or custom.
//!
//! A [`Node`] describes a value: what it is, how lists and maps merge, what an absent field means. Built-in kinds come
//! from Kubernetes' own OpenAPI documents ([`builtin`]), custom kinds from their CustomResourceDefinition
//! ([`crd::Structural`]). On top of it, all pure functions on [`crate::value::Value`]:
//!
//! | module | does |
//! |---|---|
//! | [`decode`] | JSON with duplicate keys, type check, unknown fields, Go's zero values |
//! | [`defaults`] | Kubernetes' defaults by kind |
//! | [`strategic`] | strategic merge patch |
//! | [`apply`] | server-side apply and the managed fields of every write |
//! | [`crd`] | structural schemas: check, prune, default, validate |
//! | [`quantity`] | resource quantities and their canonical form |

pub(crate) mod apply;
pub(crate) mod crd;
pub(crate) mod decode;
pub(crate) mod defaults;
mod go;
mod node;
pub(crate) mod quantity;
mod shape;
pub(crate) mod strategic;
mod table;
mod zero;

pub(crate) use go::format as go_format;
pub(crate) use node::{Field, List, ListType, Map, Merge, Node, Object, Scalar, Zero};
pub(crate) use table::builtin;
