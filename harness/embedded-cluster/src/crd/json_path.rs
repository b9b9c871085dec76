//! Kubernetes' dialect of JSONPath, as far as printer columns use it.

use crate::value::Value;

/// A path such as `.status.conditions[?(@.type=="Ready")].status`.
#[derive(Debug)]
pub(crate) struct JsonPath {
    source: String,
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq)]
enum Step {
    Field(String),
    /// From the end if negative.
    Element(i64),
    All,
    /// Elements in which the value at a path compares so with a literal; without a comparison, those that have it.
    Filter(Vec<Step>, Option<(Comparison, Value)>),
    /// Something that this dialect has and this code has not, so that the cell stays empty.
    Unknown,
}

#[derive(Debug, PartialEq, Clone, Copy)]
enum Comparison {
    Equal,
    NotEqual,
}

impl JsonPath {
    /// Reads a path, with or without its leading dot.
    pub(crate) fn parse(source: &str) -> Self {
        Self {
            source: source.to_owned(),
            steps: steps(source),
        }
    }

    /// The path as it was written.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// The first value at the path.
    pub(crate) fn first<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        follow(&self.steps, vec![value]).into_iter().next()
    }
}

fn follow<'a>(steps: &[Step], start: Vec<&'a Value>) -> Vec<&'a Value> {
    steps.iter().fold(start, |values, step| {
        values.into_iter().flat_map(|value| below(step, value)).collect()
    })
}

fn below<'a>(step: &Step, value: &'a Value) -> Vec<&'a Value> {
    match (step, value) {
        (Step::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
        (Step::Element(at), Value::Array(items)) => {
            let at = if *at < 0 {
                *at + i64::try_from(items.len()).unwrap_or(i64::MAX)
            } else {
                *at
            };
            usize::try_from(at).ok().and_then(|at| items.get(at)).into_iter().collect()
        }
        (Step::All, Value::Array(items)) => items.iter().collect(),
        (Step::All, Value::Object(fields)) => fields.values().collect(),
        (Step::Filter(path, test), Value::Array(items)) => items.iter().filter(|item| passes(path, test.as_ref(), item)).collect(),
        _ => vec![],
    }
}

fn passes(path: &[Step], test: Option<&(Comparison, Value)>, item: &Value) -> bool {
    let found = follow(path, vec![item]);
    match (found.first(), test) {
        (Some(found), Some((Comparison::Equal, wanted))) => *found == wanted,
        (Some(found), Some((Comparison::NotEqual, wanted))) => *found != wanted,
        (found, None) => found.is_some(),
        (None, Some(_)) => false,
    }
}

fn steps(source: &str) -> Vec<Step> {
    let mut rest = source.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('$');
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let (step, after) = if let Some(inside) = rest.strip_prefix('[') {
            let Some((inside, after)) = bracket(inside) else {
                steps.push(Step::Unknown);
                break;
            };
            (in_brackets(inside), after)
        } else if rest.starts_with("..") {
            (Step::Unknown, "")
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name_end(name);
            let step = match &name[..end] {
                "" => Step::Unknown,
                "*" => Step::All,
                name => Step::Field(name.replace('\\', "")),
            };
            (step, &name[end..])
        };
        steps.push(step);
        rest = after;
    }
    steps
}

/// Where a field's name ends: at the next dot or bracket that no backslash protects.
fn name_end(name: &str) -> usize {
    let mut escaped = false;
    for (at, c) in name.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '.' | '[' => return at,
            _ => {}
        }
    }
    name.len()
}

/// What stands up to the closing bracket outside of quotes, and what comes after it.
fn bracket(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), _) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth > 0 => depth -= 1,
            (None, ']') => return Some((&text[..at], &text[at + 1..])),
            _ => {}
        }
    }
    None
}

fn in_brackets(text: &str) -> Step {
    let text = text.trim();
    if text == "*" {
        return Step::All;
    }
    if let Some(name) = quoted(text) {
        return Step::Field(name.to_owned());
    }
    if let Some(filter) = text.strip_prefix("?(").and_then(|filter| filter.strip_suffix(')')) {
        return self::filter(filter);
    }
    text.parse().map_or(Step::Unknown, Step::Element)
}

fn filter(text: &str) -> Step {
    let (path, test) = [("==", Comparison::Equal), ("!=", Comparison::NotEqual)]
        .into_iter()
        .find_map(|(sign, comparison)| text.split_once(sign).map(|(path, literal)| (path, Some((comparison, literal)))))
        .unwrap_or((text, None));
    let Some(path) = path.trim().strip_prefix('@') else {
        return Step::Unknown;
    };
    match test {
        None => Step::Filter(steps(path), None),
        Some((comparison, literal)) => match self::literal(literal.trim()) {
            Some(literal) => Step::Filter(steps(path), Some((comparison, literal))),
            None => Step::Unknown,
        },
    }
}

fn literal(text: &str) -> Option<Value> {
    quoted(text).map(Value::from).or_else(|| serde_json::from_str(text).ok())
}

fn quoted(text: &str) -> Option<&str> {
    ['"', '\'']
        .into_iter()
        .find_map(|quote| text.strip_prefix(quote)?.strip_suffix(quote))
}

/// What is wrong with a path that a definition gives, if anything.
pub(super) fn simple_problem(path: &str) -> Option<&'static str> {
    (!path.starts_with('.')).then_some("must be a simple json path starting with .")
}

#[cfg(test)]
mod tests {
    use super::JsonPath;
    use crate::value::json;

    #[test]
    fn paths_of_printer_columns() {
        let object = json!({
            "metadata": {"annotations": {"a.b/c": "dotted"}},
            "spec": {"s": "x", "l": ["p", "q"], "n": 7},
            "status": {"conditions": [{"type": "Other", "status": "False"}, {"type": "Ready", "status": "True", "n": 2}]},
        });
        let cases = [
            (".spec.s", json!("x")),
            ("spec.n", json!(7)),
            (".spec.l[*]", json!("p")),
            (".spec.l[1]", json!("q")),
            (".spec.l[-1]", json!("q")),
            (r"{.metadata.annotations.a\.b/c}", json!("dotted")),
            (".metadata.annotations['a.b/c']", json!("dotted")),
            (r#".status.conditions[?(@.type=="Ready")].status"#, json!("True")),
            (".status.conditions[?(@.type != 'Ready')].type", json!("Other")),
            (".status.conditions[?(@.n)].type", json!("Ready")),
            (".status.conditions[?(@.n == 2)].type", json!("Ready")),
        ];
        for (path, expected) in cases {
            assert_eq!(JsonPath::parse(path).first(&object), Some(&expected), "{path}");
        }
        for path in [
            ".spec.missing",
            ".spec.l[5]",
            "..s",
            ".spec.l[",
            ".spec.s.t",
            r#".status.conditions[?(@.type=="No")].status"#,
        ] {
            assert_eq!(JsonPath::parse(path).first(&object), None, "{path}");
        }
    }
}
