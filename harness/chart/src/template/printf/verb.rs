//! One directive on one operand.

use super::{number, text};
use crate::template::{Value, go_text};

/// A directive's flags and letter.
#[derive(Clone, Default)]
pub(super) struct Verb {
    pub(super) minus: bool,
    pub(super) plus: bool,
    pub(super) sharp: bool,
    pub(super) space: bool,
    pub(super) zero: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
    pub(super) letter: char,
}

/// An operand as Go shows one that does not fit: `string=x`.
pub(super) fn described(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".into(),
        other => format!("{}={}", other.type_name(), go_text(other)),
    }
}

impl Verb {
    pub(super) fn write(&self, out: &mut String, arg: &Value) {
        // With `v` a plus asks for the names of fields only.
        if self.letter == 'v' && self.plus {
            let plain = Verb {
                plus: false,
                ..self.clone()
            };
            return plain.write(out, arg);
        }
        match (self.letter, arg) {
            ('T', value) => {
                let cut: String = value.type_name().chars().take(self.precision.unwrap_or(usize::MAX)).collect();
                self.pad(out, &cut);
            }
            ('v', Value::Nil) => self.pad(out, "<nil>"),
            _ => self.value(out, arg),
        }
    }

    fn value(&self, out: &mut String, arg: &Value) {
        let syntax = self.letter == 'v' && self.sharp;
        match (self.letter, arg) {
            (_, Value::List(items)) => {
                if syntax {
                    out.push_str(arg.type_name());
                }
                out.push(if syntax { '{' } else { '[' });
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push_str(if syntax { ", " } else { " " });
                    }
                    self.inner(out, item);
                }
                out.push(if syntax { '}' } else { ']' });
            }
            (_, Value::Map(map)) => {
                out.push_str(if syntax { arg.type_name() } else { "map" });
                out.push(if syntax { '{' } else { '[' });
                for (i, (key, item)) in map.borrow().iter().enumerate() {
                    if i > 0 {
                        out.push_str(if syntax { ", " } else { " " });
                    }
                    self.value(out, &Value::Str(key.clone()));
                    out.push(':');
                    self.inner(out, item);
                }
                out.push(if syntax { '}' } else { ']' });
            }
            ('t' | 'v', Value::Bool(b)) => self.pad(out, if *b { "true" } else { "false" }),
            (_, Value::Int(n) | Value::Int64(n)) if number::is_integral(self.letter) => number::integer(self, out, *n),
            (_, Value::Float(f)) if number::is_floating(self.letter) => number::float(self, out, *f),
            (_, Value::Str(s)) if text::is_textual(self.letter) => text::string(self, out, s),
            ('v' | 's', Value::Object(object)) => self.pad(out, &object.text()),
            (_, Value::Object(object)) if object.kind() == "int" => self.value(out, &object.plain()),
            (letter, Value::Nil) => out.push_str(&format!("%!{letter}(<nil>)")),
            (letter, value) => {
                let plain = Verb {
                    letter: 'v',
                    sharp: false,
                    ..self.clone()
                };
                out.push_str(&format!("%!{letter}({}=", value.type_name()));
                plain.value(out, value);
                out.push(')');
            }
        }
    }

    /// An item of a collection; a nil shows itself whatever the verb.
    fn inner(&self, out: &mut String, item: &Value) {
        match item {
            Value::Nil if self.letter == 'v' && self.sharp => out.push_str("interface {}(nil)"),
            Value::Nil => out.push_str("<nil>"),
            item => self.value(out, item),
        }
    }

    /// Fills up to the width, counted in characters.
    pub(super) fn pad(&self, out: &mut String, text: &str) {
        let fill = self.width.unwrap_or(0).saturating_sub(text.chars().count());
        let fill = |c: char| std::iter::repeat_n(c, fill);
        if self.minus {
            out.push_str(text);
            out.extend(fill(' '));
        } else {
            out.extend(fill(if self.zero { '0' } else { ' ' }));
            out.push_str(text);
        }
    }
}
