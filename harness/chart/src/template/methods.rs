//! Methods of Helm's `common.Values`, the type of `.Values`.

use super::{Entries, Fault, Map, Result, Value, quoted, to_yaml};

/// Calls a method; `None`: there is none of that name.
pub(super) fn call(values: &Map, name: &str, args: &[Value]) -> Option<Result<Value>> {
    Some(match (name, args) {
        ("AsMap", []) => Ok(Value::Map(values.typed(Entries::Any))),
        ("YAML", []) => to_yaml(&Value::Map(values.clone())).map(|text| Value::str(text + "\n")),
        ("Table", [Value::Str(path)]) => table(values, path).map(|found| Value::Map(found.typed(Entries::Values))),
        ("PathValue", [Value::Str(path)]) => value_at(values, path),
        _ => return None,
    })
}

/// The table at a path such as `a.b`.
fn table(values: &Map, path: &str) -> Result<Map> {
    path.split('.').try_fold(values.clone(), |table, key| {
        let found = table.borrow().get(key).cloned();
        match found {
            Some(Value::Map(inner)) => Ok(inner),
            _ => Err(Fault::call(format!("{} is not a table", quoted(key)))),
        }
    })
}

/// The value at a path, which may be no table.
fn value_at(values: &Map, path: &str) -> Result<Value> {
    let (parent, key) = path.rsplit_once('.').map_or((None, path), |(parent, key)| (Some(parent), key));
    let missing = || Fault::call(format!("{} is not a value", quoted(key)));
    let table = parent.map_or_else(|| Ok(values.clone()), |parent| table(values, parent).map_err(|_| missing()))?;
    let found = table.borrow().get(key).cloned();
    found.filter(|value| !matches!(value, Value::Map(_))).ok_or_else(missing)
}
