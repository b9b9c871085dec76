//! Field selectors: `metadata.name=x,status.phase!=Running`.

use crate::value::Value;

use crate::kinds::Kind;
use crate::status::Status;

#[derive(Clone, Debug)]
struct Term {
    pointer: String,
    absent: &'static str,
    value: String,
    equal: bool,
}

/// A conjunction of comparisons of fields.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldSelector {
    terms: Vec<Term>,
}

impl FieldSelector {
    /// Parses the `fieldSelector` parameter for objects of `kind`.
    ///
    /// # Errors
    /// 400 for what cannot be read, and for fields that the kind does not select by.
    pub(crate) fn parse(text: &str, kind: &Kind) -> Result<Self, Status> {
        let mut terms = vec![];
        for piece in split(text) {
            let Some((name, equal, value)) = comparison(&piece) else {
                return Err(Status::bad_request(format!(
                    "invalid selector: '{text}'; can't understand '{piece}'"
                )));
            };
            if name.is_empty() && value.is_empty() {
                continue;
            }
            let value = unescaped(&value)?;
            let (pointer, absent) = find(&name, kind)?;
            terms.push(Term {
                pointer,
                absent,
                value,
                equal,
            });
        }
        Ok(Self { terms })
    }

    /// Whether there is nothing to check.
    pub(crate) fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether the object is selected.
    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.terms.iter().all(|term| {
            let is_value = match object.pointer(&term.pointer) {
                None | Some(Value::Null) => term.absent == term.value,
                Some(Value::String(text)) => *text == term.value,
                // As text: a number is no text, but is selected by one.
                Some(other) => term.value == format!("{other}"),
            };
            is_value == term.equal
        })
    }

    /// The value that a field of all selected objects has, if the selector says so.
    pub(crate) fn required(&self, pointer: &str) -> Option<&str> {
        let mut terms = self.terms.iter().filter(|term| term.equal && term.pointer == pointer);
        terms.next().map(|term| term.value.as_str())
    }
}

/// The pointer of a selectable field, and its value where absent.
fn find(name: &str, kind: &Kind) -> Result<(String, &'static str), Status> {
    match name {
        "metadata.name" => return Ok(("/metadata/name".into(), "")),
        "metadata.namespace" => return Ok(("/metadata/namespace".into(), "")),
        _ => {}
    }
    if let Some(field) = kind.strategy.fields.iter().find(|field| field.name == name) {
        return Ok((field.pointer.into(), field.absent));
    }
    if kind.custom.as_ref().is_some_and(|c| c.selectable_fields.iter().any(|f| f == name)) {
        return Ok((format!("/{}", name.replace('.', "/")), ""));
    }
    let message = if kind.resource.qualified() == "jobs.batch" {
        format!("field label {name:?} not supported for batchv1.Job")
    } else if kind.strategy.fields.is_empty() && kind.custom.is_none() {
        format!("{name:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"")
    } else {
        format!("field label not supported: {name}")
    };
    Err(Status::bad_request(message))
}

/// A value without the backslashes that protect commas, equals signs and backslashes; nothing else may follow one.
fn unescaped(value: &str) -> Result<String, Status> {
    let mut text = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match (c, rest.clone().next()) {
            ('\\', Some(protected @ ('\\' | ',' | '='))) => {
                rest.next();
                text.push(protected);
            }
            ('\\', other) => {
                let sequence: String = std::iter::once(c).chain(other).collect();
                let message = format!("invalid field selector: invalid escape sequence: {sequence}");
                return Err(Status::bad_request(message));
            }
            _ => text.push(c),
        }
    }
    Ok(text)
}

/// Splits at commas that no backslash protects.
fn split(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == ',' && !escaped {
            pieces.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = pieces.last_mut() {
            last.push(c);
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

fn comparison(piece: &str) -> Option<(String, bool, String)> {
    let at = piece.find(['=', '!'])?;
    let (name, rest) = piece.split_at(at);
    for (sign, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some(value) = rest.strip_prefix(sign) {
            return Some((name.to_owned(), equal, value.to_owned()));
        }
    }
    None
}
