//! Checking one case.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Outcome;
use super::parse;
use super::table::{Case, CaseConfig, CaseRequest, CaseRow, CaseTable};
use crate::placement::{
    AttributeRow, Attributes, ClusterConfig, Decision, Mode, PlacementError, Request, Selector, StartupError, counts, shares,
    single_task_workflow,
};

/// Differences between what is expected and what came out, one line each.
#[derive(Default)]
pub(super) struct Differences(Vec<String>);

impl Differences {
    /// Notes it if `found` is not what `expected` says.
    pub(super) fn compare(&mut self, what: &str, expected: &Value, found: impl Into<Value>) {
        let found = found.into();
        if *expected != found {
            self.0.push(format!("{what}: expected {expected}, found {found}"));
        }
    }

    /// Notes it if `text` does not contain what is expected.
    pub(super) fn contains(&mut self, what: &str, expected: &Value, text: &str) {
        if !expected.as_str().is_some_and(|expected| text.contains(expected)) {
            self.0.push(format!("{what}: expected text with {expected}, found {text:?}"));
        }
    }

    /// Notes an expectation that this check does not know, so that none passes unseen.
    pub(super) fn unknown(&mut self, key: &str) {
        self.0.push(format!("expectation `{key}` is not known"));
    }

    pub(super) fn outcome(self) -> Outcome {
        if self.0.is_empty() {
            Outcome::Passed
        } else {
            Outcome::Failed(self.0)
        }
    }
}

/// A case that cannot be checked, because of its form.
type Malformed = String;

pub(super) fn case(table: &CaseTable, case: &Case) -> Outcome {
    let checked = match case.kind.as_str() {
        "place" => place(table, case),
        "distribution" => distribution(table, case),
        "lookup" => lookup(table, case),
        "startup" if case.fields.contains_key("fault") => {
            return Outcome::NotApplicable("needs a flyteadmin with files and clusters".to_owned());
        }
        "startup" => startup(case),
        "parse" if case.expect.contains_key("helm") => {
            return Outcome::NotApplicable("needs the chart to be rendered".to_owned());
        }
        "parse" => field(case, "yaml").map(|text: String| parse::check(&text, &case.expect)),
        kind => return Outcome::NotApplicable(format!("kind {kind} is about a running flyteadmin")),
    };
    checked.unwrap_or_else(|malformed| Outcome::Failed(vec![malformed]))
}

fn place(table: &CaseTable, case: &Case) -> Result<Outcome, Malformed> {
    let result = selector(table, case)?.place(&attributes(case)?, &request(case)?);
    let mut differences = Differences::default();
    for (key, expected) in &case.expect {
        match (key.as_str(), &result) {
            ("outcome", result) => {
                differences.compare(key, expected, if result.is_ok() { "placed" } else { "error" });
            }
            ("error", result) => expect_error(&mut differences, expected, result.as_ref().err()),
            ("note", _) => {}
            (_, Ok(decision)) => expect_decision(&mut differences, key, expected, decision),
            (_, Err(error)) => differences.compare(key, expected, error.to_string()),
        }
    }
    Ok(differences.outcome())
}

fn expect_decision(differences: &mut Differences, key: &str, expected: &Value, decision: &Decision) {
    match key {
        "cluster" => differences.compare(key, expected, decision.cluster.as_str()),
        "resolved_label" => differences.compare(key, expected, decision.resolution.label.clone()),
        "label_source" => differences.compare(key, expected, decision.resolution.source.to_string()),
        "pool_source" => differences.compare(key, expected, decision.choice.source.as_str()),
        "shares" => {
            let found = shares(&decision.choice);
            let found = found.into_iter().map(|(id, share)| (id, rounded(share))).collect();
            differences.compare(key, &without_zeros(expected), without_zeros(&Value::Object(found)));
        }
        other => differences.unknown(other),
    }
}

fn distribution(table: &CaseTable, case: &Case) -> Result<Outcome, Malformed> {
    let request = Request {
        label: optional(case, "label")?,
        project: "project".to_owned(),
        ..Request::default()
    };
    let (_, choice) = selector(table, case)?
        .choose_pool(&Attributes::default(), &request)
        .map_err(|error| error.to_string())?;
    let format: String = field(case, "name_format")?;
    let names: Vec<_> = (0..field(case, "count")?)
        .map(|n| formatted(&format, n))
        .collect::<Result<_, _>>()?;
    let pool = choice.pool.ok_or("single-cluster mode has no distribution")?;
    let found = counts(&pool, names.iter().map(String::as_str));
    let mut differences = Differences::default();
    for (key, expected) in &case.expect {
        match key.as_str() {
            "counts" => {
                let found = serde_json::to_value(&found).map_err(|error| error.to_string())?;
                differences.compare(key, &without_zeros(expected), without_zeros(&found));
            }
            other => differences.unknown(other),
        }
    }
    Ok(differences.outcome())
}

fn lookup(table: &CaseTable, case: &Case) -> Result<Outcome, Malformed> {
    let selector = selector(table, case)?;
    let target: Option<String> = optional(case, "target_id")?;
    let result = selector.lookup(target.as_deref());
    let mut differences = Differences::default();
    for (key, expected) in &case.expect {
        match (key.as_str(), &result) {
            ("outcome", result) => {
                differences.compare(key, expected, if result.is_ok() { "found" } else { "error" });
            }
            ("enabled", Ok(cluster)) => differences.compare(key, expected, cluster.enabled),
            ("contains", Err(error)) => differences.contains(key, expected, &error.to_string()),
            ("grpc_code", Err(error)) => differences.compare(key, expected, error.grpc_code().to_string()),
            (other, _) => differences.unknown(other),
        }
    }
    Ok(differences.outcome())
}

fn startup(case: &Case) -> Result<Outcome, Malformed> {
    let config: CaseConfig = field(case, "cluster_config")?;
    Ok(expect_startup(&Selector::new(ClusterConfig::from(&config)), &case.expect))
}

fn expect_startup(result: &Result<Selector, StartupError>, expect: &Map<String, Value>) -> Outcome {
    let mut differences = Differences::default();
    for (key, expected) in expect {
        match (key.as_str(), result) {
            ("outcome", result) => {
                differences.compare(key, expected, if result.is_ok() { "ok" } else { "panic" });
            }
            ("mode", Ok(selector)) => {
                let mode = match selector.mode() {
                    Mode::InCluster => "in_cluster",
                    Mode::Multi => "multi",
                };
                differences.compare(key, expected, mode);
            }
            ("contains", Err(error)) => differences.contains(key, expected, &error.to_string()),
            (other, _) => differences.unknown(other),
        }
    }
    differences.outcome()
}

fn expect_error(differences: &mut Differences, expected: &Value, found: Option<&PlacementError>) {
    let Some(error) = found else { return };
    for (key, expected) in expected.as_object().into_iter().flatten() {
        match key.as_str() {
            "grpc_code" => differences.compare(key, expected, error.grpc_code().to_string()),
            "contains" => differences.contains(key, expected, &error.to_string()),
            other => differences.unknown(other),
        }
    }
}

fn selector(table: &CaseTable, case: &Case) -> Result<Selector, Malformed> {
    let name: String = field(case, "config")?;
    let config = table
        .cluster_configs
        .get(&name)
        .ok_or_else(|| format!("no configuration `{name}`"))?;
    Selector::new(ClusterConfig::from(config)).map_err(|error| format!("flyteadmin does not start: {error}"))
}

fn attributes(case: &Case) -> Result<Attributes, Malformed> {
    let rows: Option<Vec<CaseRow>> = optional(case, "attributes")?;
    Ok(rows.into_iter().flatten().map(AttributeRow::from).collect())
}

fn request(case: &Case) -> Result<Request, Malformed> {
    let request: CaseRequest = field(case, "request")?;
    let workflow = match request.entity.as_deref() {
        Some("task") => single_task_workflow(&request.task),
        _ => request.workflow,
    };
    Ok(Request {
        project: request.project,
        domain: request.domain,
        workflow,
        name: request.name,
        label: request.label,
        parent_label: request.parent.and_then(|parent| parent.label),
    })
}

fn field<T: DeserializeOwned>(case: &Case, name: &str) -> Result<T, Malformed> {
    let value = case.fields.get(name).cloned().unwrap_or(Value::Null);
    serde_json::from_value(value).map_err(|error| format!("field `{name}`: {error}"))
}

fn optional<T: DeserializeOwned>(case: &Case, name: &str) -> Result<Option<T>, Malformed> {
    field(case, name)
}

/// Names as C's printf makes them of one integer: `run-%04d`.
fn formatted(format: &str, n: usize) -> Result<String, Malformed> {
    let malformed = || format!("name format {format:?}: expected one %d or %0<width>d");
    let (before, rest) = format.split_once('%').ok_or_else(malformed)?;
    let (width, after) = rest.split_once('d').ok_or_else(malformed)?;
    let zeros = width.starts_with('0');
    let width: usize = if width.is_empty() {
        0
    } else {
        width.parse().map_err(|_| malformed())?
    };
    Ok(match zeros {
        true => format!("{before}{n:0width$}{after}"),
        false => format!("{before}{n:width$}{after}"),
    })
}

fn rounded(share: f64) -> Value {
    Value::from((share * 1e4).round() / 1e4)
}

/// Numbers as floats; zeros left out, since a cluster without a share may be listed or not.
fn without_zeros(numbers: &Value) -> Value {
    let numbers: BTreeMap<_, _> = numbers
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key, value.as_f64().unwrap_or(f64::NAN)))
        .filter(|(_, value)| *value != 0.0)
        .collect();
    numbers
        .into_iter()
        .map(|(key, value)| (key.clone(), Value::from(value)))
        .collect::<Map<_, _>>()
        .into()
}
