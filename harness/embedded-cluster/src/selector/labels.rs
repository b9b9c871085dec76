//! Label selectors: `app=web,tier in (a,b),!old`, and `matchLabels`/`matchExpressions`.

use crate::value::{Map, Value};

use crate::status::Status;
use crate::validation::names;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Absent,
    Greater(i64),
    Less(i64),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    key: String,
    operator: Operator,
}

/// A conjunction of requirements on labels; the empty one matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
    /// Matches nothing (a `LabelSelector` field that is absent).
    nothing: bool,
}

impl LabelSelector {
    /// Parses the text form of the `labelSelector` parameter.
    ///
    /// # Errors
    /// 400 in Kubernetes' words.
    pub(crate) fn parse(text: &str) -> Result<Self, Status> {
        Parser::new(text).selector().map_err(Status::bad_request)
    }

    /// The selector of a `metav1.LabelSelector` field: null matches nothing, `{}` everything.
    pub(crate) fn of_object(value: &Value) -> Self {
        let Some(object) = value.as_object() else {
            return Self {
                requirements: vec![],
                nothing: true,
            };
        };
        let mut requirements = vec![];
        for (key, wanted) in object.get("matchLabels").and_then(Value::as_object).into_iter().flatten() {
            let values = vec![wanted.as_str().unwrap_or_default().to_owned()];
            requirements.push(Requirement {
                key: key.to_string(),
                operator: Operator::In(values),
            });
        }
        for expression in object.get("matchExpressions").and_then(Value::as_array).into_iter().flatten() {
            let values = || {
                expression["values"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|v| v.as_str().map(str::to_owned))
                    .collect()
            };
            let operator = match expression["operator"].as_str() {
                Some("In") => Operator::In(values()),
                Some("NotIn") => Operator::NotIn(values()),
                Some("Exists") => Operator::Exists,
                Some("DoesNotExist") => Operator::Absent,
                _ => {
                    return Self {
                        requirements: vec![],
                        nothing: true,
                    };
                }
            };
            requirements.push(Requirement {
                key: expression["key"].as_str().unwrap_or_default().to_owned(),
                operator,
            });
        }
        Self {
            requirements,
            nothing: false,
        }
    }

    /// Whether there is nothing to check.
    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty() && !self.nothing
    }

    /// Whether an object with these labels is selected.
    pub(crate) fn matches(&self, labels: Option<&Map>) -> bool {
        let value = |key: &str| labels.and_then(|l| l.get(key)).and_then(Value::as_str);
        !self.nothing && self.requirements.iter().all(|r| r.operator.accepts(value(&r.key)))
    }

    /// The text form, as in `Scale`'s `status.selector`.
    pub(crate) fn to_text(&self) -> String {
        let mut parts: Vec<String> = self.requirements.iter().map(Requirement::to_text).collect();
        parts.sort();
        parts.join(",")
    }
}

impl Operator {
    fn accepts(&self, value: Option<&str>) -> bool {
        let number = || value.and_then(|v| v.parse::<i64>().ok());
        match self {
            Operator::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
            Operator::NotIn(values) => value.is_none_or(|v| values.iter().all(|w| w != v)),
            Operator::Exists => value.is_some(),
            Operator::Absent => value.is_none(),
            Operator::Greater(bound) => number().is_some_and(|n| n > *bound),
            Operator::Less(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

impl Requirement {
    fn to_text(&self) -> String {
        let key = &self.key;
        match &self.operator {
            Operator::In(values) if values.len() == 1 => format!("{key}={}", values[0]),
            Operator::In(values) => format!("{key} in ({})", values.join(",")),
            Operator::NotIn(values) if values.len() == 1 => format!("{key}!={}", values[0]),
            Operator::NotIn(values) => format!("{key} notin ({})", values.join(",")),
            Operator::Exists => key.clone(),
            Operator::Absent => format!("!{key}"),
            Operator::Greater(bound) => format!("{key}>{bound}"),
            Operator::Less(bound) => format!("{key}<{bound}"),
        }
    }
}

/// Recursive descent over words and the signs `= == != ! ( ) , < >`.
struct Parser {
    tokens: Vec<String>,
    position: usize,
}

const SIGNS: &str = "=!(),<>";

impl Parser {
    fn new(text: &str) -> Self {
        let mut tokens = vec![];
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = if SIGNS.contains(first) {
                if rest.starts_with("==") || rest.starts_with("!=") { 2 } else { 1 }
            } else {
                rest.find(|c: char| SIGNS.contains(c) || c.is_ascii_whitespace())
                    .unwrap_or(rest.len())
            };
            tokens.push(rest[..length].to_owned());
            rest = rest[length..].trim_start();
        }
        Self { tokens, position: 0 }
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.position).map(String::as_str).unwrap_or_default()
    }

    fn take(&mut self) -> String {
        let token = self.peek().to_owned();
        self.position += 1;
        token
    }

    fn selector(mut self) -> Result<LabelSelector, String> {
        let mut requirements = vec![];
        while !self.peek().is_empty() {
            if !is_word(self.peek()) && self.peek() != "!" {
                return Err(format!("found '{}', expected: !, identifier, or 'end of string'", self.peek()));
            }
            requirements.push(self.requirement().map_err(|e| format!("unable to parse requirement: {e}"))?);
            match self.take().as_str() {
                "" => break,
                "," if self.peek() == "!" || is_word(self.peek()) => {}
                "," => return Err(format!("found '{}', expected: identifier after ','", self.peek())),
                other => return Err(format!("found '{other}', expected: ',' or 'end of string'")),
            }
        }
        Ok(LabelSelector {
            requirements,
            nothing: false,
        })
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let absent = self.peek() == "!";
        if absent {
            self.take();
        }
        let key = self.take();
        if !is_word(&key) {
            return Err(format!("found '{key}', expected: identifier"));
        }
        if let Some(fault) = names::qualified_name(&key).first() {
            return Err(format!("<nil>: Invalid value: {key:?}: {fault}"));
        }
        if absent {
            return Ok(Requirement {
                key,
                operator: Operator::Absent,
            });
        }
        let operator = match self.peek() {
            "" | "," => {
                return Ok(Requirement {
                    key,
                    operator: Operator::Exists,
                });
            }
            "=" | "==" | "!=" | "<" | ">" | "in" | "notin" => self.take(),
            other => return Err(format!("found '{other}', expected: in, notin, =, ==, !=, gt, lt")),
        };
        let operator = match operator.as_str() {
            "in" => Operator::In(self.values()?),
            "notin" => Operator::NotIn(self.values()?),
            "!=" => Operator::NotIn(vec![self.value()?]),
            ">" => Operator::Greater(self.bound(&key, ">")?),
            "<" => Operator::Less(self.bound(&key, "<")?),
            _ => Operator::In(vec![self.value()?]),
        };
        Ok(Requirement { key, operator })
    }

    fn value(&mut self) -> Result<String, String> {
        match self.peek() {
            "" | "," => Ok(String::new()),
            word if is_word(word) => checked_value(self.take()),
            other => Err(format!("found '{other}', expected: identifier")),
        }
    }

    fn bound(&mut self, key: &str, sign: &str) -> Result<i64, String> {
        let value = self.value()?;
        let name = if sign == ">" { "gt" } else { "lt" };
        value.parse().map_err(|_| {
            format!("values[0][{key}]: Invalid value: {value:?}: for 'Gt', 'Lt' operators, the value must be an integer ({name})")
        })
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        let open = self.take();
        if open != "(" {
            return Err(format!("found '{open}' expected: '('"));
        }
        let mut values = vec![];
        loop {
            let word = if is_word(self.peek()) { self.take() } else { String::new() };
            values.push(checked_value(word)?);
            match self.take().as_str() {
                "," => {}
                ")" => break,
                other => return Err(format!("found '{other}', expected: ',' or ')'")),
            }
        }
        values.sort();
        values.dedup();
        Ok(values)
    }
}

fn checked_value(value: String) -> Result<String, String> {
    match names::label_value(&value).first() {
        Some(fault) => Err(format!("<nil>: Invalid value: {value:?}: {fault}")),
        None => Ok(value),
    }
}

fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(|c| !SIGNS.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[rstest::rstest]
    #[case("", true)]
    #[case("app=web", true)]
    #[case("app==web,tier", true)]
    #[case("app!=web", false)]
    #[case("app in (a, web)", true)]
    #[case("app notin (a),!gone", true)]
    #[case("none!=x", true)]
    #[case("tier>2", true)]
    #[case("tier<3", false)]
    #[case("gone", false)]
    fn matches(#[case] selector: &str, #[case] expected: bool) {
        let labels = json!({"app": "web", "tier": "3"});
        assert_eq!(LabelSelector::parse(selector).unwrap().matches(labels.as_object()), expected);
    }

    #[test]
    fn object_form() {
        let selector =
            LabelSelector::of_object(&json!({"matchLabels": {"a": "b"}, "matchExpressions": [{"key": "c", "operator": "DoesNotExist"}]}));
        assert!(selector.matches(json!({"a": "b"}).as_object()));
        assert!(!selector.matches(json!({"a": "b", "c": "d"}).as_object()));
        assert!(!LabelSelector::of_object(&Value::Null).matches(None));
        assert_eq!(selector.to_text(), "!c,a=b");
    }
}
