//! Why a text is not the YAML that was asked for.

use crate::{Diagnostic, Span};

/// A YAML text that cannot be read, with the place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}, column {}: {kind}", span.line, span.column)]
pub struct Error {
    /// Where.
    pub span: Span,
    /// Why.
    pub kind: ErrorKind,
}

/// Why a YAML text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not YAML.
    #[error("{0}")]
    Syntax(String),
    /// One key twice in a mapping.
    #[error("duplicate key `{key}`, first at line {}", first.line)]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stood first.
        first: Span,
    },
    /// More nodes than the reader allows, usually by aliases of aliases.
    #[error("more than {limit} values, aliases counted as what they stand for")]
    TooLarge {
        /// How many are allowed.
        limit: usize,
    },
    /// Lists and mappings that lie too deep in each other.
    #[error("nested more than {limit} deep")]
    TooDeep {
        /// How deep they may.
        limit: usize,
    },
    /// A mapping key that is a list or a mapping.
    #[error("a mapping key must be a scalar")]
    KeyNotScalar,
    /// A `<<` whose value is no mapping.
    #[error("map merge requires a map or a list of maps as the value")]
    Merge,
    /// An application tag, or a value that its tag does not fit.
    #[error("tag `{0}` cannot be read here")]
    Tag(String),
    /// Infinity and not-a-number have no JSON form.
    #[error("`{0}` cannot be written as JSON")]
    NotJson(String),
    /// A plain scalar that YAML 1.2 and Kubernetes read differently, where the type does not decide.
    #[error("`{text}` is {kubernetes} to Kubernetes and Helm, but {core} to YAML 1.2")]
    Ambiguous {
        /// The scalar as written.
        text: String,
        /// Its value in Kubernetes' reading.
        kubernetes: String,
        /// Its value in YAML 1.2.
        core: String,
    },
    /// More or fewer documents than the one that was asked for.
    #[error("expected one document, found {0}")]
    Documents(usize),
    /// A field that the type does not have.
    #[error("unknown field `{field}`")]
    UnknownField {
        /// The field as written.
        field: String,
        /// What would have been allowed.
        expected: &'static [&'static str],
    },
    /// A variant that the type does not have.
    #[error("unknown value `{variant}`")]
    UnknownVariant {
        /// The variant as written.
        variant: String,
        /// What would have been allowed.
        expected: &'static [&'static str],
    },
    /// A required field is not there.
    #[error("missing field `{0}`")]
    MissingField(&'static str),
    /// The value does not fit the type.
    #[error("{0}")]
    Data(String),
}

impl Error {
    pub(crate) fn new(span: Span, kind: ErrorKind) -> Self {
        Self { span, kind }
    }

    /// A stable code for each kind, as diagnostics show it.
    pub fn code(&self) -> &'static str {
        match &self.kind {
            ErrorKind::Syntax(_) | ErrorKind::Merge => "yaml-syntax",
            ErrorKind::DuplicateKey { .. } => "yaml-duplicate-key",
            ErrorKind::TooLarge { .. } => "yaml-too-large",
            ErrorKind::TooDeep { .. } => "yaml-too-deep",
            ErrorKind::KeyNotScalar => "yaml-key",
            ErrorKind::Tag(_) => "yaml-tag",
            ErrorKind::NotJson(_) => "yaml-not-json",
            ErrorKind::Ambiguous { .. } => "yaml-ambiguous",
            ErrorKind::Documents(_) => "yaml-documents",
            ErrorKind::UnknownField { .. } => "unknown-field",
            ErrorKind::UnknownVariant { .. } => "unknown-value",
            ErrorKind::MissingField(_) => "missing-field",
            ErrorKind::Data(_) => "invalid-value",
        }
    }

    /// What the user may do about it, if there is something to say.
    pub fn help(&self) -> Option<String> {
        match &self.kind {
            ErrorKind::UnknownField { field, expected } => Some(crate::suggest::help(field, expected)),
            ErrorKind::UnknownVariant { variant, expected } => Some(crate::suggest::help(variant, expected)),
            ErrorKind::Ambiguous { text, kubernetes, .. } => Some(match kubernetes.as_str() {
                "true" | "false" => format!("write {kubernetes}, or \"{text}\" for the text"),
                _ => format!("quote it (\"{text}\"), or write the number in plain decimals"),
            }),
            _ => None,
        }
    }

    /// As a diagnostic about `file`.
    pub fn diagnostic(&self, file: impl Into<String>) -> Diagnostic {
        let mut diagnostic = Diagnostic::error(self.code(), self.kind.to_string()).at(file, self.span);
        diagnostic.help = self.help();
        diagnostic
    }
}
