//! The values of a file's own names, put in their places.

use yaml::tree::{Node, Value};

use super::{Source, of_value};
use crate::expression::{Bindings, Expression, ExpressionError, OPEN, find, in_text};
use crate::files::diagnostic;

/// Puts values in the place of `vars`, `each` and `namespaces` in all values below a node. Other expressions stay, and so does what is faulty,
/// once it is reported.
pub(super) fn substitute(root: &mut Node, bindings: &Bindings, source: &mut Source<'_>) {
    match &mut root.value {
        Value::Scalar(scalar) if scalar.text.contains(OPEN) => match resolved(&scalar.text, bindings) {
            Ok(Resolved::Unchanged) => {}
            Ok(Resolved::Text(text)) => {
                scalar.text = text;
                scalar.plain = false;
            }
            Ok(Resolved::Value(value)) => *root = of_value(&value, root.span),
            Err(error) => {
                let diagnostic = diagnostic(&error, &scalar.text, root.span, source.file, source.text);
                source.diagnostics.push(diagnostic);
            }
        },
        Value::Scalar(_) => {}
        Value::Sequence(nodes) => nodes.iter_mut().for_each(|node| substitute(node, bindings, source)),
        Value::Mapping(entries) => entries.iter_mut().for_each(|entry| substitute(&mut entry.value, bindings, source)),
    }
}

enum Resolved {
    Unchanged,
    Text(String),
    Value(serde_json::Value),
}

fn resolved(text: &str, bindings: &Bindings) -> Result<Resolved, ExpressionError> {
    let Ok((found, rest)) = find(text) else {
        // The check of expressions says what is wrong.
        return Ok(Resolved::Unchanged);
    };
    let mut out = String::new();
    let mut changed = false;
    for part in &found {
        out.push_str(part.before);
        let Expression::Data(data) = &part.expression else {
            out.push_str(&text[part.range.clone()]);
            continue;
        };
        let value = bindings.get(data).map_err(|unknown| ExpressionError::of(part, unknown))?;
        if part.range == (0..text.len()) {
            return Ok(Resolved::Value(value.clone()));
        }
        out.push_str(&in_text(part, value)?);
        changed = true;
    }
    out.push_str(rest);
    Ok(if changed { Resolved::Text(out) } else { Resolved::Unchanged })
}
