//! Signatures of everything that expressions can call: the operators, CEL's own functions and Kubernetes' libraries.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::types::Type;

/// One way to call a function.
#[derive(Debug)]
pub(super) struct Overload {
    /// Called as `x.f()`; the first parameter is `x`.
    pub(super) method: bool,
    pub(super) parameters: Vec<Type<'static>>,
    pub(super) result: Type<'static>,
}

/// All functions by name.
pub(super) static FUNCTIONS: LazyLock<BTreeMap<&'static str, Vec<Overload>>> = LazyLock::new(|| {
    let mut functions: BTreeMap<&'static str, Vec<Overload>> = BTreeMap::new();
    for line in SIGNATURES.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if let Some((name, overload)) = signature(line) {
            functions.entry(name).or_default().push(overload);
        }
    }
    functions
});

/// `name (parameters) result`, or `name type.(parameters) result` for methods.
fn signature(line: &'static str) -> Option<(&'static str, Overload)> {
    let (name, rest) = line.split_once(' ')?;
    let mut text = rest;
    let mut parameters = vec![];
    let method = !text.starts_with('(');
    if method {
        parameters.push(parse(&mut text)?);
        text = text.strip_prefix('.')?;
    }
    text = text.strip_prefix('(')?;
    while !text.starts_with(')') {
        parameters.push(parse(&mut text)?);
        text = text.trim_start_matches([',', ' ']);
    }
    text = text[1..].trim_start();
    let result = parse(&mut text)?;
    text.is_empty().then_some((
        name,
        Overload {
            method,
            parameters,
            result,
        },
    ))
}

/// Takes a type from the beginning of a text.
fn parse(text: &mut &'static str) -> Option<Type<'static>> {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    *text = rest;
    let mut inner = || {
        let mut list = vec![];
        *text = text.strip_prefix('(')?;
        while !text.starts_with(')') {
            list.push(parse(text)?);
            *text = text.trim_start_matches([',', ' ']);
        }
        *text = &text[1..];
        Some(list.into_iter())
    };
    Some(match word {
        "dyn" => Type::Dyn,
        "null" => Type::Null,
        "bool" => Type::Bool,
        "int" => Type::Int,
        "uint" => Type::Uint,
        "double" => Type::Double,
        "string" => Type::String,
        "bytes" => Type::Bytes,
        "timestamp" => Type::Timestamp,
        "duration" => Type::Duration,
        "list" => Type::list(inner()?.next()?),
        "optional" => Type::optional(inner()?.next()?),
        "map" => {
            let mut both = inner()?;
            Type::map(both.next()?, both.next()?)
        }
        "" => return None,
        one if one.len() == 1 => Type::Parameter(one.chars().next()?),
        "authorizer" => Type::Opaque("kubernetes.authorization.Authorizer"),
        opaque => Type::Opaque(opaque),
    })
}

/// What is not here is refused when an expression is compiled.
const SIGNATURES: &str = include_str!("functions.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_read() {
        let lines = SIGNATURES.lines().filter(|line| !line.trim().is_empty());
        let unread: Vec<&str> = lines.filter(|line| signature(line.trim()).is_none()).collect();
        assert!(unread.is_empty(), "{unread:?}");
    }
}
