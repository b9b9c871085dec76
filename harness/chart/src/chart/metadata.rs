//! `Chart.yaml`.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value as Json, json};

use crate::template::{Value, float_text};

/// What `Chart.yaml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(default, deserialize_with = "text")]
    pub(crate) api_version: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) version: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) app_version: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) description: String,
    #[serde(default, rename = "type", deserialize_with = "text")]
    pub(crate) kind: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) kube_version: String,
    #[serde(default, deserialize_with = "text")]
    home: String,
    #[serde(default, deserialize_with = "text")]
    icon: String,
    #[serde(default, deserialize_with = "texts")]
    sources: Vec<String>,
    #[serde(default, deserialize_with = "texts")]
    keywords: Vec<String>,
    #[serde(default)]
    maintainers: Json,
    #[serde(default)]
    annotations: Json,
    #[serde(default)]
    deprecated: bool,
    #[serde(default, deserialize_with = "text")]
    condition: String,
    #[serde(default, deserialize_with = "text")]
    tags: String,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
}

/// One entry of `dependencies`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    #[serde(deserialize_with = "text")]
    pub(crate) name: String,
    #[serde(default, deserialize_with = "text")]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) alias: String,
    #[serde(default)]
    pub(crate) condition: String,
    #[serde(default, deserialize_with = "texts")]
    pub(crate) tags: Vec<String>,
    #[serde(default, rename = "import-values")]
    pub(crate) import_values: Vec<Json>,
}

/// A field that is text: Helm takes a number or boolean there as it prints itself, so `appVersion: 1.10` is `1.1`.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    scalar(Json::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("a text is expected"))
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let items = Option::<Vec<Json>>::deserialize(deserializer)?.unwrap_or_default();
    let texts: Option<Vec<String>> = items.into_iter().map(scalar).collect();
    texts.ok_or_else(|| D::Error::custom("a list of texts is expected"))
}

fn scalar(json: Json) -> Option<String> {
    Some(match json {
        Json::Null => String::new(),
        Json::String(text) => text,
        Json::Bool(b) => b.to_string(),
        Json::Number(n) if n.is_f64() => float_text(n.as_f64()?),
        Json::Number(n) => n.to_string(),
        Json::Array(_) | Json::Object(_) => return None,
    })
}

impl Dependency {
    /// The name by which the parent knows the subchart.
    pub(crate) fn known(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

impl Metadata {
    /// The chart is a library: its templates only define.
    pub(crate) fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }

    /// `.Chart`, with Go's field names; a subchart goes by its alias. Of the dependencies it has those that are switched `on`.
    pub(crate) fn object(&self, name: &str, root: bool, on: impl Fn(&str) -> bool) -> Value {
        let capital = |entries: &Json| -> Json {
            let items = entries.as_array().cloned().unwrap_or_default();
            items
                .into_iter()
                .map(|item| {
                    let field = |name: &str| scalar(item[name].clone()).unwrap_or_default();
                    json!({"Name": field("name"), "Email": field("email"), "URL": field("url")})
                })
                .collect()
        };
        let or_empty = |value: &Json| if value.is_null() { json!({}) } else { value.clone() };
        crate::template::from_json(&json!({
            "APIVersion": self.api_version, "Name": name, "Version": self.version,
            "AppVersion": self.app_version, "Description": self.description, "Type": self.kind,
            "KubeVersion": self.kube_version, "Home": self.home, "Icon": self.icon, "Sources": self.sources,
            "Keywords": self.keywords, "Maintainers": capital(&self.maintainers),
            "Annotations": or_empty(&self.annotations), "Deprecated": self.deprecated, "Condition": self.condition,
            "Tags": self.tags, "IsRoot": root,
            "Dependencies": self.dependencies.iter().filter(|d| on(d.known())).map(|d| json!({"Name": d.known(), "Version": d.version,
                "Alias": d.alias, "Condition": d.condition, "Tags": d.tags})).collect::<Vec<_>>(),
        }))
    }

    /// As Helm's release records spell it.
    pub(crate) fn record(&self) -> Json {
        let mut out = json!({"name": self.name, "version": self.version, "apiVersion": self.api_version});
        for (key, text) in [
            ("appVersion", &self.app_version),
            ("description", &self.description),
            ("type", &self.kind),
            ("kubeVersion", &self.kube_version),
        ] {
            if !text.is_empty() {
                out[key] = json!(text);
            }
        }
        out
    }
}
