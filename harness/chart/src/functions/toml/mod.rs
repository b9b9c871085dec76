//! `toToml` and `fromToml`, as the Go library BurntSushi/toml writes and reads.

mod decode;
mod encode;

use super::{Function, function};
use crate::template::{Fault, Value};

pub(super) const TABLE: &[Function] = &[
    function("toToml", 1, 1, |_, a| match a.get(0) {
        Value::Nil => Err(Fault::call("reflect: call of reflect.Value.Type on zero Value")),
        // Helm returns the error's text as the value.
        value => Ok(Value::str(encode::document(value).unwrap_or_else(|message| message))),
    }),
    function("fromToml", 1, 1, |_, a| Ok(decode::document(a.str(0)?))),
];
