//! Expressions inside texts and values.

use std::ops::Range;

use serde_json::Value;

use super::{Expression, ExpressionError, Names};

/// What an expression starts with.
pub const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// An expression in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found<'t> {
    /// The expression.
    pub expression: Expression,
    /// The bytes from `${{` to `}}`.
    pub range: Range<usize>,
    /// The text before it, from the end of the one before.
    pub before: &'t str,
}

/// The expressions of a text, in order, and the text after the last one.
///
/// # Errors
/// An expression that is not closed or not of the grammar.
pub fn find(text: &str) -> Result<(Vec<Found<'_>>, &str), ExpressionError> {
    let mut found = Vec::new();
    let mut done = 0;
    while let Some(open) = text[done..].find(OPEN).map(|at| done + at) {
        let inner = open + OPEN.len();
        let Some(close) = text[inner..].find(CLOSE).map(|at| inner + at) else {
            let message = format!("`{OPEN}` has no `{CLOSE}`");
            return Err(ExpressionError {
                range: open..text.len(),
                message,
                help: None,
            });
        };
        let expression = Expression::parse(&text[inner..close], inner)?;
        found.push(Found {
            expression,
            range: open..close + CLOSE.len(),
            before: &text[done..open],
        });
        done = close + CLOSE.len();
    }
    Ok((found, &text[done..]))
}

/// The text with its expressions replaced: a text, unless all of it is one expression, whose value it then is, of whatever type.
///
/// # Errors
/// A faulty expression, one without value, or one among other text whose value is a list or a map.
pub fn interpolate(text: &str, names: &dyn Names) -> Result<Value, ExpressionError> {
    let (found, rest) = find(text)?;
    if let [whole] = found.as_slice()
        && whole.range == (0..text.len())
    {
        return value(whole, names);
    }
    join(&found, rest, names).map(Value::String)
}

/// As [`interpolate`], where only a text can stand.
///
/// # Errors
/// As [`interpolate`].
pub fn interpolate_text(text: &str, names: &dyn Names) -> Result<String, ExpressionError> {
    let (found, rest) = find(text)?;
    join(&found, rest, names)
}

fn join(found: &[Found<'_>], rest: &str, names: &dyn Names) -> Result<String, ExpressionError> {
    let mut out = String::new();
    for part in found {
        out.push_str(part.before);
        out.push_str(&in_text(part, &value(part, names)?)?);
    }
    out.push_str(rest);
    Ok(out)
}

fn value(part: &Found<'_>, names: &dyn Names) -> Result<Value, ExpressionError> {
    names.resolve(&part.expression).map_err(|why| ExpressionError {
        range: part.range.clone(),
        message: format!("`{}` has no value: {why}", part.expression),
        help: None,
    })
}

/// A value among other text.
pub(crate) fn in_text(part: &Found<'_>, value: &Value) -> Result<String, ExpressionError> {
    let what = match value {
        Value::String(text) => return Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => return Ok(value.to_string()),
        Value::Null => "null",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    };
    Err(ExpressionError {
        range: part.range.clone(),
        message: format!("`{}` is {what}, which cannot stand in a text", part.expression),
        help: None,
    })
}

/// The value with the expressions in its texts replaced; keys stay as they are.
///
/// # Errors
/// As [`interpolate`].
pub fn interpolate_value(value: &Value, names: &dyn Names) -> Result<Value, ExpressionError> {
    Ok(match value {
        Value::String(text) => interpolate(text, names)?,
        Value::Array(items) => Value::Array(items.iter().map(|item| interpolate_value(item, names)).collect::<Result<_, _>>()?),
        Value::Object(map) => {
            let entries = map.iter().map(|(key, value)| Ok((key.clone(), interpolate_value(value, names)?)));
            Value::Object(entries.collect::<Result<_, ExpressionError>>()?)
        }
        other => other.clone(),
    })
}
