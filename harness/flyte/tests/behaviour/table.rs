//! Cases of the table by kind.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

const TABLE: &str = include_str!("../data/placement-cases.yaml");

pub(crate) fn all() -> Vec<Value> {
    let table = yaml::manifest::documents(TABLE).unwrap().remove(0);
    table["cases"].as_array().unwrap().clone()
}

/// The kind of a case, told apart where two tests share one.
pub(crate) fn group(case: &Value) -> String {
    match case["kind"].as_str().unwrap() {
        "startup" if !case["fault"].is_null() => "startup with a fault",
        "parse" if !case["expect"]["helm"].is_null() => "helm",
        kind => kind,
    }
    .to_owned()
}

/// The fields of many kinds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case<G, E> {
    pub(crate) given: G,
    pub(crate) expect: E,
}

/// One case: what all have, and the kind's own fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Common {
    id: String,
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(rename = "title")]
    _title: String,
    #[serde(rename = "basis")]
    _basis: String,
    #[serde(rename = "ref")]
    _reference: Vec<String>,
}

/// The cases of a group, by id. A field that `T` does not have is an error.
pub(crate) fn cases<T: DeserializeOwned>(wanted: &str) -> Vec<(String, T)> {
    let mut cases = Vec::new();
    for case in all().into_iter().filter(|case| group(case) == wanted) {
        let Value::Object(mut own) = case else { panic!("a case is no map") };
        let common = ["id", "kind", "title", "basis", "ref"];
        let common: serde_json::Map<_, _> = common.iter().filter_map(|key| own.remove_entry(*key)).collect();
        let common: Common = serde_json::from_value(common.into()).unwrap();
        let case = serde_json::from_value(own.into()).unwrap_or_else(|error| panic!("{}: {error}", common.id));
        cases.push((common.id, case));
    }
    cases
}

/// `null` told apart from a field that is not there.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(value: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// What is wrong with one case.
pub(crate) struct Differences {
    id: String,
    found: Vec<String>,
}

impl Differences {
    pub(crate) fn of(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            found: Vec::new(),
        }
    }

    /// Compares, if the case expects anything of the kind.
    pub(crate) fn compare<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, expected: Option<T>, found: T) {
        if let Some(expected) = expected
            && expected != found
        {
            self.found
                .push(format!("{}: {what}: expected {expected:?}, found {found:?}", self.id));
        }
    }

    pub(crate) fn check(&mut self, holds: bool, what: impl Into<String>) {
        if !holds {
            self.found.push(format!("{}: {}", self.id, what.into()));
        }
    }

    /// A text that must have a part, where the case names one.
    pub(crate) fn contains(&mut self, what: &str, part: Option<&str>, text: &str) {
        if let Some(part) = part {
            self.check(text.contains(part), format!("{what}: expected text with {part:?}, found {text:?}"));
        }
    }

    pub(crate) fn into_found(self) -> Vec<String> {
        self.found
    }
}

/// Fails with everything that was found.
pub(crate) fn verdict(cases: usize, found: Vec<Vec<String>>) {
    let found: Vec<String> = found.into_iter().flatten().collect();
    assert!(cases > 0, "no cases");
    assert!(found.is_empty(), "{}", found.join("\n"));
}
