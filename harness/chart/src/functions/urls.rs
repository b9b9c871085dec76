//! `urlParse` and `urlJoin`.

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("urlParse", 1, 1, parse),
    function("urlJoin", 1, 1, join),
    // Helm answers with nothing unless --enable-dns is given.
    function("getHostByName", 1, 1, |_, _| Ok(Value::str(""))),
];

fn parse(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let url = a.str(0)?;
    if url.contains('%') {
        return Err(Fault::unsupported(
            "urlParse of a URL with escapes is not supported by the native renderer",
        ));
    }
    let (rest, fragment) = url.split_once('#').unwrap_or((url, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (scheme, rest) = match rest.split_once(':') {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_lowercase(), rest),
        _ => (String::new(), rest),
    };
    let (authority, path, opaque) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (authority, path, "")
        }
        None if !scheme.is_empty() && !rest.starts_with('/') => ("", "", rest),
        None => ("", rest, ""),
    };
    let (userinfo, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let hostname = match host.strip_prefix('[').and_then(|h| h.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    Ok(Value::map([
        ("scheme", Value::str(scheme)),
        ("host", Value::str(host)),
        ("hostname", Value::str(hostname)),
        ("path", Value::str(path)),
        ("query", Value::str(query)),
        ("opaque", Value::str(opaque)),
        ("fragment", Value::str(fragment)),
        ("userinfo", Value::str(userinfo)),
    ]))
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn join(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let map = Value::Map(a.map(0)?);
    let part = |name: &str| map.get(name).as_str().unwrap_or_default().to_owned();
    let mut url = String::new();
    let (scheme, host, userinfo) = (part("scheme"), part("host"), part("userinfo"));
    if !scheme.is_empty() {
        url.push_str(&scheme);
        url.push(':');
    }
    let opaque = part("opaque");
    if opaque.is_empty() {
        if !scheme.is_empty() || !host.is_empty() || !userinfo.is_empty() {
            url.push_str("//");
            if !userinfo.is_empty() {
                url.push_str(&userinfo);
                url.push('@');
            }
            url.push_str(&host);
        }
        let path = part("path");
        if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
            url.push('/');
        }
        url.push_str(&path);
    } else {
        url.push_str(&opaque);
    }
    for (mark, name) in [('?', "query"), ('#', "fragment")] {
        let text = part(name);
        if !text.is_empty() {
            url.push(mark);
            url.push_str(&text);
        }
    }
    Ok(Value::str(url))
}
