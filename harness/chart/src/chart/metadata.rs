//! `Chart.yaml`.

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::template::Value;

/// What `Chart.yaml` says.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Metadata {
    #[serde(default)]
    pub(crate) api_version: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) app_version: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default, rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) kube_version: String,
    #[serde(default)]
    home: String,
    #[serde(default)]
    icon: String,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    maintainers: Json,
    #[serde(default)]
    annotations: Json,
    #[serde(default)]
    deprecated: bool,
    #[serde(default)]
    condition: String,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
}

/// One entry of `dependencies`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependency {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) alias: String,
    #[serde(default)]
    pub(crate) condition: String,
    #[serde(default)]
    pub(crate) tags: Vec<String>,
    #[serde(default, rename = "import-values")]
    pub(crate) import_values: Vec<Json>,
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
                .map(|item| json!({"Name": item["name"], "Email": item["email"], "URL": item["url"]}))
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
