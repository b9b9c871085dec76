//! The user's values over a chart's defaults, and those of its subcharts.

use serde_json::{Map, Value as Json};

use super::Values;
use super::import::import;
use crate::chart::Chart;
use crate::error::Error;

/// A chart with its values and the subcharts that are switched on.
pub(crate) struct Scope<'c> {
    pub(crate) chart: &'c Chart,
    /// The name under which the parent knows it: its alias or name.
    pub(crate) name: String,
    /// The chart's own values, with what it imports from subcharts.
    pub(super) defaults: Json,
    pub(crate) subcharts: Vec<Scope<'c>>,
}

/// The outcome: the tree of charts, the root's values (with those of subcharts
/// inside) and warnings in Helm's words.
pub(crate) struct Coalesced<'c> {
    pub(crate) scope: Scope<'c>,
    pub(crate) values: Map<String, Json>,
    pub(crate) warnings: Vec<String>,
}

/// Adds defaults to the user's values.
///
/// # Errors
/// Something that is no table in the place of a subchart's values.
pub(crate) fn coalesce<'c>(chart: &'c Chart, user: &Values) -> Result<Coalesced<'c>, Error> {
    let mut warnings = Vec::new();
    let mut scope = scope(chart, chart.name().to_owned(), &enabling(chart, user), "");
    let failed = |message| Error::Values {
        origin: format!("chart {}", chart.name()),
        message,
    };
    import(&mut scope).map_err(failed)?;
    let mut values = user.0.clone();
    fill(&scope, &mut values, chart.name(), &mut warnings).map_err(failed)?;
    Ok(Coalesced { scope, values, warnings })
}

/// Values that conditions and tags look at: the user's over the root's defaults.
fn enabling(chart: &Chart, user: &Values) -> Map<String, Json> {
    let mut values = user.0.clone();
    if let Json::Object(defaults) = &chart.values {
        let names: Vec<&str> = chart.subcharts.iter().map(Chart::name).collect();
        table(&mut values, defaults, chart.name(), Level::Chart(&names), &mut Vec::new());
    }
    for sub in &chart.subcharts {
        let own = enabling(sub, &Values(object(values.get(sub.name()))));
        values.entry(sub.name().to_owned()).or_insert(Json::Object(own));
    }
    values
}

fn object(value: Option<&Json>) -> Map<String, Json> {
    value.and_then(Json::as_object).cloned().unwrap_or_default()
}

fn scope<'c>(chart: &'c Chart, name: String, values: &Map<String, Json>, path: &str) -> Scope<'c> {
    let mut subcharts = Vec::new();
    for sub in &chart.subcharts {
        let mut declared = chart.metadata.dependencies.iter().filter(|d| d.name == sub.name()).peekable();
        if declared.peek().is_none() {
            subcharts.push(scope(sub, sub.name().to_owned(), values, &format!("{path}{}.", sub.name())));
        }
        for dependency in declared {
            let known = dependency.known();
            let by_tags: Vec<bool> = dependency
                .tags
                .iter()
                .filter_map(|tag| values.get("tags")?.get(tag)?.as_bool())
                .collect();
            let by_condition = dependency
                .condition
                .split(',')
                .find_map(|condition| at(values, &format!("{path}{}", condition.trim()))?.as_bool());
            let enabled = by_condition.unwrap_or(by_tags.is_empty() || by_tags.contains(&true));
            if enabled {
                subcharts.push(scope(sub, known.to_owned(), values, &format!("{path}{known}.")));
            }
        }
    }
    Scope {
        chart,
        name,
        defaults: chart.values.clone(),
        subcharts,
    }
}

pub(super) fn at<'v>(values: &'v Map<String, Json>, path: &str) -> Option<&'v Json> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = values.get(first)?;
    match rest {
        Some(rest) => at(value.as_object()?, rest),
        None => Some(value),
    }
}

/// Adds the defaults of a chart and its subcharts.
///
/// # Errors
/// What is wrong, in Helm's words as far as they say anything.
pub(super) fn fill(scope: &Scope<'_>, values: &mut Map<String, Json>, path: &str, warnings: &mut Vec<String>) -> Result<(), String> {
    if let Json::Object(defaults) = &scope.defaults {
        let names: Vec<&str> = scope.subcharts.iter().map(|sub| sub.name.as_str()).collect();
        table(values, defaults, path, Level::Chart(&names), warnings);
    }
    let global = globals(values);
    for sub in &scope.subcharts {
        let slot = values.entry(sub.name.clone()).or_insert_with(|| Json::Object(Map::new()));
        let Json::Object(inner) = slot else {
            return Err(format!(
                "type mismatch on {}: the values of a subchart are a table, not {slot}",
                sub.name
            ));
        };
        match (&global, globals(inner)) {
            (Some(global), Some(mut own)) => {
                super::merge(&mut own, global.clone());
                inner.insert("global".into(), Json::Object(own));
            }
            (None, _) => warnings.push("warning: skipping globals because source global is not a table.".into()),
            (_, None) => warnings.push("warning: skipping globals because destination global is not a table.".into()),
        }
        fill(sub, inner, &format!("{path}.{}", sub.name), warnings)?;
    }
    Ok(())
}

/// What `global` says; something else than a table is handed to nobody.
fn globals(values: &Map<String, Json>) -> Option<Map<String, Json>> {
    match values.get("global") {
        None => Some(Map::new()),
        Some(Json::Object(entries)) => Some(entries.clone()),
        Some(_) => None,
    }
}

/// Where in a chart's values a table is.
#[derive(Clone, Copy)]
pub(super) enum Level<'n> {
    /// All of a chart's values, with the names of its subcharts.
    Chart(&'n [&'n str]),
    /// Within the chart's own.
    Within,
    /// Within what it gives a subchart.
    Subchart,
}

impl Level<'_> {
    fn below(self, key: &str) -> Self {
        match self {
            Self::Chart(subcharts) if !subcharts.contains(&key) => Self::Within,
            Self::Chart(_) => Self::Subchart,
            level => level,
        }
    }

    /// Whether a null in the place of a default stays. For a subchart it may still remove one of the subchart's own.
    fn keeps_null(self, default: &Json) -> bool {
        match self {
            Self::Chart(_) => false,
            Self::Within => default.is_null(),
            Self::Subchart => true,
        }
    }
}

/// Defaults under what is there; a null of the user removes the key.
///
/// Helm words clashes at the top of a chart's values differently, or not at all.
pub(super) fn table(
    target: &mut Map<String, Json>,
    defaults: &Map<String, Json>,
    path: &str,
    level: Level<'_>,
    warnings: &mut Vec<String>,
) {
    let top = matches!(level, Level::Chart(_));
    for (key, default) in defaults {
        let name = format!("{path}.{key}");
        match (target.get_mut(key), default) {
            (None, _) => {
                target.insert(key.clone(), default.clone());
            }
            (Some(Json::Null), default) => {
                if !level.keeps_null(default) {
                    target.remove(key);
                }
            }
            (Some(Json::Object(inner)), Json::Object(default)) => table(inner, default, &name, level.below(key), warnings),
            (Some(Json::Object(_)), Json::Null) => {}
            (Some(Json::Object(_)), _) if top => {
                warnings.push(format!("warning: skipped value for {name}: Not a table."));
            }
            (Some(Json::Object(_)), default) => {
                warnings.push(format!(
                    "warning: destination for {name} is a table. Ignoring non-table value ({})",
                    crate::template::go_text(&crate::template::from_numbers(default))
                ));
            }
            (Some(_), Json::Object(default)) if !top => {
                warnings.push(format!(
                    "warning: cannot overwrite table with non table for {name} ({})",
                    crate::template::go_text(&crate::template::from_numbers(&Json::Object(default.clone())))
                ));
            }
            (Some(_), _) => {}
        }
    }
}
