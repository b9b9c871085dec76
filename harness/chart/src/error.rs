//! What can go wrong with a chart, with stable codes.

use std::fmt;
use std::path::PathBuf;

use crate::render::LookupKey;
use crate::template::{Fault, FaultKind};

/// Errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file of the chart or a values file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The folder is no valid chart.
    #[error("{path}: {message}")]
    Chart {
        /// The chart's folder or file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// The chart needs something that only the helm binary does.
    #[error("{path}: {message}; use the helm binary for this chart")]
    Unsupported {
        /// The chart's folder or file.
        path: PathBuf,
        /// What it needs.
        message: String,
    },
    /// Values that cannot be read or combined.
    #[error("{origin}: {message}")]
    Values {
        /// The values file or option.
        origin: String,
        /// What is wrong.
        message: String,
    },
    /// A template failed after it had asked for objects that [`RenderInput::lookups`](crate::RenderInput)
    /// says nothing about: add the answers and render again.
    #[error("objects of the cluster are asked for: {}", .0.iter().map(LookupKey::to_string).collect::<Vec<_>>().join(", "))]
    Lookups(Vec<LookupKey>),
    /// A template failed.
    #[error(transparent)]
    Render(#[from] Box<RenderError>),
}

impl Error {
    /// A stable code for reports.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Read { .. } => "chart-read",
            Error::Chart { .. } => "chart-invalid",
            Error::Unsupported { .. } => "chart-unsupported",
            Error::Values { .. } => "chart-values",
            Error::Lookups(_) => "chart-lookups",
            Error::Render(error) => error.code,
        }
    }
}

/// A template that failed, with its place; `Display` is Helm's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderError {
    /// `chart-template-parse`, `chart-template-run`, `chart-template-fail` (the chart
    /// itself said no), `chart-template-unsupported` or `chart-manifest`.
    pub code: &'static str,
    /// What is wrong, without the place.
    pub message: String,
    /// `<chart>/templates/<file>` where the fault is; `gotpl` is text run by `tpl`.
    pub file: String,
    /// Line in that file, from 1.
    pub line: usize,
    /// Column in that line, from 1.
    pub column: usize,
    /// The text of the line.
    pub excerpt: String,
    helm: String,
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.helm)
    }
}

impl std::error::Error for RenderError {}

impl RenderError {
    pub(crate) fn manifest(file: &str, line: usize, excerpt: &str, message: &str) -> Self {
        RenderError {
            code: "chart-manifest",
            message: message.to_owned(),
            file: file.to_owned(),
            line,
            column: 1,
            excerpt: excerpt.to_owned(),
            helm: format!("YAML parse error on {file}: {message}"),
        }
    }
}

impl From<Fault> for RenderError {
    fn from(fault: Fault) -> Self {
        let code = match fault.kind {
            FaultKind::Parse => "chart-template-parse",
            FaultKind::Run | FaultKind::Call => "chart-template-run",
            FaultKind::Chart => "chart-template-fail",
            FaultKind::Unsupported => "chart-template-unsupported",
        };
        let helm = helm_text(&fault);
        let innermost = fault.frames.into_iter().next();
        let (file, line, column, excerpt) = innermost.map_or_else(Default::default, |f| (f.file, f.line, f.column + 1, f.excerpt));
        RenderError {
            code,
            message: fault.message,
            file,
            line,
            column,
            excerpt,
            helm,
        }
    }
}

/// Helm's layout: the outermost place first, each with what ran there.
fn helm_text(fault: &Fault) -> String {
    let Some(outermost) = fault.frames.last() else {
        return fault.message.clone();
    };
    match fault.kind {
        FaultKind::Parse => return format!("parse error at ({}:{}): {}", outermost.file, outermost.line, fault.message),
        FaultKind::Chart => {
            let place = format!("{}:{}:{}", outermost.file, outermost.line, outermost.column);
            return format!("execution error at ({place}): {}", fault.message);
        }
        FaultKind::Run | FaultKind::Call | FaultKind::Unsupported => {}
    }
    if fault.one_line {
        return one_line(fault);
    }
    let mut text = String::new();
    for (depth, frame) in fault.frames.iter().enumerate().rev() {
        let what = if depth == 0 { fault.message.clone() } else { calling(&frame.node) };
        text.push_str(&format!(
            "{}:{}:{}\n  executing {:?} at <{}>:\n    {what}",
            frame.file, frame.line, frame.column, frame.executing, frame.node
        ));
        if depth > 0 {
            text.push('\n');
        }
    }
    text
}

/// Go's own layout.
fn one_line(fault: &Fault) -> String {
    let places = fault.frames.iter().enumerate().rev().map(|(depth, frame)| {
        let calling = if depth > 0 {
            format!(" {}", calling(&frame.node))
        } else {
            String::new()
        };
        format!(
            "{}template: {}:{}:{}: executing {:?} at <{}>:{calling}",
            frame.preface, frame.file, frame.line, frame.column, frame.executing, frame.node
        )
    });
    let places: Vec<String> = places.collect();
    format!("{} {}", places.join(" "), fault.message)
}

fn calling(node: &str) -> String {
    format!("error calling {}:", node.split(' ').next().unwrap_or(node))
}
