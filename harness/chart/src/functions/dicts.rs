//! Sprig's dict functions. `set`, `unset`, `merge` and `mergeOverwrite` change
//! their first argument in place, seen through every variable that holds it.

use std::rc::Rc;

use super::args::strval;
use super::merge::{deep_copy, merge_into};
use super::{Args, Function, MANY, function};
use crate::template::{Engine, Entries, Fault, Map, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("dict", 0, MANY, |_, a| {
        Ok(Value::map(
            a.all()
                .chunks(2)
                .map(|pair| (strval(&pair[0]), pair.get(1).cloned().unwrap_or(Value::str("")))),
        ))
    }),
    function("get", 2, 2, |_, a| {
        let map = a.map(0)?;
        let found = map.borrow().get(a.str(1)?).cloned();
        Ok(found.unwrap_or_else(|| Value::str("")))
    }),
    function("set", 3, 3, |_, a| {
        let map = a.map(0)?;
        map.borrow_mut().insert(Rc::from(a.str(1)?), a.get(2).clone());
        Ok(Value::Map(map))
    }),
    function("unset", 2, 2, |_, a| {
        let map = a.map(0)?;
        map.borrow_mut().remove(a.str(1)?);
        Ok(Value::Map(map))
    }),
    function("hasKey", 2, 2, |_, a| Ok(Value::Bool(a.map(0)?.borrow().contains_key(a.str(1)?)))),
    function("pluck", 1, MANY, |_, a| {
        let key = a.str(0)?;
        let mut found = Vec::new();
        for i in 1..a.len() {
            found.extend(a.map(i)?.borrow().get(key).cloned());
        }
        Ok(Value::list(found))
    }),
    function("keys", 0, MANY, |_, a| {
        let mut keys = Vec::new();
        for i in 0..a.len() {
            keys.extend(a.map(i)?.borrow().keys().cloned());
        }
        Ok(Value::texts(keys))
    }),
    function("values", 1, 1, |_, a| {
        Ok(Value::list(a.map(0)?.borrow().values().cloned().collect()))
    }),
    function("pick", 1, MANY, |_, a| chosen(a, true)),
    function("omit", 1, MANY, |_, a| chosen(a, false)),
    function("dig", 0, MANY, dig),
    function("merge", 1, MANY, |_, a| merged(a, false)),
    function("mustMerge", 1, MANY, |_, a| merged(a, false)),
    function("mergeOverwrite", 1, MANY, |_, a| merged(a, true)),
    function("mustMergeOverwrite", 1, MANY, |_, a| merged(a, true)),
    function("deepCopy", 1, 1, copied),
    function("mustDeepCopy", 1, 1, copied),
];

fn copied(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    match a.get(0) {
        Value::Nil => Err(Fault::call("reflect: call of reflect.Value.Type on zero Value")),
        value => Ok(deep_copy(value)),
    }
}

fn chosen(a: &Args<'_>, listed: bool) -> Result<Value> {
    let map = a.map(0)?;
    let names: Vec<&str> = (1..a.len()).map(|i| a.str(i)).collect::<Result<_>>()?;
    let entries = map.borrow();
    let kept = entries.iter().filter(|(key, _)| names.contains(&&***key) == listed);
    Ok(Value::map(kept.map(|(key, value)| (Rc::clone(key), value.clone()))))
}

fn dig(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    if a.len() < 3 {
        return Err(Fault::call("dig needs at least three arguments"));
    }
    let (default, mut map) = (a.get(a.len() - 2), plain(a.get(a.len() - 1))?);
    for i in 0..a.len() - 2 {
        let Some(key) = a.get(i).as_str() else {
            let name = if matches!(a.get(i), Value::Nil) {
                "nil"
            } else {
                a.get(i).type_name()
            };
            return Err(Fault::call(format!("interface conversion: interface {{}} is {name}, not string")));
        };
        let found = map.borrow().get(key).cloned();
        match found {
            None => return Ok(default.clone()),
            Some(value) if i + 3 == a.len() => return Ok(value),
            Some(inner) => map = plain(&inner)?,
        }
    }
    Ok(default.clone())
}

/// A dict of the plain type; `.Values` is of another, `.Values.AsMap` is one.
fn plain(value: &Value) -> Result<Map> {
    match value {
        Value::Map(map) if map.of() == Entries::Any => Ok(map.clone()),
        other => Err(Fault::call(format!(
            "interface conversion: interface {{}} is {}, not map[string]interface {{}}",
            if matches!(other, Value::Nil) { "nil" } else { other.type_name() }
        ))),
    }
}

fn merged(a: &Args<'_>, overwrite: bool) -> Result<Value> {
    let target = a.map(0)?;
    for i in 1..a.len() {
        if let Some(source) = a.map_or_nil(i)? {
            merge_into(&target, &source, overwrite);
        }
    }
    Ok(Value::Map(target))
}
