//! What goes wrong while a template runs, before it has a place.

use super::Value;

/// Result of a template function or node.
pub(crate) type Result<T> = std::result::Result<T, Fault>;

/// Where and in which words a fault was met, innermost frame first.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// The file: `<chart>/templates/x.yaml`, or `gotpl` inside `tpl`.
    pub(crate) file: String,
    /// The running template: the file or the name of a `define`.
    pub(crate) executing: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The node, as Go prints it between `<` and `>`.
    pub(crate) node: String,
    /// The text of the line.
    pub(crate) excerpt: String,
    /// What the function that ran this template says before the place.
    pub(crate) preface: String,
}

/// Which of Helm's error families a fault belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// Met while running a node.
    Run,
    /// Returned by a function; the caller adds `error calling NAME`.
    Call,
    /// Raised by the chart itself: `fail`, `required`.
    Chart,
    /// A template does not parse or names an unknown function.
    Parse,
    /// A construct that Helm has and this renderer refuses.
    Unsupported,
}

/// A fault of a template.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    pub(crate) message: String,
    pub(crate) frames: Vec<Frame>,
    /// A node of the running template has given it a place.
    pub(crate) placed: bool,
    /// The argument at fault, counted from 0, and the Go type it should have.
    pub(crate) argument: Option<(usize, &'static str)>,
    /// A function's own error is at the bottom: Helm then shows all in Go's words, on one line.
    pub(crate) one_line: bool,
}

impl Fault {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self::of(FaultKind::Run, message)
    }

    /// A function's own error.
    pub(crate) fn call(message: impl Into<String>) -> Self {
        Self::of(FaultKind::Call, message)
    }

    pub(crate) fn of(kind: FaultKind, message: impl Into<String>) -> Self {
        Fault {
            kind,
            message: message.into(),
            frames: Vec::new(),
            placed: false,
            argument: None,
            one_line: false,
        }
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::of(FaultKind::Unsupported, message)
    }

    /// Says which function or method returned the error.
    pub(crate) fn calling(mut self, name: &str) -> Self {
        if self.kind == FaultKind::Call {
            self.kind = FaultKind::Run;
            self.one_line = true;
            self.message = format!("error calling {name}: {}", self.message);
        }
        self
    }

    /// Go's words for an argument of the wrong type.
    pub(crate) fn wrong_type(expected: &str, got: &Value) -> Self {
        match got {
            // A nil in a template is an interface that holds nothing.
            Value::Nil => Self::new(format!("wrong type for value; expected {expected}; got interface {{}}")),
            _ => Self::new(format!("wrong type for value; expected {expected}; got {}", got.type_name())),
        }
    }
}
