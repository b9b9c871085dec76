//! From text to types, part by part, so that one mistake does not hide the next.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use yaml::tree::{Node, Value};
use yaml::{Diagnostic, Diagnostics, ErrorKind, Span, Spanned, strict, suggest, tree};

use crate::expand::{self, Cell, Given, Source};
use crate::expression::Bindings;
use crate::select::expand;
use crate::{ApiVersion, Cluster, ClusterId, InputKind, Kind, Metadata, Namespace, Scenario, Step, Verb};

const FIELDS: [&str; 9] = [
    "apiVersion",
    "kind",
    "metadata",
    "settings",
    "vars",
    "matrix",
    "namespaces",
    "clusters",
    "steps",
];

/// What could be read of a scenario.
pub(crate) struct Parsed {
    /// The parts that are sound.
    pub(crate) scenario: Scenario,
    /// The whole file, with all that it writes once put where it stands for.
    pub(crate) root: Node,
    /// What the file gives by name.
    pub(crate) bindings: Bindings,
    /// The values of the matrix, by `vars.<axis>`.
    pub(crate) fixed: BTreeMap<String, String>,
    /// The place of each step of `scenario` in the file's list.
    pub(crate) step_index: Vec<usize>,
    /// Whether every cluster could be read.
    pub(crate) clusters_complete: bool,
    /// Whether every step could be read.
    pub(crate) steps_complete: bool,
}

/// Reads what can be read and reports the rest: the scenarios of the file, one for each cell of its matrix.
pub(crate) fn parse(path: &Path, text: &str, given: &Given, diagnostics: &mut Diagnostics) -> Vec<Parsed> {
    let file = path.display().to_string();
    let root = match tree::parse(text) {
        Ok(Some(root)) if root.mapping().is_some() => root,
        Ok(_) => {
            diagnostics.push(Diagnostic::error("not-a-scenario", "the file holds no mapping").at(file, Span::default()));
            return Vec::new();
        }
        Err(error) => {
            diagnostics.push(error.diagnostic(file));
            return Vec::new();
        }
    };
    let mut source = Source {
        file: &file,
        text,
        diagnostics,
    };
    unknown_fields(&root, &mut source);
    let cells = expand::cells(root, given, &mut source);
    cells.into_iter().map(|cell| scenario(path, cell, &mut source)).collect()
}

/// Reads one scenario.
fn scenario(path: &Path, cell: Cell, source: &mut Source<'_>) -> Parsed {
    let Cell { mut root, bindings, fixed } = cell;
    if let Some(clusters) = expand::get_mut(&mut root, "clusters") {
        expand::clusters(clusters, source);
    }
    let (clusters, clusters_complete) = Reader::of(&root, source).clusters();
    let mut each = Vec::new();
    if let Some(Value::Sequence(steps)) = expand::get_mut(&mut root, "steps").map(|steps| &mut steps.value) {
        (*steps, each) = expand::steps(std::mem::take(steps), &bindings, &clusters, source)
            .into_iter()
            .unzip();
    }
    let mut reader = Reader::of(&root, source);
    let api_version: Option<ApiVersion> = reader.required("apiVersion");
    let kind: Option<Kind> = reader.required("kind");
    let metadata: Option<Metadata> = reader.required("metadata");
    let settings = reader.optional("settings").unwrap_or_default();
    let mut namespaces: IndexMap<String, Namespace> = reader.optional("namespaces").unwrap_or_default();
    let (mut steps, step_index, steps_complete) = reader.steps(each);
    let named = steps.iter_mut().flat_map(|step| step.verb.clusters_mut());
    let named = named.chain(namespaces.values_mut().flat_map(|namespace| &mut namespace.on));
    named.for_each(|on| expand(on, &clusters));
    let unnamed = || Metadata {
        name: Spanned::made(String::new()),
        description: None,
        labels: Default::default(),
        quarantine: None,
    };
    let scenario = Scenario {
        api_version: api_version.unwrap_or(ApiVersion::V1Alpha1),
        kind: kind.unwrap_or(Kind::Scenario),
        metadata: metadata.unwrap_or_else(unnamed),
        settings,
        vars: bindings.vars.clone(),
        namespaces,
        clusters,
        steps,
        file: path.to_owned(),
    };
    Parsed {
        scenario,
        root,
        bindings,
        fixed,
        step_index,
        clusters_complete,
        steps_complete,
    }
}

fn unknown_fields(root: &Node, source: &mut Source<'_>) {
    for entry in root.mapping().unwrap_or_default() {
        let name = &entry.key.text;
        if !FIELDS.contains(&name.as_str()) {
            let help = suggest::help(name, &FIELDS);
            source.helped("unknown-field", entry.key_span, format!("unknown field `{name}`"), help);
        }
    }
}

struct Reader<'r> {
    file: &'r str,
    root: &'r Node,
    diagnostics: &'r mut Diagnostics,
}

impl<'r> Reader<'r> {
    fn of(root: &'r Node, source: &'r mut Source<'_>) -> Self {
        Self {
            file: source.file,
            root,
            diagnostics: source.diagnostics,
        }
    }

    fn error(&mut self, code: &'static str, span: Span, message: String, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(code, message).at(self.file, span);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
    }

    fn required<T: DeserializeOwned>(&mut self, field: &'static str) -> Option<T> {
        if self.root.get(field).is_none() {
            let start = Span {
                line: 1,
                column: 1,
                ..Span::default()
            };
            self.error("missing-field", start, format!("missing field `{field}`"), None);
        }
        self.optional(field)
    }

    fn optional<T: DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        self.root.get(field).and_then(|node| self.read(node))
    }

    /// Reads a type; unknown fields are reported one by one, since the rest can be read without them.
    fn read<T: DeserializeOwned>(&mut self, node: &Node) -> Option<T> {
        let mut node = node.clone();
        loop {
            let error = match strict::from_node(&node) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            self.diagnostics.push(error.diagnostic(self.file));
            if !matches!(error.kind, ErrorKind::UnknownField { .. }) || !remove(&mut node, error.span) {
                return None;
            }
        }
    }

    fn clusters(&mut self) -> (IndexMap<ClusterId, Cluster>, bool) {
        let Some(node) = self.root.get("clusters") else {
            let _: Option<()> = self.required("clusters");
            return (IndexMap::new(), false);
        };
        let Some(entries) = node.mapping() else {
            self.error("invalid-value", node.span, "expected a mapping of ids to clusters".into(), None);
            return (IndexMap::new(), false);
        };
        let mut clusters = IndexMap::new();
        for entry in entries {
            if let Some(mut cluster) = self.read::<Cluster>(&entry.value) {
                cluster.id_span = entry.key_span;
                clusters.insert(entry.key.text.clone(), cluster);
            }
        }
        let complete = clusters.len() == entries.len();
        (clusters, complete)
    }

    /// The steps, with the variables of each.
    fn steps(&mut self, each: Vec<BTreeMap<String, serde_json::Value>>) -> (Vec<Step>, Vec<usize>, bool) {
        let Some(node) = self.root.get("steps") else {
            let _: Option<()> = self.required("steps");
            return (Vec::new(), Vec::new(), false);
        };
        let Some(nodes) = node.sequence() else {
            self.error("invalid-value", node.span, "expected a list of steps".into(), None);
            return (Vec::new(), Vec::new(), false);
        };
        let mut index = Vec::new();
        let mut steps = Vec::new();
        for (at, (node, each)) in nodes.iter().zip(each).enumerate() {
            if let Some(mut step) = self.step(node) {
                step.turn.clone_from(&each);
                if step.verb.inputs().iter().any(|input| input.kind == InputKind::Yaml) {
                    step.each = each;
                }
                index.push(at);
                steps.push(step);
            }
        }
        let complete = steps.len() == nodes.len();
        (steps, index, complete)
    }

    fn step(&mut self, node: &Node) -> Option<Step> {
        let verbs = crate::schema::verb_names();
        let help = || Some("a step is one verb with its fields indented below it".to_owned());
        match node.mapping() {
            Some([entry]) if verbs.contains(&entry.key.text) => Some(Step {
                verb: self.read::<Verb>(node)?,
                span: entry.key_span,
                each: BTreeMap::new(),
                turn: BTreeMap::new(),
            }),
            Some([entry]) => {
                let name = &entry.key.text;
                self.error(
                    "unknown-verb",
                    entry.key_span,
                    format!("unknown verb `{name}`"),
                    Some(suggest::help(name, verbs)),
                );
                None
            }
            Some([_, second, ..]) => {
                let name = &second.key.text;
                self.error(
                    "one-verb",
                    second.key_span,
                    format!("`{name}` stands beside the step's verb"),
                    help(),
                );
                None
            }
            Some([]) | None => {
                self.error("one-verb", node.span, "this is no step".into(), help());
                None
            }
        }
    }
}

/// Takes the entry whose key stands at `key_span` out of a tree.
fn remove(node: &mut Node, key_span: Span) -> bool {
    match &mut node.value {
        Value::Scalar(_) => false,
        Value::Sequence(nodes) => nodes.iter_mut().any(|node| remove(node, key_span)),
        Value::Mapping(entries) => {
            let before = entries.len();
            entries.retain(|entry| entry.key_span != key_span);
            entries.len() < before || entries.iter_mut().any(|entry| remove(&mut entry.value, key_span))
        }
    }
}
