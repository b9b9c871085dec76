//! The grammar: names joined by dots, `['...']` after `services`.
//!
//! What an expression names is found here; whether it is there, by [`Known`](super::Known) and [`Bindings`](super::Bindings).

use std::fmt;
use std::ops::Range;

use super::ExpressionError;
use crate::ClusterId;

/// One expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// URL of a cluster's API server.
    Api {
        /// The cluster.
        cluster: ClusterId,
        /// From where.
        from: Vantage,
    },
    /// `host:port` of a cluster's Ingress, from other clusters' pods.
    Ingress {
        /// The cluster.
        cluster: ClusterId,
    },
    /// `host:port` of a Service, from other clusters' pods.
    Service {
        /// The cluster.
        cluster: ClusterId,
        /// The Service's namespace.
        namespace: String,
        /// The Service's name.
        name: String,
        /// The Service's port.
        port: u16,
    },
    /// A value that the file itself gives.
    Data(Data),
    /// What an earlier step found.
    Output(Output),
    /// The run's id.
    RunId,
    /// The run's seed.
    RunSeed,
}

/// A value that the file itself gives: `vars.<name>`, `each.<name>`, `namespaces.<name>`, and the way into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Data {
    /// Where it is given.
    pub source: Source,
    /// Its name there.
    pub name: String,
    /// Keys of maps, and places in lists (from 0), on the way to a part of it.
    pub path: Vec<String>,
}

/// Where a file gives values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `vars`, and the axes of the `matrix`.
    Vars,
    /// The `for` around a step.
    Each,
    /// `namespaces`: their names in the clusters.
    Namespaces,
}

impl Source {
    /// As written.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Vars => "vars",
            Source::Each => "each",
            Source::Namespaces => "namespaces",
        }
    }
}

/// What an earlier step found: `steps.<id>.<output>`, with the cluster behind it if the step ran on several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The step's id.
    pub step: String,
    /// Which of its outputs.
    pub name: String,
    /// On which cluster.
    pub cluster: Option<ClusterId>,
}

/// From where an address is to be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vantage {
    /// From pods of other clusters.
    Pods,
    /// From this machine.
    Host,
}

impl Expression {
    /// The cluster that it names.
    pub fn cluster(&self) -> Option<&ClusterId> {
        match self {
            Expression::Api { cluster, .. } | Expression::Ingress { cluster } | Expression::Service { cluster, .. } => Some(cluster),
            Expression::Data(_) | Expression::Output(_) | Expression::RunId | Expression::RunSeed => None,
        }
    }

    /// Reads what stands between `${{` and `}}`; `at` is its offset in the whole text.
    pub(super) fn parse(text: &str, at: usize) -> Result<Self, ExpressionError> {
        let segments = segments(text, at)?;
        let mut path = Path {
            segments: segments.into_iter(),
            end: at + text.len(),
        };
        let first = path.choose(&["clusters", "vars", "each", "namespaces", "steps", "run"])?;
        let expression = match first.as_str() {
            "clusters" => cluster(&mut path)?,
            "vars" => data(&mut path, Source::Vars)?,
            "each" => data(&mut path, Source::Each)?,
            "namespaces" => data(&mut path, Source::Namespaces)?,
            "steps" => Expression::Output(Output {
                step: path.name("a step's id")?,
                name: path.name("an output's name")?,
                cluster: path.segments.next().map(|segment| segment.text),
            }),
            _ => match path.choose(&["id", "seed"])?.as_str() {
                "id" => Expression::RunId,
                _ => Expression::RunSeed,
            },
        };
        match path.segments.next() {
            Some(extra) => Err(error(extra.range, format!("`{}` is too much", extra.text), None)),
            None => Ok(expression),
        }
    }
}

fn data(path: &mut Path, source: Source) -> Result<Expression, ExpressionError> {
    Ok(Expression::Data(Data {
        source,
        name: path.name("a name")?,
        path: path.segments.by_ref().map(|segment| segment.text).collect(),
    }))
}

fn cluster(path: &mut Path) -> Result<Expression, ExpressionError> {
    let cluster = path.name("a cluster's id")?;
    match path.choose(&["api", "ingress", "services"])?.as_str() {
        "api" => {
            let from = if path.choose(&["pods", "host"])? == "pods" {
                Vantage::Pods
            } else {
                Vantage::Host
            };
            Ok(Expression::Api { cluster, from })
        }
        "ingress" => path.choose(&["pods"]).map(|_| Expression::Ingress { cluster }),
        _ => {
            let segment = path.next("['namespace/name:port']")?;
            let service = segment.text.split_once('/').and_then(|(namespace, rest)| {
                let (name, port) = rest.split_once(':')?;
                (!namespace.is_empty() && !name.is_empty()).then_some((namespace.to_owned(), name.to_owned(), port.parse().ok()?))
            });
            let Some((namespace, name, port)) = service else {
                let message = format!("`{}` is no Service of the form 'namespace/name:port'", segment.text);
                return Err(error(segment.range, message, None));
            };
            path.choose(&["pods"])?;
            Ok(Expression::Service {
                cluster,
                namespace,
                name,
                port,
            })
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Expression::Api {
                cluster,
                from: Vantage::Pods,
            } => write!(f, "clusters.{cluster}.api.pods"),
            Expression::Api {
                cluster,
                from: Vantage::Host,
            } => write!(f, "clusters.{cluster}.api.host"),
            Expression::Ingress { cluster } => write!(f, "clusters.{cluster}.ingress.pods"),
            Expression::Service {
                cluster,
                namespace,
                name,
                port,
            } => {
                write!(f, "clusters.{cluster}.services['{namespace}/{name}:{port}'].pods")
            }
            Expression::Data(data) => data.fmt(f),
            Expression::Output(Output { step, name, cluster }) => {
                write!(f, "steps.{step}.{name}")?;
                cluster.iter().try_for_each(|cluster| write!(f, ".{cluster}"))
            }
            Expression::RunId => f.write_str("run.id"),
            Expression::RunSeed => f.write_str("run.seed"),
        }
    }
}

impl fmt::Display for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.source.as_str(), self.name)?;
        self.path.iter().try_for_each(|part| write!(f, ".{part}"))
    }
}

struct Segment {
    text: String,
    range: Range<usize>,
}

struct Path {
    segments: std::vec::IntoIter<Segment>,
    end: usize,
}

impl Path {
    fn next(&mut self, what: &str) -> Result<Segment, ExpressionError> {
        let end = self.end;
        self.segments
            .next()
            .ok_or_else(|| error(end..end, format!("the expression ends where {what} should stand"), None))
    }

    fn name(&mut self, what: &str) -> Result<String, ExpressionError> {
        self.next(what).map(|segment| segment.text)
    }

    fn choose(&mut self, allowed: &[&str]) -> Result<String, ExpressionError> {
        let what = allowed.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let segment = self.next(&what)?;
        if allowed.contains(&segment.text.as_str()) {
            return Ok(segment.text);
        }
        let help = yaml::suggest::help(&segment.text, allowed);
        Err(error(segment.range, format!("unknown name `{}`", segment.text), Some(help)))
    }
}

/// Splits `a.b['c'].d`.
fn segments(text: &str, at: usize) -> Result<Vec<Segment>, ExpressionError> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut rest = text.trim_start();
    let mut first = true;
    loop {
        let offset = at + text.len() - rest.len();
        if let Some(quoted) = rest.strip_prefix("['").filter(|_| !first) {
            let Some(end) = quoted.find("']") else {
                return Err(error(offset..offset + rest.trim_end().len(), "`['` has no `']`".into(), None));
            };
            segments.push(Segment {
                text: quoted[..end].to_owned(),
                range: offset + 2..offset + 2 + end,
            });
            rest = &quoted[end + 2..];
        } else {
            let (dot, name) = match rest.strip_prefix('.') {
                Some(name) if !first => (1, name),
                _ => (0, rest),
            };
            let end = name
                .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
                .unwrap_or(name.len());
            if end == 0 || (dot == 0 && !first) {
                let found = name.chars().next().map_or("its end".to_owned(), |c| format!("`{c}`"));
                return Err(error(offset..offset + 1, format!("expected a name, found {found}"), None));
            }
            segments.push(Segment {
                text: name[..end].to_owned(),
                range: offset + dot..offset + dot + end,
            });
            rest = &name[end..];
        }
        first = false;
        if rest.trim().is_empty() {
            return Ok(segments);
        }
    }
}

fn error(range: Range<usize>, message: String, help: Option<String>) -> ExpressionError {
    ExpressionError { range, message, help }
}
