//! Clusters of one shape, written once.

use schemars::JsonSchema;
use serde::Deserialize;
use yaml::tree::{Entry, Node, Value};
use yaml::{Spanned, suggest};

use super::{Source, key_of, take};

/// How a cluster's entry stands for others.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Shape {
    /// So many clusters like this: `<id>_1`, `<id>_2` and so on, in place of `<id>`.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100))]
    pub(crate) count: Option<Spanned<u32>>,
    /// Another entry that this one is like: what is not said here is as there, but for `count` and `names`.
    #[serde(default)]
    pub(crate) from: Option<Spanned<String>>,
}

/// Most clusters that one entry can stand for.
const MOST: u32 = 100;

/// Puts clusters in the place of the entries that stand for them.
pub(crate) fn clusters(node: &mut Node, source: &mut Source<'_>) {
    let Value::Mapping(written) = &mut node.value else { return };
    let all = written.clone();
    let mut made: Vec<Entry> = Vec::new();
    for mut entry in std::mem::take(written) {
        let Some(shape) = complete(&mut entry, &all, source) else {
            made.push(entry);
            continue;
        };
        match shape.count {
            None => made.push(entry),
            Some(count) if (1..=MOST).contains(&count.value) => {
                made.extend((1..=count.value).map(|number| numbered(&entry, number)));
            }
            Some(count) => source.error("invalid-value", count.span, format!("`count` is 1 to {MOST}")),
        }
    }
    for (index, entry) in made.iter().enumerate() {
        if made[..index].iter().any(|earlier| earlier.key.text == entry.key.text) {
            source.error(
                "duplicate-cluster",
                entry.key_span,
                format!("there is a cluster `{}` already", entry.key.text),
            );
        }
    }
    *written = made;
}

fn numbered(entry: &Entry, number: u32) -> Entry {
    Entry {
        key: key_of(&format!("{}_{number}", entry.key.text)),
        ..entry.clone()
    }
}

/// Takes the shape out of an entry, and what it is like into it.
fn complete(entry: &mut Entry, all: &[Entry], source: &mut Source<'_>) -> Option<Shape> {
    let shape = shape(&mut entry.value, source)?;
    let mut seen = vec![entry.key.text.clone()];
    let mut next = shape.from.clone();
    while let Some(from) = next {
        let known: Vec<&String> = all.iter().map(|entry| &entry.key.text).filter(|id| !seen.contains(id)).collect();
        let Some(other) = all
            .iter()
            .find(|other| other.key.text == from.value && known.contains(&&from.value))
        else {
            let (message, help) = if seen.contains(&from.value) {
                (
                    format!("`{}` is like itself", from.value),
                    "`from` names another cluster".to_owned(),
                )
            } else {
                (format!("unknown cluster `{}`", from.value), suggest::help(&from.value, &known))
            };
            source.helped("unknown-cluster", from.span, message, help);
            break;
        };
        let mut other = other.value.clone();
        // What is wrong with it is told once, of itself.
        let mut nobody = yaml::Diagnostics::default();
        next = shape_of(&mut other, &mut nobody, source.file).and_then(|shape| shape.from);
        take(&mut other, "names");
        if let (Value::Mapping(own), Value::Mapping(fields)) = (&mut entry.value.value, other.value) {
            for field in fields {
                if own.iter().all(|entry| entry.key.text != field.key.text) {
                    own.push(field);
                }
            }
        }
        seen.push(from.value);
    }
    Some(shape)
}

fn shape(node: &mut Node, source: &mut Source<'_>) -> Option<Shape> {
    shape_of(node, source.diagnostics, source.file)
}

fn shape_of(node: &mut Node, diagnostics: &mut yaml::Diagnostics, file: &str) -> Option<Shape> {
    let fields = ["count", "from"].into_iter().filter_map(|field| take(node, field)).collect();
    let shape = Node {
        span: node.span,
        value: Value::Mapping(fields),
    };
    yaml::strict::from_node(&shape)
        .map_err(|error: yaml::Error| diagnostics.push(error.diagnostic(file)))
        .ok()
}
