//! Go's `text/template`, as Helm uses it.
//!
//! `gotmpl` parses; the tree is run here. Its own executor keeps values
//! immutable (so `set` and `merge` could not change a dict in place), knows no
//! methods (`.Files.Get`), reads a field of nil as nil and drops positions from
//! errors. All four decide whether a chart renders as it does with Helm.

mod collections;
mod comments;
mod engine;
mod eval;
mod exec;
mod fault;
mod json;
mod methods;
mod node_text;
mod parse;
mod print;
mod printf;
mod value;

pub(crate) use collections::{Entries, Items, List, Map};
pub(crate) use engine::{Engine, Lookups, Settings};
pub(crate) use fault::{Fault, FaultKind, Result};
pub(crate) use json::{from_json, from_numbers, to_json, to_json_pretty, to_json_text, to_yaml, to_yaml_pretty};
pub(crate) use print::{float_text, go_text};
pub(crate) use printf::{quoted, sprint, sprintf};
pub(crate) use value::{Object, Value};
