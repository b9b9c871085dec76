//! Deep merge and copy of dicts, as Sprig does them with the library mergo.

use std::rc::Rc;

use crate::template::{List, Map, Value};

/// Adds `source` to `target` in place. Without `overwrite` a value that is not
/// empty stays; with it every value replaces.
pub(super) fn merge_into(target: &Map, source: &Map, overwrite: bool) {
    if target.same(source) {
        return;
    }
    let entries: Vec<(Rc<str>, Value)> = source.borrow().iter().map(|(key, value)| (Rc::clone(key), value.clone())).collect();
    for (key, value) in entries {
        let existing = target.borrow().get(&key).cloned();
        match (existing, &value) {
            (Some(Value::Map(inner)), Value::Map(addition)) => {
                merge_into(&inner, addition, overwrite);
            }
            // A nil of the source adds nothing.
            (None, Value::Nil) => {}
            (None, _) => {
                target.borrow_mut().insert(key, value);
            }
            (Some(old), new) => {
                let replace = overwrite || (!old.truthy() && new.truthy());
                if replace {
                    target.borrow_mut().insert(key, value);
                }
            }
        }
    }
}

/// A copy that shares nothing.
pub(super) fn deep_copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => {
            let copies = map.borrow().iter().map(|(key, value)| (Rc::clone(key), deep_copy(value))).collect();
            Value::Map(Map::new(copies, map.of()))
        }
        Value::List(items) => Value::List(List::new(items.iter().map(deep_copy).collect(), items.of())),
        other => other.clone(),
    }
}
