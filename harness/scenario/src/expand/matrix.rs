//! `matrix`: one file, a scenario for each cell.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use yaml::tree::{Node, Value as NodeValue};
use yaml::{Span, Spanned, suggest};

use super::substitute::substitute;
use super::{Given, Source, get_mut, namespaces, of_value, take};
use crate::expression::Bindings;
use crate::names::is_dns_label;

/// More are a mistake.
const MOST: usize = 256;

/// A scenario for each combination of values: the product of all axes, without what is excluded, with what is included.
/// Each cell is a scenario of its own, whose name has the cell's values behind it. A step names a value as `${{ vars.<axis> }}`.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Matrix {
    /// The values of each axis, by name.
    #[schemars(with = "BTreeMap<String, Vec<Value>>")]
    pub(crate) axes: IndexMap<String, Vec<Value>>,
    /// Cells to leave out: all that have these values. One that leaves nothing out is a mistake.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, Value>>")]
    pub(crate) exclude: Vec<Spanned<IndexMap<String, Value>>>,
    /// Further cells, each with a value for every axis.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, Value>>")]
    pub(crate) include: Vec<Spanned<IndexMap<String, Value>>>,
}

/// One scenario of a file.
pub(crate) struct Cell {
    /// The file, without `matrix`, and with the cell's values in their places but for steps.
    pub(crate) root: Node,
    /// The values.
    pub(crate) bindings: Bindings,
    /// What makes this cell differ from others: values of the axes as texts, by `vars.<axis>`.
    pub(crate) fixed: BTreeMap<String, String>,
}

type Values = IndexMap<String, Value>;

/// The scenarios of a file: one, if it has no matrix.
pub(crate) fn cells(mut root: Node, given: &Given, source: &mut Source<'_>) -> Vec<Cell> {
    let written = take(&mut root, "matrix");
    let vars = take(&mut root, "vars");
    let own: Vec<&String> = vars
        .iter()
        .flat_map(|vars| vars.value.mapping().unwrap_or_default())
        .map(|var| &var.key.text)
        .collect();
    let (combinations, span) = match &written {
        None => (vec![Values::new()], Span::default()),
        Some(entry) => {
            let Some(matrix) = source.read::<Matrix>(&entry.value).filter(|_| source.plain(&entry.value)) else {
                return Vec::new();
            };
            if let Some(twice) = matrix.axes.keys().find(|axis| own.contains(axis)) {
                source.error(
                    "duplicate-variable",
                    entry.key_span,
                    format!("`{twice}` is a variable of `vars` already"),
                );
                return Vec::new();
            }
            let Some(cells) = combinations(&matrix, entry.key_span, source) else {
                return Vec::new();
            };
            (chosen(cells, given, entry.key_span, source), entry.key_span)
        }
    };
    let names = names(&root, &combinations, written.is_some());
    let cell = |(values, name): (Values, Option<String>)| {
        let fixed = values.iter().map(|(axis, value)| (format!("vars.{axis}"), shown(value))).collect();
        let (root, bindings) = cell(
            root.clone(),
            vars.as_ref().map(|vars| &vars.value),
            values,
            name,
            span,
            given,
            source,
        );
        Cell { root, bindings, fixed }
    };
    combinations.into_iter().zip(names).map(cell).collect()
}

/// A file with one combination of values.
fn cell(
    mut root: Node,
    vars: Option<&Node>,
    values: Values,
    name: Option<String>,
    span: Span,
    given: &Given,
    source: &mut Source<'_>,
) -> (Node, Bindings) {
    let mut bindings = Bindings::default();
    bindings.vars.extend(values);
    for entry in vars.and_then(Node::mapping).unwrap_or_default() {
        // A variable may name those before it.
        let mut value = entry.value.clone();
        substitute(&mut value, &bindings, source);
        let value = match given.vars.get(&entry.key.text) {
            Some(text) => replaced(&value, text, source),
            None => source.value(&value),
        };
        bindings.vars.extend(value.map(|value| (entry.key.text.clone(), value)));
    }
    if let Some(named) = name.zip(get_mut(&mut root, "metadata").and_then(|metadata| get_mut(metadata, "name"))) {
        *named.1 = of_value(&Value::String(named.0), span);
    }
    if let NodeValue::Mapping(entries) = &mut root.value {
        for entry in entries.iter_mut().filter(|entry| entry.key.text != "steps") {
            substitute(&mut entry.value, &bindings, source);
        }
    }
    namespaces::name(&mut root, &mut bindings, given, source);
    (root, bindings)
}

/// The value of a variable that is given from outside as a text, of the same type as the file's own.
fn replaced(own: &Node, text: &str, source: &mut Source<'_>) -> Option<Value> {
    let own_value = source.value(own)?;
    if own_value.is_string() {
        return Some(Value::String(text.to_owned()));
    }
    let value: Option<Value> = yaml::strict::from_str(text).ok();
    let same = value.filter(|value| std::mem::discriminant(value) == std::mem::discriminant(&own_value));
    if same.is_none() {
        source.error(
            "invalid-value",
            own.span,
            format!("`{text}`, which is given for it, is of another type than {own_value}"),
        );
    }
    same
}

/// The product of the axes, without what is excluded, with what is included.
fn combinations(matrix: &Matrix, span: Span, source: &mut Source<'_>) -> Option<Vec<Values>> {
    if matrix.axes.is_empty() || matrix.axes.values().any(Vec::is_empty) {
        source.error("invalid-value", span, "`matrix` has axes, and each axis has values");
        return None;
    }
    let size = matrix
        .axes
        .values()
        .try_fold(1_usize, |size, values| size.checked_mul(values.len()));
    if size.is_none_or(|size| size > MOST) {
        source.error("invalid-value", span, format!("the matrix has more than {MOST} cells"));
        return None;
    }
    let axes: Vec<&String> = matrix.axes.keys().collect();
    for entry in matrix.exclude.iter().chain(&matrix.include) {
        if let Some(unknown) = entry.value.keys().find(|axis| !axes.contains(axis)) {
            let message = format!("the matrix has no axis `{unknown}`");
            source.helped("unknown-axis", entry.span, message, suggest::help(unknown, &axes));
            return None;
        }
    }
    let mut cells = vec![Values::new()];
    for (axis, values) in &matrix.axes {
        let with = |cell: &Values, value: &Value| {
            let mut cell = cell.clone();
            cell.insert(axis.clone(), value.clone());
            cell
        };
        cells = cells.iter().flat_map(|cell| values.iter().map(|value| with(cell, value))).collect();
    }
    for exclude in &matrix.exclude {
        let before = cells.len();
        cells.retain(|cell| !exclude.value.iter().all(|(axis, value)| cell.get(axis) == Some(value)));
        if exclude.value.is_empty() || cells.len() == before {
            source.error("useless-exclude", exclude.span, "this excludes nothing: no cell has these values");
            return None;
        }
    }
    for include in &matrix.include {
        if let Some(missing) = axes.iter().find(|axis| !include.value.contains_key(**axis)) {
            source.error(
                "missing-field",
                include.span,
                format!("a further cell has a value for every axis: `{missing}` is missing"),
            );
            return None;
        }
        // In the order of the axes, as the others.
        let cell: Values = axes
            .iter()
            .filter_map(|axis| Some(((*axis).clone(), include.value.get(*axis)?.clone())))
            .collect();
        if cells.contains(&cell) {
            source.error("duplicate-cell", include.span, "the matrix has this cell already");
            return None;
        }
        cells.push(cell);
    }
    if cells.is_empty() {
        source.error("invalid-value", span, "the matrix excludes all of its cells");
    }
    Some(cells)
}

/// The cells that have the given values.
fn chosen(mut cells: Vec<Values>, given: &Given, span: Span, source: &mut Source<'_>) -> Vec<Values> {
    for (name, text) in &given.vars {
        let there: Vec<String> = cells.iter().filter_map(|cell| cell.get(name)).map(shown).collect();
        if there.is_empty() {
            continue;
        }
        cells.retain(|cell| cell.get(name).is_some_and(|value| shown(value) == *text));
        if cells.is_empty() {
            let message = format!("no cell of the matrix has the {name} `{text}`");
            let there: std::collections::BTreeSet<String> = there.into_iter().map(|value| format!("`{value}`")).collect();
            let help = format!("there are {}", there.into_iter().collect::<Vec<_>>().join(", "));
            source.helped("unknown-cell", span, message, help);
        }
    }
    cells
}

/// A value in a name and on the command line.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Names of the cells: the scenario's, with the values behind it; with a number, if that is not possible.
fn names(root: &Node, cells: &[Values], is_matrix: bool) -> Vec<Option<String>> {
    let Some(name) = root.at(["metadata", "name"]).and_then(Node::text).filter(|_| is_matrix) else {
        return vec![None; cells.len()];
    };
    let slug = |text: String| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let long = cells.iter().map(|cell| {
        let values: Vec<String> = cell.values().map(|value| slug(shown(value))).collect();
        format!("{name}-{}", values.join("-"))
    });
    let long: Vec<String> = long.collect();
    let unique: std::collections::BTreeSet<&String> = long.iter().collect();
    if unique.len() == long.len() && long.iter().all(|name| is_dns_label(name)) {
        return long.into_iter().map(Some).collect();
    }
    (1..=cells.len()).map(|number| Some(format!("{name}-{number}"))).collect()
}
