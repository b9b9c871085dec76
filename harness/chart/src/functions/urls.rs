//! `urlParse` and `urlJoin`, with Go's rules for URLs.

use super::{Args, Function, function, url_escapes};
use crate::template::{Engine, Fault, Result, Value, quoted};
use url_escapes::Part;

pub(super) const TABLE: &[Function] = &[
    function("urlParse", 1, 1, |_, a| {
        let url = a.str(0)?;
        let parsed = parse(url).map_err(|error| {
            Fault::call({
                let shown = url.split_once('#').map_or(url, |(main, _)| main);
                format!("unable to parse url: parse {}: {error}", quoted(shown))
            })
        })?;
        let hostname = hostname(&parsed.host).to_owned();
        Ok(Value::map([
            ("scheme", Value::str(parsed.scheme)),
            ("host", Value::str(parsed.host)),
            ("hostname", Value::str(hostname)),
            ("path", Value::str(parsed.path)),
            ("query", Value::str(parsed.query)),
            ("opaque", Value::str(parsed.opaque)),
            ("fragment", Value::str(parsed.fragment)),
            ("userinfo", Value::str(parsed.userinfo)),
        ]))
    }),
    function("urlJoin", 1, 1, join),
    // Helm answers with nothing unless --enable-dns is given.
    function("getHostByName", 1, 1, |_, a| a.str(0).map(|_| Value::str(""))),
];

/// A URL's parts, without escapes except those of the query and the user.
#[derive(Default)]
struct Url {
    scheme: String,
    opaque: String,
    userinfo: String,
    host: String,
    path: String,
    query: String,
    fragment: String,
}

fn parse(text: &str) -> std::result::Result<Url, String> {
    let (main, fragment) = text.split_once('#').unwrap_or((text, ""));
    if main.bytes().any(|b| b < 0x20 || b == 0x7f) {
        return Err("net/url: invalid control character in URL".into());
    }
    let (scheme, rest) = scheme(main)?;
    let mut url = Url {
        scheme: scheme.to_ascii_lowercase(),
        fragment: url_escapes::unescaped(fragment, Part::Fragment)?,
        ..Url::default()
    };
    let (mut rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    url.query = query.to_owned();
    if !rest.starts_with('/') {
        if !url.scheme.is_empty() {
            url.opaque = rest.to_owned();
            return Ok(url);
        }
        if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
            return Err("first path segment in URL cannot contain colon".into());
        }
    }
    if rest.starts_with("//") && (!url.scheme.is_empty() || !rest.starts_with("///")) {
        let authority = &rest[2..];
        let end = authority.find('/').unwrap_or(authority.len());
        (url.userinfo, url.host) = self::authority(&authority[..end])?;
        rest = &authority[end..];
    }
    url.path = url_escapes::unescaped(rest, Part::Path)?;
    Ok(url)
}

fn scheme(text: &str) -> std::result::Result<(&str, &str), String> {
    for (i, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if i > 0 => {}
            ':' if i == 0 => return Err("missing protocol scheme".into()),
            ':' => return Ok((&text[..i], &text[i + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

/// The user, escaped anew, and the host.
fn authority(text: &str) -> std::result::Result<(String, String), String> {
    let (userinfo, host) = text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host));
    let host = self::host(host)?;
    let Some(userinfo) = userinfo else {
        return Ok((String::new(), host));
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !userinfo.chars().all(allowed) {
        return Err("net/url: invalid userinfo".into());
    }
    let anew = |part: &str| url_escapes::unescaped(part, Part::User).map(|part| url_escapes::escaped(&part, Part::User));
    let shown = match userinfo.split_once(':') {
        Some((name, password)) => format!("{}:{}", anew(name)?, anew(password)?),
        None => anew(userinfo)?,
    };
    Ok((shown, host))
}

fn host(text: &str) -> std::result::Result<String, String> {
    if text.find('[').is_some_and(|at| at > 0) {
        return Err("invalid IP-literal".into());
    }
    let port = if text.starts_with('[') {
        let end = text.rfind(']').ok_or("missing ']' in host")?;
        &text[end + 1..]
    } else {
        text.rfind(':').map_or("", |at| &text[at..])
    };
    let digits = port.strip_prefix(':').unwrap_or(port);
    if (!port.is_empty() && !port.starts_with(':')) || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(format!("invalid port {} after host", quoted(port)));
    }
    url_escapes::unescaped(text, Part::Host)
}

/// The host without its port and brackets.
fn hostname(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((inner, _)) => inner,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    }
}

fn join(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let map = a.map(0)?;
    let part = |name: &str| match map.borrow().get(name) {
        None => Ok(String::new()),
        Some(Value::Str(text)) => Ok(text.to_string()),
        Some(other) => {
            let message = format!("unable to parse {name} key, must be of type string, but {} found", other.kind());
            Err(Fault::call(message))
        }
    };
    let mut url = Url {
        scheme: part("scheme")?,
        host: part("host")?,
        path: part("path")?,
        query: part("query")?,
        opaque: part("opaque")?,
        fragment: part("fragment")?,
        userinfo: part("userinfo")?,
    };
    if !url.userinfo.is_empty() {
        let whole = format!("proto://{}@host", url.userinfo);
        let unreadable = |error| Fault::call(format!("unable to parse userinfo in dict: parse {}: {error}", quoted(&whole)));
        url.userinfo = parse(&whole).map_err(unreadable)?.userinfo;
    }
    Ok(Value::str(url.text()))
}

impl Url {
    fn text(&self) -> String {
        let mut out = String::new();
        if !self.scheme.is_empty() {
            out.push_str(&self.scheme);
            out.push(':');
        }
        if self.opaque.is_empty() {
            let named = !self.host.is_empty() || !self.userinfo.is_empty();
            if named || (!self.scheme.is_empty() && !self.path.is_empty()) {
                out.push_str("//");
            }
            if !self.userinfo.is_empty() {
                out.push_str(&self.userinfo);
                out.push('@');
            }
            out.push_str(&url_escapes::escaped(&self.host, Part::Host));
            if !self.path.is_empty() && !self.path.starts_with('/') && !self.host.is_empty() {
                out.push('/');
            }
            // A colon in the first segment would be taken for a scheme's.
            if out.is_empty() && self.path.split('/').next().is_some_and(|segment| segment.contains(':')) {
                out.push_str("./");
            }
            out.push_str(&url_escapes::escaped(&self.path, Part::Path));
        } else {
            out.push_str(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push('?');
            out.push_str(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push('#');
            out.push_str(&url_escapes::escaped(&self.fragment, Part::Fragment));
        }
        out
    }
}
