//! What a check says about a file, and how it looks on a console.

use std::collections::BTreeMap;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use serde::Serialize;

use crate::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// It can be used, but hardly does what its author wants.
    Warning,
    /// Worth knowing.
    Note,
}

/// One statement about a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Stable name of the rule, in kebab case, for filters and documentation.
    pub code: &'static str,
    /// What is wrong, one line.
    pub message: String,
    /// The file, as the user named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Where in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Further facts, such as what Flyte would do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// A statement of the given severity, without place.
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            file: None,
            span: None,
            help: None,
            notes: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Places it.
    #[must_use]
    pub fn at(mut self, file: impl Into<String>, span: Span) -> Self {
        self.file = Some(file.into());
        self.span = (span.line > 0).then_some(span);
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a further fact.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }
}

/// What a check found, in file order after [`sort`](Diagnostics::sort).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// In order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Orders by file, then place.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| (&a.file, a.span).cmp(&(&b.file, b.span)));
    }

    /// Leaves one of those that are the same; they must be sorted.
    pub fn dedup(&mut self) {
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.0.len());
        for diagnostic in self.0.drain(..) {
            let place = |other: &&Diagnostic| (&other.file, other.span) == (&diagnostic.file, diagnostic.span);
            if !kept.iter().rev().take_while(place).any(|other| *other == diagnostic) {
                kept.push(diagnostic);
            }
        }
        self.0 = kept;
    }

    /// For a console: each with the lines it is about, as far as `sources` holds the file.
    pub fn render(&self, sources: &Sources, color: bool) -> String {
        let texts: Vec<String> = self.0.iter().map(|diagnostic| render(diagnostic, sources, color)).collect();
        texts.join("\n\n")
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.0.extend(diagnostics);
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self(diagnostics.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

/// The texts that excerpts are cut from, by the file name that diagnostics use.
#[derive(Clone, Debug, Default)]
pub struct Sources(BTreeMap<String, String>);

impl Extend<(String, String)> for Sources {
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, texts: I) {
        self.0.extend(texts);
    }
}

impl IntoIterator for Sources {
    type Item = (String, String);
    type IntoIter = std::collections::btree_map::IntoIter<String, String>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Sources {
    /// Adds a file's text.
    pub fn add(&mut self, file: impl Into<String>, text: impl Into<String>) {
        self.0.insert(file.into(), text.into());
    }

    /// A file's text.
    pub fn get(&self, file: &str) -> Option<&str> {
        self.0.get(file).map(String::as_str)
    }
}

fn render(diagnostic: &Diagnostic, sources: &Sources, color: bool) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let file = diagnostic.file.as_deref();
    let source = file.and_then(|file| sources.get(file));
    let place: Option<Element<'_>> = match (file, source, diagnostic.span) {
        (Some(file), Some(source), Some(span)) if source.get(span.range()).is_some() => {
            let mark = AnnotationKind::Primary.span(span.range());
            Some(Snippet::source(source).path(file).annotation(mark).into())
        }
        (Some(file), _, Some(span)) => Some(Origin::path(file).line(span.line).char_column(span.column).into()),
        (Some(file), _, None) => Some(Origin::path(file).into()),
        (None, ..) => None,
    };
    let notes = diagnostic.notes.iter().map(|note| Level::NOTE.message(note.as_str()));
    let help = diagnostic.help.iter().map(|help| Level::HELP.message(help.as_str()));
    let report = level
        .primary_title(diagnostic.message.as_str())
        .id(diagnostic.code)
        .elements(place)
        .elements(notes)
        .elements(help);
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    renderer.render(&[report])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_with_caret_help_and_note() {
        let text = "steps:\n  - depoly: {}\n";
        let mut sources = Sources::default();
        sources.add("scenario.yaml", text);
        let node = crate::tree::parse(text).unwrap().unwrap();
        let key = node.at([crate::tree::Step::Key("steps"), 0.into()]).unwrap().mapping().unwrap()[0].key_span;
        let diagnostics: Diagnostics = Diagnostic::error("unknown-verb", "unknown verb `depoly`")
            .at("scenario.yaml", key)
            .note("a step is one verb")
            .help("did you mean `deploy`?")
            .into();
        let expected = "\
error[unknown-verb]: unknown verb `depoly`
 --> scenario.yaml:2:5
  |
2 |   - depoly: {}
  |     ^^^^^^
  |
  = note: a step is one verb
  = help: did you mean `deploy`?";
        assert_eq!(diagnostics.render(&sources, false), expected);
        assert!(diagnostics.render(&sources, true).contains('\u{1b}'));
        let json = serde_json::to_value(&diagnostics).unwrap();
        assert_eq!(json[0]["span"]["line"], 2);
    }

    #[test]
    fn without_text_the_place_is_named() {
        let span = Span {
            offset: 90,
            len: 2,
            line: 7,
            column: 3,
        };
        let diagnostics: Diagnostics = Diagnostic::warning("capitals", "x").at("values.yaml", span).into();
        let rendered = diagnostics.render(&Sources::default(), false);
        assert_eq!(rendered, "warning[capitals]: x\n--> values.yaml:7:3");
    }
}
