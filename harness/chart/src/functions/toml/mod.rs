//! `toToml` and `fromToml`, as the Go library BurntSushi/toml writes and reads.

mod decode;
mod encode;

use super::{Function, function};
use crate::template::{Fault, Value};

pub(super) const TABLE: &[Function] = &[
    // Helm returns the error's text as the value.
    function("toToml", 1, 1, |_, a| {
        Ok(Value::str(encode::document(a.get(0)).unwrap_or_else(|message| message)))
    }),
    function("mustToToml", 1, 1, |_, a| {
        encode::document(a.get(0)).map(Value::str).map_err(Fault::call)
    }),
    function("fromToml", 1, 1, |_, a| Ok(decode::document(a.str(0)?))),
];
