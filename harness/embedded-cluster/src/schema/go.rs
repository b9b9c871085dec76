//! Values as Go's `%v` prints them, which some of Kubernetes' messages contain.

use std::fmt::Write as _;

use crate::value::Value;

/// `{"a":{"b":[1,"x"]}}` prints as `map[a:map[b:[1 x]]]`.
pub(crate) fn format(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("<nil>"),
        Value::String(text) => out.push_str(text),
        Value::Bool(_) | Value::Number(_) => {
            let _ = write!(out, "{value}");
        }
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            let mut keys: Vec<_> = object.iter().collect();
            keys.sort_by_key(|(a, _)| *a);
            out.push_str("map[");
            for (index, (key, value)) in keys.into_iter().enumerate() {
                if index > 0 {
                    out.push(' ');
                }
                out.push_str(key);
                out.push(':');
                write(value, out);
            }
            out.push(']');
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::value::json;

    #[test]
    fn prints_maps_sorted_and_lists_with_blanks() {
        let value = json!({"$patch": "frob", "name": "a", "n": [1, {"x": null}]});
        assert_eq!(super::format(&value), "map[$patch:frob n:[1 map[x:<nil>]] name:a]");
    }
}
