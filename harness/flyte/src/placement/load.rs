//! Loading the section `clusters` as flyteadmin's config library does.
//!
//! The library lower-cases the keys of mappings, and restores their case only inside lists and for keys with a dot.
//! So a label written `GPU:` is stored as `gpu`, unless the map is written as a list of one-key maps.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use yaml::scalar::Rules;
use yaml::tree;

use super::weak::{self, Fields};
use super::{Auth, Cluster, ClusterConfig, ConfigError, KubeClientConfig, WeightedCluster};

/// What kind of file a configuration was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A configuration file of flyteadmin, with the section `clusters`.
    ClustersYaml,
    /// Values of the chart flyte-core, with `configmap.clusters`.
    HelmValues,
}

impl ClusterConfig {
    /// Reads a `clusters.yaml` or Helm values, whichever `text` is. Scalars are read as the process would see them:
    /// `yes` is true in Helm values, but text, which stops flyteadmin, in its own file.
    ///
    /// # Errors
    /// The text is not YAML, has neither form, or a value has a type that does not convert.
    pub fn from_yaml(text: &str) -> Result<(Self, Source), ConfigError> {
        let root = tree::parse(text)?.ok_or(ConfigError::UnknownForm)?;
        let entries = root.mapping().unwrap_or_default();
        let own = entries.iter().find(|entry| entry.key.text.eq_ignore_ascii_case("clusters"));
        if let Some(section) = own {
            let section = section.value.to_json(Rules::Core)?;
            return Ok((Self::from_section(&section)?, Source::ClustersYaml));
        }
        let configmap = root.get("configmap").ok_or(ConfigError::UnknownForm)?;
        let section = configmap.get("clusters").filter(|section| !section.is_null());
        let section = section.ok_or(ConfigError::ClustersMissing)?.to_json(Rules::Kubernetes)?;
        Ok((Self::from_section(&section)?, Source::HelmValues))
    }

    /// Reads the content of the section `clusters`.
    ///
    /// # Errors
    /// A value has a type that does not convert.
    pub fn from_section(section: &Value) -> Result<Self, ConfigError> {
        let section = lower_keys(section);
        let fields = Fields::of(&section, "clusters")?;
        let configs = fields.path("clusterConfigs");
        let clusters = fields
            .get("clusterConfigs")
            .map(weak::list)
            .unwrap_or_default()
            .into_iter()
            .enumerate()
            .map(|(index, value)| cluster(value, &format!("{configs}[{index}]")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            clusters,
            label_cluster_map: match fields.get("labelClusterMap") {
                Some(value) => label_map(value, &fields.path("labelClusterMap"))?,
                None => BTreeMap::new(),
            },
            default_execution_label: fields.decode("defaultExecutionLabel", weak::string)?,
        })
    }
}

/// Lower-cases the keys of nested mappings, but neither those in lists nor those with a dot. Where two keys become
/// one, the one written in lower case wins (upstream takes either). Null values vanish.
fn lower_keys(value: &Value) -> Value {
    let Value::Object(map) = value else {
        return value.clone();
    };
    let mut lowered = Map::new();
    for (key, value) in map.iter().filter(|(_, value)| !value.is_null()) {
        if key.contains('.') {
            lowered.insert(key.clone(), value.clone());
        } else if !map.contains_key(&key.to_lowercase()) || *key == key.to_lowercase() {
            lowered.insert(key.to_lowercase(), lower_keys(value));
        }
    }
    Value::Object(lowered)
}

/// Either form of `labelClusterMap`: a mapping, or a list of mappings that are merged.
fn label_map(value: &Value, path: &str) -> Result<BTreeMap<String, Vec<WeightedCluster>>, ConfigError> {
    let mut labels = BTreeMap::new();
    for part in weak::list(value) {
        let Value::Object(part) = part else {
            return Err(ConfigError::Type {
                path: path.to_owned(),
                expected: "a mapping of labels",
                found: part.to_string(),
            });
        };
        for (label, entries) in part {
            let path = format!("{path}.{label}");
            let entries = weak::list(entries)
                .into_iter()
                .filter(|entry| !entry.is_null())
                .enumerate()
                .map(|(index, entry)| WeightedCluster::from_value(entry, &format!("{path}[{index}]")))
                .collect::<Result<_, _>>()?;
            labels.insert(label.clone(), entries);
        }
    }
    Ok(labels)
}

impl WeightedCluster {
    /// Decodes one entry of a label; `path` is for messages.
    pub(crate) fn from_value(value: &Value, path: &str) -> Result<Self, ConfigError> {
        let fields = Fields::of(value, path)?;
        Ok(Self {
            id: fields.decode("id", weak::string)?,
            weight: fields.decode("weight", weak::float32)?,
        })
    }
}

fn cluster(value: &Value, path: &str) -> Result<Cluster, ConfigError> {
    let fields = Fields::of(value, path)?;
    Ok(Cluster {
        name: fields.decode("name", weak::string)?,
        endpoint: fields.decode("endpoint", weak::string)?,
        enabled: fields.decode("enabled", weak::boolean)?,
        in_cluster: fields.decode("inCluster", weak::boolean)?,
        auth: fields.decode("auth", auth)?,
        kube_client: fields.decode("kubeClientConfig", |value, path| kube_client(value, path).map(Some))?,
    })
}

fn auth(value: &Value, path: &str) -> Result<Auth, ConfigError> {
    let fields = Fields::of(value, path)?;
    Ok(Auth {
        token_path: fields.decode("tokenPath", weak::string)?,
        cert_path: fields.decode("certPath", weak::string)?,
    })
}

fn kube_client(value: &Value, path: &str) -> Result<KubeClientConfig, ConfigError> {
    let fields = Fields::of(value, path)?;
    Ok(KubeClientConfig {
        qps: fields.decode("qps", weak::integer)?,
        burst: fields.decode("burst", weak::integer)?,
        timeout: fields.decode("timeout", weak::duration)?,
    })
}
