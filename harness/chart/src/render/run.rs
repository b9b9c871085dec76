//! The way from a chart to its manifests.

use serde_json::{Map, Value as Json};

use super::files::Files;
use super::{Hook, LookupKey, Manifest, RenderInput, manifest};
use crate::chart::Chart;
use crate::error::{Error, RenderError};
use crate::functions::{VersionRange, base_name, version};
use crate::template::{Engine, Entries, Lookups, Settings, Value, from_numbers};
use crate::values::{Scope, Values, coalesce};

/// A rendered chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Objects in install order, without hooks.
    pub manifests: Vec<Manifest>,
    /// Hooks, by kind; run them by weight.
    pub hooks: Vec<Hook>,
    /// Documents of `crds/`, to install first and never to change.
    pub crds: Vec<Manifest>,
    /// What `NOTES.txt` says.
    pub notes: Option<String>,
    /// All values, defaults included.
    pub values: Map<String, Json>,
    /// Clashes between values and defaults, in Helm's words.
    pub warnings: Vec<String>,
    /// Objects that `lookup` asked for without finding an answer in the input.
    pub missing_lookups: Vec<LookupKey>,
}

impl Rendered {
    /// All manifests as `helm template` prints them.
    pub fn to_yaml(&self) -> String {
        self.manifests
            .iter()
            .map(|m| format!("---\n# Source: {}\n{}\n", m.source, m.text))
            .collect()
    }
}

/// Renders a chart.
///
/// # Errors
/// A template that fails, output that is not YAML, a cluster too old for the chart, or
/// lookups without which a template cannot go on.
pub fn render(chart: &Chart, input: &RenderInput) -> Result<Rendered, Error> {
    if chart.metadata.is_library() {
        return Err(Error::Chart {
            path: chart.name().into(),
            message: "library charts are not installable".into(),
        });
    }
    check_kube_version(chart, input)?;
    let coalesced = coalesce(chart, &input.values)?;
    check_schemas(&coalesced.scope, &coalesced.values)?;
    let settings = Settings {
        now: input.now,
        seed: input.seed,
    };
    let lookups = Lookups {
        answers: input.lookups.clone(),
        missing: Vec::new(),
    };
    let mut engine = Engine::new(&settings, lookups);

    let root = from_numbers(&Json::Object(coalesced.values.clone()));
    let mut templates = Vec::new();
    let mut crds = Vec::new();
    scope(&coalesced.scope, &coalesced.scope.name, &root, None, input, &mut templates);
    collect_crds(&coalesced.scope, &coalesced.scope.name, &mut crds)?;
    // Files deep in the tree come first, so that a chart's own definitions win.
    templates.sort_by(|a, b| depth(&b.name).cmp(&depth(&a.name)).then(b.name.cmp(&a.name)));
    for template in &templates {
        engine.add(&template.name, template.text).map_err(render_error)?;
    }

    let mut printed = Vec::new();
    for template in templates.iter().filter(|t| !t.library && !base_name(&t.name).starts_with('_')) {
        let base = template.name.split("/templates/").next().unwrap_or_default();
        if let Value::Map(top) = &template.top {
            let place = [
                ("Name", Value::str(&template.name)),
                ("BasePath", Value::str(format!("{base}/templates"))),
            ];
            top.borrow_mut().insert("Template".into(), as_values(Value::map(place)));
        }
        let text = match engine.run(&template.name, &template.top) {
            Ok(text) => text,
            Err(_) if !engine.lookups.missing.is_empty() => return Err(Error::Lookups(engine.lookups.missing)),
            Err(fault) => return Err(render_error(fault)),
        };
        printed.push((template.name.clone(), text.replace("<no value>", "")));
    }
    printed.sort();

    let notes_name = format!("{}/templates/NOTES.txt", coalesced.scope.name);
    let mut notes = None;
    let mut manifests = Vec::new();
    for (name, text) in printed {
        if name.ends_with("NOTES.txt") {
            if name == notes_name {
                notes = Some(text);
            }
        } else {
            manifests.extend(manifest::read(&name, &text)?);
        }
    }
    let (manifests, hooks) = manifest::sort(manifests);
    Ok(Rendered {
        manifests,
        hooks,
        crds,
        notes,
        values: coalesced.values,
        warnings: coalesced.warnings,
        missing_lookups: engine.lookups.missing,
    })
}

/// Renders a chart without a cluster, as a check: default capabilities, and nothing
/// to be found by `lookup`, as with `helm template`.
///
/// # Errors
/// As [`render`].
pub fn lint(chart: &Chart, values: Values, now: jiff::Timestamp) -> Result<Rendered, Error> {
    let mut input = RenderInput::install("release-name", "default", values, now);
    loop {
        let keys = match render(chart, &input) {
            Err(Error::Lookups(keys)) => keys,
            result => return result,
        };
        input.lookups.extend(keys.into_iter().map(|key| (key, Json::Object(Map::new()))));
    }
}

fn render_error(fault: crate::template::Fault) -> Error {
    Error::Render(Box::new(RenderError::from(fault)))
}

fn check_kube_version(chart: &Chart, input: &RenderInput) -> Result<(), Error> {
    let wanted = &chart.metadata.kube_version;
    if wanted.is_empty() {
        return Ok(());
    }
    let have = &input.capabilities.kube_version;
    let range = VersionRange::parse(wanted);
    match (range, version(have)) {
        (Ok(range), Some(version)) if range.matches(&version) => Ok(()),
        (Err(message), _) => Err(Error::Chart {
            path: chart.name().into(),
            message,
        }),
        _ => Err(Error::Chart {
            path: chart.name().into(),
            message: format!("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {have}"),
        }),
    }
}

/// Holds the values of a chart and its subcharts against their schemas.
fn check_schemas(scope: &Scope<'_>, values: &Map<String, Json>) -> Result<(), Error> {
    let mut faults = String::new();
    schema_faults(scope, values, &mut faults);
    if faults.is_empty() {
        return Ok(());
    }
    Err(Error::Values {
        origin: format!("chart {}", scope.name),
        message: format!("values don't meet the specifications of the schema(s) in the following chart(s):\n{faults}"),
    })
}

fn schema_faults(scope: &Scope<'_>, values: &Map<String, Json>, out: &mut String) {
    let faults = scope.chart.schema.as_ref().map(|schema| schema.faults(values)).unwrap_or_default();
    if !faults.is_empty() {
        out.push_str(&format!("{}:\n{}\n", scope.chart.name(), faults.join("\n")));
    }
    let none = Map::new();
    for sub in &scope.subcharts {
        let values = values.get(&sub.name).and_then(Json::as_object).unwrap_or(&none);
        schema_faults(sub, values, out);
    }
}

/// The definitions in `crds/` of a chart and the subcharts that are switched on.
pub(crate) fn crds(chart: &Chart, values: &Values) -> Result<Vec<Manifest>, Error> {
    let coalesced = coalesce(chart, values)?;
    let mut crds = Vec::new();
    collect_crds(&coalesced.scope, &coalesced.scope.name, &mut crds)?;
    Ok(crds)
}

struct Template<'c> {
    name: String,
    text: &'c str,
    top: Value,
    library: bool,
}

fn depth(name: &str) -> usize {
    name.matches('/').count()
}

/// The templates of a chart and its subcharts, each with its top-level objects.
fn scope<'c>(scope: &Scope<'c>, path: &str, values: &Value, parent: Option<&Value>, input: &RenderInput, out: &mut Vec<Template<'c>>) {
    let chart = scope.chart;
    let release = &input.release;
    let subcharts = Value::map::<&str>([]);
    let enabled = |name: &str| scope.subcharts.iter().any(|sub| sub.name == name);
    let top = Value::map([
        ("Chart", chart.metadata.object(&scope.name, parent.is_none(), enabled)),
        ("Files", Files::object(chart.files.clone())),
        ("Values", as_values(values.clone())),
        ("Capabilities", input.capabilities.object()),
        ("Subcharts", subcharts.clone()),
        (
            "Release",
            Value::map([
                ("Name", Value::str(&release.name)),
                ("Namespace", Value::str(&release.namespace)),
                ("Revision", Value::Int(i64::from(release.revision))),
                ("IsInstall", Value::Bool(!release.upgrade)),
                ("IsUpgrade", Value::Bool(release.upgrade)),
                ("Service", Value::str("Helm")),
            ]),
        ),
    ]);
    for sub in &scope.subcharts {
        let sub_path = format!("{path}/charts/{}", sub.name);
        self::scope(sub, &sub_path, &values.get(&sub.name), Some(&subcharts), input, out);
    }
    if let Some(Value::Map(siblings)) = parent {
        siblings.borrow_mut().insert(scope.name.as_str().into(), top.clone());
    }
    out.extend(chart.templates.iter().map(|file| Template {
        name: format!("{path}/{}", file.name),
        text: &file.text,
        top: as_values(top.clone()),
        library: chart.metadata.is_library(),
    }));
}

/// A dict as Helm's `common.Values`.
fn as_values(value: Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(map.typed(Entries::Values)),
        other => other,
    }
}

fn collect_crds(scope: &Scope<'_>, path: &str, out: &mut Vec<Manifest>) -> Result<(), Error> {
    for file in &scope.chart.crds {
        let documents = manifest::read(&format!("{path}/{}", file.name), &file.text)?;
        out.extend(documents.into_iter().filter(|document| !document.object.is_null()));
    }
    scope
        .subcharts
        .iter()
        .try_for_each(|sub| collect_crds(sub, &format!("{path}/charts/{}", sub.name), out))
}
