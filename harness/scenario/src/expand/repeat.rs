//! `for`: steps once for each value of a list, or for each cluster.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use yaml::tree::{Node, Value as NodeValue};
use yaml::{Diagnostic, Span, Spanned};

use super::substitute::substitute;
use super::{Source, take};
use crate::expression::Bindings;
use crate::select::expand;
use crate::{Cluster, ClusterId, OneOrMany, Verb};

/// Steps that are repeated.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct For {
    /// What each value is called: the steps name it as `${{ each.<name> }}`, and parts of it as `${{ each.<name>.<field> }}`.
    pub(crate) each: Spanned<String>,
    /// A list of values of any type; or clusters: an id, a pattern such as `dataplane_*`, or `role=dataplane`.
    #[serde(rename = "in")]
    #[schemars(with = "Over")]
    pub(crate) values: Spanned<Value>,
    /// The steps, which may be `for`s themselves.
    #[serde(rename = "do", default)]
    #[expect(dead_code, reason = "for the schema: what is repeated is read once it stands for itself")]
    pub(crate) steps: Vec<Verb>,
}

/// What a `for` goes over.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "for the schema")]
enum Over {
    /// Values.
    Values(Vec<Value>),
    /// Clusters.
    Clusters(String),
}

/// A step's tree, and the variables of the `for`s around it.
pub(crate) type Repeated = (Node, BTreeMap<String, Value>);

/// The steps with those under a `for` repeated, and all values in their places.
pub(crate) fn steps(
    nodes: Vec<Node>,
    bindings: &Bindings,
    clusters: &IndexMap<ClusterId, Cluster>,
    source: &mut Source<'_>,
) -> Vec<Repeated> {
    let mut made = Vec::new();
    for mut node in nodes {
        let is_for = matches!(node.mapping(), Some([entry]) if entry.key.text == "for");
        match take(&mut node, "for").filter(|_| is_for) {
            Some(entry) => made.extend(repeated(entry.value, entry.key_span, bindings, clusters, source)),
            None => {
                substitute(&mut node, bindings, source);
                made.push((node, bindings.each.clone()));
            }
        }
    }
    made
}

fn repeated(
    mut node: Node,
    span: Span,
    bindings: &Bindings,
    clusters: &IndexMap<ClusterId, Cluster>,
    source: &mut Source<'_>,
) -> Vec<Repeated> {
    let body = take(&mut node, "do");
    substitute(&mut node, bindings, source);
    let Some(For { each, values, .. }) = source.read(&node) else {
        return Vec::new();
    };
    let Some(NodeValue::Sequence(body)) = body.map(|entry| entry.value.value) else {
        source.error("missing-field", span, "`for` repeats the steps of its list `do`");
        return Vec::new();
    };
    if bindings.each.contains_key(&each.value) {
        source.error(
            "duplicate-variable",
            each.span,
            format!("`{}` is the variable of a `for` around this one", each.value),
        );
        return Vec::new();
    }
    let Some(values) = over(&values, clusters, source) else {
        return Vec::new();
    };
    let mut made = Vec::new();
    for value in values {
        let mut inner = bindings.clone();
        inner.each.insert(each.value.clone(), value);
        made.extend(steps(body.clone(), &inner, clusters, source));
    }
    made
}

/// The values, one for each turn.
fn over(values: &Spanned<Value>, clusters: &IndexMap<ClusterId, Cluster>, source: &mut Source<'_>) -> Option<Vec<Value>> {
    let refused = |message: &str| Diagnostic::error("invalid-value", message).at(source.file, values.span);
    let diagnostic = match &values.value {
        Value::Array(items) if items.is_empty() => refused("the list is empty: nothing is repeated"),
        Value::Array(items) => return Some(items.clone()),
        Value::String(text) => {
            let mut on = OneOrMany(vec![Spanned::made(text.clone())]);
            expand(&mut on, clusters);
            let chosen: Vec<&String> = on.iter().map(|id| &id.value).collect();
            if chosen.iter().all(|id| clusters.contains_key(*id)) {
                return Some(chosen.into_iter().cloned().map(Value::String).collect());
            }
            refused(&format!("no cluster matches `{text}`")).help(yaml::suggest::help(text, &clusters.keys().collect::<Vec<_>>()))
        }
        _ => refused("`in` is a list of values, or a text that names clusters"),
    };
    source.diagnostics.push(diagnostic);
    None
}
