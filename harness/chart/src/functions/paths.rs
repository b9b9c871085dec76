//! Slash-separated paths, as Go's package `path` treats them.

use super::{Function, function};
use crate::template::Value;

pub(super) const TABLE: &[Function] = &[
    function("base", 1, 1, |_, a| Ok(Value::str(base(a.str(0)?)))),
    function("dir", 1, 1, |_, a| {
        let path = a.str(0)?;
        Ok(Value::str(clean(path.rfind('/').map_or("", |i| &path[..=i]))))
    }),
    function("clean", 1, 1, |_, a| Ok(Value::str(clean(a.str(0)?)))),
    function("ext", 1, 1, |_, a| {
        let name = a.str(0)?.rsplit('/').next().unwrap_or("");
        Ok(Value::str(name.rfind('.').map_or("", |i| &name[i..])))
    }),
    function("isAbs", 1, 1, |_, a| Ok(Value::Bool(a.str(0)?.starts_with('/')))),
];

/// The last element; `.` for nothing, `/` for slashes only.
pub(crate) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        "/"
    } else {
        trimmed.rsplit('/').next().unwrap_or(trimmed)
    }
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".into(),
        (false, false) => parts.join("/"),
    }
}
