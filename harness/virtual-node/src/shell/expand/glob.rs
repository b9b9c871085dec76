//! Patterns of paths, against a container's files.

use super::fields::Field;
use super::pattern::Pattern;
use crate::program::Files;

/// Whether a field is a pattern.
pub(crate) fn is_pattern(field: &Field) -> bool {
    field.iter().any(|(text, quoted)| !quoted && text.contains(['*', '?', '[']))
}

/// The paths that match a field, sorted, as they are written from `folder`.
pub(crate) fn paths(files: &Files, folder: &str, field: &Field) -> Vec<String> {
    let absolute = field.first().is_some_and(|(text, _)| text.starts_with('/'));
    let base = if absolute { "/" } else { folder };
    let mut found = vec![(
        if absolute { "/".to_owned() } else { String::new() },
        base.trim_end_matches('/').to_owned(),
    )];
    let segments = segments(field);
    let last = segments.len().saturating_sub(1);
    for (at, segment) in segments.iter().enumerate() {
        let literal: String = segment.iter().map(|(text, _)| text.as_str()).collect();
        if literal.is_empty() && at < last {
            continue;
        }
        let mut next = Vec::new();
        for (shown, real) in found {
            let join = |name: &str| {
                (
                    format!("{shown}{name}{}", if at < last { "/" } else { "" }),
                    format!("{real}/{name}"),
                )
            };
            if !is_pattern(segment) {
                let (shown, real) = join(&literal);
                if files.is_folder(&real) || (at == last && files.read(&real).is_ok()) {
                    next.push((shown, real));
                }
                continue;
            }
            let pattern = Pattern::new(segment.iter().map(|(text, quoted)| (text.as_str(), *quoted)));
            for (name, entry) in files.entries(&real).unwrap_or_default() {
                let hidden = name.starts_with('.') && !literal.starts_with('.');
                if !hidden && pattern.matches(&name) && (at == last || entry.is_folder()) {
                    next.push(join(&name));
                }
            }
        }
        found = next;
    }
    found.into_iter().map(|(shown, _)| shown).collect()
}

/// A field's parts between slashes.
fn segments(field: &Field) -> Vec<Field> {
    let mut segments = vec![Field::new()];
    for (text, quoted) in field {
        for (at, part) in text.split('/').enumerate() {
            if at > 0 {
                segments.push(Field::new());
            }
            if let Some(last) = segments.last_mut().filter(|_| !part.is_empty()) {
                last.push((part.to_owned(), *quoted));
            }
        }
    }
    segments
}
