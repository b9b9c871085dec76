//! Sprig's regular expressions. Go's RE2 and the `regex` crate share syntax;
//! `$name` in replacements follows Go's rule, which both have.

use regex::Regex;

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("regexMatch", 2, 2, |_, a| Ok(Value::Bool(compile(a)?.is_match(a.str(1)?)))),
    function("mustRegexMatch", 2, 2, |_, a| Ok(Value::Bool(compile(a)?.is_match(a.str(1)?)))),
    function("regexFind", 2, 2, find),
    function("mustRegexFind", 2, 2, find),
    function("regexFindAll", 3, 3, find_all),
    function("mustRegexFindAll", 3, 3, find_all),
    function("regexReplaceAll", 3, 3, replace),
    function("mustRegexReplaceAll", 3, 3, replace),
    function("regexReplaceAllLiteral", 3, 3, replace_literal),
    function("mustRegexReplaceAllLiteral", 3, 3, replace_literal),
    function("regexSplit", 3, 3, split),
    function("mustRegexSplit", 3, 3, split),
    function("regexQuoteMeta", 1, 1, |_, a| Ok(Value::str(quote_meta(a.str(0)?)))),
];

fn compile(a: &Args<'_>) -> Result<Regex> {
    Regex::new(a.str(0)?).map_err(|error| Fault::call(format!("error parsing regexp: {error}")))
}

fn find(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    Ok(Value::str(compile(a)?.find(a.str(1)?).map_or("", |found| found.as_str())))
}

fn limit(n: i64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn find_all(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let regex = compile(a)?;
    let found = regex.find_iter(a.str(1)?).take(limit(a.int(2)?));
    Ok(Value::list(found.map(|m| Value::str(m.as_str())).collect()))
}

fn replace(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    Ok(Value::str(compile(a)?.replace_all(a.str(1)?, a.str(2)?)))
}

fn replace_literal(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    Ok(Value::str(compile(a)?.replace_all(a.str(1)?, regex::NoExpand(a.str(2)?))))
}

fn split(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (regex, n) = (compile(a)?, a.int(2)?);
    let parts = regex.splitn(a.str(1)?, limit(n));
    Ok(Value::list(parts.map(Value::str).collect()))
}

fn quote_meta(text: &str) -> String {
    text.chars()
        .flat_map(|c| r"\.+*?()|[]{}^$".contains(c).then_some('\\').into_iter().chain([c]))
        .collect()
}
