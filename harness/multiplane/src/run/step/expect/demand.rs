//! What can be demanded of the objects of one kind in one cluster.

use std::sync::Arc;

use kube::api::DynamicObject;
use scenario::condition::Condition;
use scenario::expression::OutputType;
use serde_json::Value;

use super::subset::difference;

/// What is asked of the objects, expressions resolved.
#[derive(Clone, Debug)]
pub(crate) enum Demand {
    /// Every object has at least these fields, and there is one.
    Matches(Value),
    /// Every object meets the condition, and there is one; or all of them together do.
    Holds(Condition),
    /// There is none.
    Absent,
    /// There are so many.
    Count(usize),
    /// There is one, and it has values of these types.
    Has(Vec<(String, Condition, OutputType)>),
    /// None has all of these fields.
    NoneMatches(Value),
    /// None meets the condition, nor do all of them together.
    NoneHolds(Condition),
}

impl Demand {
    /// Whether the objects are as demanded.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn check(&self, cluster: &str, objects: &[Arc<DynamicObject>]) -> Result<(), String> {
        match self {
            Self::Absent if objects.is_empty() => Ok(()),
            Self::Absent => Err(format!("there is {}", names(objects))),
            Self::Count(count) if objects.len() == *count => Ok(()),
            Self::Count(count) => Err(format!("there are {}, expected {count}", objects.len())),
            Self::Holds(condition) | Self::NoneHolds(condition) if condition.of_all() => {
                let all = Value::Array(objects.iter().map(value).collect());
                let wanted = matches!(self, Self::Holds(_));
                let holds = condition
                    .holds(cluster, &all)
                    .map_err(|why| format!("{} objects: {why}", objects.len()))?;
                let not = if wanted { "not " } else { "" };
                (holds == wanted)
                    .then_some(())
                    .ok_or_else(|| format!("{not}so: `{}`, with {}", condition.text(), names(objects)))
            }
            Self::Matches(_) | Self::Holds(_) | Self::Has(_) if objects.is_empty() => Err("there is none".to_owned()),
            Self::Matches(fields) => each(objects, |object| difference(fields, &value(object))),
            Self::Holds(condition) => each(objects, |object| match condition.holds(cluster, &value(object)) {
                Ok(true) => None,
                Ok(false) => Some(format!("not so: `{}`", condition.text())),
                Err(why) => Some(why),
            }),
            Self::Has(parts) => each(objects, |object| {
                let object = value(object);
                parts.iter().find_map(|(name, part, of)| match part.value(cluster, &object) {
                    Ok(value) if of.has(&value) => None,
                    Ok(_) => Some(format!("{name} is not {}: `{}`", of.as_str(), part.text())),
                    Err(why) => Some(format!("{name}: {why}")),
                })
            }),
            Self::NoneMatches(fields) => each(objects, |object| match difference(fields, &value(object)) {
                Some(_) => None,
                None => Some(format!("has {fields}")),
            }),
            // An object on which the condition has no value does not meet it.
            Self::NoneHolds(condition) => each(objects, |object| match condition.holds(cluster, &value(object)) {
                Ok(true) => Some(format!("is so: `{}`", condition.text())),
                _ => None,
            }),
        }
    }
}

impl Demand {
    /// What [`Has`](Self::Has) asks for, of an object that has it.
    pub(crate) fn values(&self, cluster: &str, object: &Value) -> Vec<(String, Value)> {
        let Self::Has(parts) = self else { return Vec::new() };
        let values = parts
            .iter()
            .filter_map(|(name, part, _)| Some((name.clone(), part.value(cluster, object).ok()?)));
        values.collect()
    }
}

fn value(object: &Arc<DynamicObject>) -> Value {
    serde_json::to_value(object.as_ref()).unwrap_or_default()
}

/// What is wrong with the objects, one by one.
fn each(objects: &[Arc<DynamicObject>], wrong: impl Fn(&Arc<DynamicObject>) -> Option<String>) -> Result<(), String> {
    let found = objects
        .iter()
        .filter_map(|object| Some(format!("{}: {}", name(object), wrong(object)?)));
    let mut found: Vec<String> = found.collect();
    found.sort();
    if found.is_empty() { Ok(()) } else { Err(found.join("; ")) }
}

fn names(objects: &[Arc<DynamicObject>]) -> String {
    if objects.is_empty() {
        return "none".to_owned();
    }
    let mut names: Vec<String> = objects.iter().map(|object| name(object)).collect();
    names.sort();
    names.join(", ")
}

fn name(object: &DynamicObject) -> String {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    object
        .metadata
        .namespace
        .as_ref()
        .map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn demand(kind: &str, text: &str) -> Demand {
        let fields = || serde_json::from_str(text).unwrap();
        let condition = || Condition::compile(text).unwrap();
        match kind {
            "matches" => Demand::Matches(fields()),
            "holds" => Demand::Holds(condition()),
            "none matches" => Demand::NoneMatches(fields()),
            _ => Demand::NoneHolds(condition()),
        }
    }

    #[rstest]
    #[case("matches", r#"{"data": {"n": 1}}"#, Err("b: .data.n is 2, expected 1"))]
    #[case("holds", "object.data.n > 0", Ok(()))]
    #[case("holds", "object.data.n > 1", Err("a: not so: `object.data.n > 1`"))]
    #[case(
        "holds",
        "object.data.m > 1",
        Err("a: `object.data.m > 1`: no such key: m; b: `object.data.m > 1`: no such key: m")
    )]
    #[case("holds", "objects.size() == 3", Err("not so: `objects.size() == 3`, with a, b"))]
    #[case("none matches", r#"{"data": {"n": 3}}"#, Ok(()))]
    #[case("none matches", r#"{"data": {"n": 2}}"#, Err(r#"b: has {"data":{"n":2}}"#))]
    #[case("none holds", "object.data.n == 2", Err("b: is so: `object.data.n == 2`"))]
    #[case("none holds", "object.data.m == 2", Ok(()))]
    #[case(
        "none holds",
        "objects.exists(o, o.data.n == 2)",
        Err("so: `objects.exists(o, o.data.n == 2)`, with a, b")
    )]
    fn demands(#[case] kind: &str, #[case] text: &str, #[case] expected: Result<(), &str>) {
        let object = |name: &str, n: u8| {
            let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"n": n}});
            Arc::new(serde_json::from_value(object).unwrap())
        };
        let objects = [object("a", 1), object("b", 2)];
        assert_eq!(demand(kind, text).check("c", &objects), expected.map_err(str::to_owned));
    }
}
