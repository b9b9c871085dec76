//! Our own file formats: types deserialised from a tree.
//!
//! Booleans are `true` and `false`. Where the type leaves it open (a `serde_json::Value`), a plain scalar that YAML 1.2
//! and Kubernetes read differently (`no`, `0755`, `1_000`) is refused, so that nobody has to know who reads the file.
//! Errors carry the place and, for misspelt fields and variants, a suggestion. Since the tree is at hand, a caller can
//! deserialise part by part and report every error of a file at once.
//!
//! ```
//! #[derive(serde::Deserialize, Debug)]
//! #[serde(deny_unknown_fields)]
//! struct Step {
//!     #[expect(dead_code, reason = "an example")]
//!     release: yaml::Spanned<String>,
//! }
//! let error = yaml::strict::from_str::<Step>("relaese: a\n").unwrap_err();
//! assert_eq!(error.to_string(), "line 1, column 1: unknown field `relaese`");
//! assert_eq!(error.help().as_deref(), Some("did you mean `release`?"));
//! ```

mod de;

use serde::de::DeserializeOwned;

use crate::tree::{self, Node, Scalar, Value};
use crate::{Error, ErrorKind, Span};

/// Reads the only document of a text.
///
/// # Errors
/// Not YAML, not one document, or not that type.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Error> {
    let root = tree::parse(text)?.unwrap_or_else(|| Node {
        span: Span {
            line: 1,
            column: 1,
            ..Span::default()
        },
        value: Value::Scalar(Scalar {
            text: String::new(),
            plain: true,
        }),
    });
    from_node(&root)
}

/// Reads a part of a tree.
///
/// # Errors
/// Not that type; the position is the innermost value or key at fault.
pub fn from_node<T: DeserializeOwned>(node: &Node) -> Result<T, Error> {
    T::deserialize(de::NodeDeserializer::new(node)).map_err(|failure| failure.at(node.span))
}

/// What Serde reports, before its place is known.
#[derive(Debug)]
pub(crate) struct Failure {
    kind: ErrorKind,
    span: Option<Span>,
}

impl Failure {
    fn new(kind: ErrorKind) -> Self {
        Self { kind, span: None }
    }

    /// The innermost place wins.
    fn within(mut self, span: Span) -> Self {
        self.span.get_or_insert(span);
        self
    }

    fn at(self, span: Span) -> Error {
        Error::new(self.span.unwrap_or(span), self.kind)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.kind.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl serde::de::Error for Failure {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::new(ErrorKind::Data(message.to_string()))
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(ErrorKind::UnknownField {
            field: field.to_owned(),
            expected,
        })
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(ErrorKind::UnknownVariant {
            variant: variant.to_owned(),
            expected,
        })
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(ErrorKind::MissingField(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Spanned;
    use rstest::rstest;
    use serde::Deserialize;
    use serde_json::json;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Deploy {
        release: Spanned<String>,
        #[serde(default)]
        wait: bool,
        #[serde(default)]
        weight: Option<f32>,
        #[serde(default)]
        values: serde_json::Value,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "camelCase")]
    enum Verb {
        Deploy(Deploy),
        Nothing,
    }

    #[test]
    fn values_with_places() {
        let steps: Vec<Verb> =
            from_str("- nothing\n- deploy:\n    release: no\n    wait: true\n    weight: 0.5\n    values: {a: [1, 'no']}\n").unwrap();
        let Verb::Deploy(deploy) = &steps[1] else { panic!("{steps:?}") };
        assert_eq!((deploy.release.as_str(), deploy.wait, deploy.weight), ("no", true, Some(0.5)));
        assert_eq!(
            deploy.release.span,
            Span {
                offset: 33,
                len: 2,
                line: 3,
                column: 14
            }
        );
        assert_eq!(deploy.values, json!({"a": [1, "no"]}));
    }

    #[rstest]
    #[case("- depoly: {release: a}\n", 1, 3, "unknown value `depoly`", Some("did you mean `deploy`?"))]
    #[case(
        "- deploy: {release: a, wiat: true}\n",
        1,
        24,
        "unknown field `wiat`",
        Some("did you mean `wait`?")
    )]
    #[case("- deploy: {wait: true}\n", 1, 11, "missing field `release`", None)]
    #[case(
        "- deploy: {release: a, wait: yes}\n",
        1,
        30,
        "invalid type: string \"yes\", expected a boolean",
        None
    )]
    #[case("- deploy:\n    release: [a]\n", 2, 14, "invalid type: sequence, expected a string", None)]
    #[case(
        "- deploy: {release: a, values: {x: no}}\n",
        1,
        36,
        "`no` is false to Kubernetes and Helm, but \"no\" to YAML 1.2",
        Some("write false, or \"no\" for the text")
    )]
    #[case(
        "- deploy: {release: a}\n  nothing: {}\n",
        2,
        3,
        "expected one key, found `deploy` and `nothing`",
        None
    )]
    #[case("- {}\n", 1, 3, "expected one key, found none", None)]
    fn errors(#[case] text: &str, #[case] line: usize, #[case] column: usize, #[case] message: &str, #[case] help: Option<&str>) {
        let error = from_str::<Vec<Verb>>(text).unwrap_err();
        assert_eq!((error.span.line, error.span.column), (line, column), "{error}");
        assert_eq!(error.kind.to_string(), message);
        assert_eq!(error.help().as_deref(), help);
    }
}
