//! `import-values`: what a chart takes over from the values of its subcharts.

use serde_json::{Map, Value as Json};

use super::coalesce::{Level, Scope, at, fill, table};

/// Adds to the defaults of every chart what it imports. As in Helm, only defaults are imported, not what a user says.
///
/// # Errors
/// As [`fill`].
pub(super) fn import(scope: &mut Scope<'_>) -> Result<(), String> {
    scope.subcharts.iter_mut().try_for_each(import)?;
    let dependencies = &scope.chart.metadata.dependencies;
    if dependencies.iter().all(|dependency| dependency.import_values.is_empty()) {
        return Ok(());
    }
    let mut own = Map::new();
    fill(scope, &mut own, &scope.name, &mut Vec::new())?;
    let mut imported = Map::new();
    for dependency in dependencies {
        let enabled = scope.subcharts.iter().any(|sub| sub.name == dependency.known());
        for wish in dependency.import_values.iter().filter(|_| enabled) {
            let (child, parent) = match wish {
                Json::String(name) => (format!("exports.{name}"), "."),
                wish => (
                    wish["child"].as_str().unwrap_or_default().to_owned(),
                    wish["parent"].as_str().unwrap_or_default(),
                ),
            };
            if let Some(Json::Object(found)) = at(&own, &format!("{}.{child}", dependency.known())) {
                table(&mut imported, &below(parent, found.clone()), "", Level::Chart(&[]), &mut Vec::new());
            }
        }
    }
    // A null of the chart's own values stays, as within those of a subchart.
    table(&mut own, &imported, "", Level::Subchart, &mut Vec::new());
    scope.defaults = Json::Object(own);
    Ok(())
}

/// Values below a path such as `a.b`; `.` is the top.
fn below(path: &str, values: Map<String, Json>) -> Map<String, Json> {
    let keys = path.split('.').filter(|key| !key.is_empty());
    keys.rev()
        .fold(values, |inner, key| Map::from_iter([(key.to_owned(), Json::Object(inner))]))
}
