//! The values as flyteadmin will see them, every part with its place.

use yaml::Diagnostics;
use yaml::scalar::Rules;
use yaml::tree::Node;

use super::merged::{Merged, Place, Value};
use super::rules;
use crate::placement::{Cluster, ClusterConfig, ConfigError, WeightedCluster};

/// The values of the chart, or a `clusters.yaml`.
pub(super) struct Root<'m, 'a> {
    pub(super) values: &'m Merged<'a>,
    /// Helm values, not a `clusters.yaml`.
    pub(super) helm: bool,
}

/// Whether these files are Helm values, not a `clusters.yaml`.
pub(super) fn is_helm(files: &[(&str, Node)]) -> bool {
    let any = |key| files.iter().any(|(_, root)| root.get(key).is_some());
    any("configmap") || !any("clusters")
}

/// How the reader of the files takes their scalars.
pub(super) fn scalar_rules(helm: bool) -> Rules {
    if helm { Rules::Kubernetes } else { Rules::Core }
}

/// The section `clusters`, decoded.
pub(super) struct View<'m, 'a> {
    pub(super) root: &'m Merged<'a>,
    pub(super) helm: bool,
    pub(super) section: &'m Merged<'a>,
    /// As the process sees it.
    pub(super) config: ClusterConfig,
    pub(super) clusters: Vec<ClusterView<'m, 'a>>,
    pub(super) labels: Vec<LabelView<'a>>,
}

/// One of `clusterConfigs`.
pub(super) struct ClusterView<'m, 'a> {
    pub(super) fields: &'m Merged<'a>,
    pub(super) cluster: Cluster,
}

/// One label.
pub(super) struct LabelView<'a> {
    /// As written.
    pub(super) written: &'a str,
    /// As the reader of the file resolves it.
    pub(super) resolved: String,
    /// As the process sees it.
    pub(super) label: String,
    pub(super) place: Place<'a>,
    pub(super) entries: Vec<EntryView<'a>>,
}

/// One entry of a label.
pub(super) struct EntryView<'a> {
    pub(super) id: String,
    pub(super) weight: f32,
    pub(super) place: Place<'a>,
    pub(super) weight_place: Place<'a>,
}

impl<'m, 'a> Root<'m, 'a> {
    /// The mapping that holds the section.
    pub(super) fn parent(&self) -> Option<&'m Merged<'a>> {
        if self.helm {
            self.values.get("configmap")
        } else {
            Some(self.values)
        }
    }

    /// Decodes the section, if there is one; reports a value of a wrong type.
    pub(super) fn section(&self, found: &mut Diagnostics) -> Option<View<'m, 'a>> {
        let section = self.parent()?.get("clusters")?;
        let scalars = scalar_rules(self.helm);
        match ClusterConfig::from_section(&section.to_json(scalars)) {
            Ok(config) => Some(View {
                root: self.values,
                helm: self.helm,
                section,
                clusters: clusters(section, &config),
                labels: labels(section, scalars),
                config,
            }),
            Err(error) => {
                let (place, templated) = match &error {
                    ConfigError::Type { path, found, .. } => (place_of(section, path), found.contains("{{")),
                    _ => (section.place, false),
                };
                found.push(match templated && self.helm {
                    true => rules::TEMPLATED.at(place, "a templated value: the section is not checked"),
                    false => rules::WRONG_TYPE.at(place, error.to_string()),
                });
                None
            }
        }
    }
}

impl<'a> ClusterView<'_, 'a> {
    /// Where `key` stands; the cluster's own place if it is left out.
    pub(super) fn place(&self, key: &str) -> Place<'a> {
        self.fields.get(key).map_or(self.fields.place, |value| value.place)
    }
}

impl View<'_, '_> {
    /// Whether `id` is a cluster that may be drawn; `None` if there is no such cluster.
    pub(super) fn enabled(&self, id: &str) -> Option<bool> {
        self.config.cluster(id).map(|cluster| cluster.enabled)
    }

    /// Whether a label, as the process sees it, has at least one enabled cluster.
    pub(super) fn has_pool(&self, label: &str) -> bool {
        let entries = self.config.label_cluster_map.get(label);
        entries.is_some_and(|entries| entries.iter().any(|entry| self.enabled(&entry.id) == Some(true)))
    }

    /// Labels that have a pool.
    pub(super) fn usable_labels(&self) -> Vec<&str> {
        self.config
            .label_cluster_map
            .keys()
            .map(String::as_str)
            .filter(|label| self.has_pool(label))
            .collect()
    }
}

fn clusters<'m, 'a>(section: &'m Merged<'a>, config: &ClusterConfig) -> Vec<ClusterView<'m, 'a>> {
    let items = section.get("clusterConfigs").map(Merged::items).unwrap_or_default();
    items
        .into_iter()
        .zip(&config.clusters)
        .map(|(fields, cluster)| ClusterView {
            fields,
            cluster: cluster.clone(),
        })
        .collect()
}

/// The labels of either form of the map. Keys of mappings lose their capitals, unless they have a dot. Every label is
/// decoded by itself, since of two that become one only one is in the configuration.
fn labels<'a>(section: &Merged<'a>, rules: Rules) -> Vec<LabelView<'a>> {
    let Some(map) = section.get("labelClusterMap") else {
        return Vec::new();
    };
    let keeps_case = matches!(map.value, Value::List(_));
    let mut labels = Vec::new();
    for field in map
        .items()
        .into_iter()
        .flat_map(Merged::fields)
        .filter(|field| !field.value.is_null())
    {
        let label = if keeps_case || field.key.contains('.') {
            field.key.clone()
        } else {
            field.key.to_lowercase()
        };
        let entries = field.value.items().into_iter().filter_map(|item| entry(item, rules)).collect();
        labels.push(LabelView {
            written: field.written,
            resolved: field.key.clone(),
            label,
            place: field.key_place,
            entries,
        });
    }
    labels
}

/// An entry; one that does not decode has been reported already.
fn entry<'a>(item: &Merged<'a>, rules: Rules) -> Option<EntryView<'a>> {
    let WeightedCluster { id, weight } = WeightedCluster::from_value(&item.to_json(rules), "").ok()?;
    Some(EntryView {
        id,
        weight,
        place: item.get("id").map_or(item.place, |id| id.place),
        weight_place: item.get("weight").map_or(item.place, |weight| weight.place),
    })
}

/// The place of a path such as `clusters.clusterConfigs[0].enabled`, as far as it can be followed.
fn place_of<'a>(section: &Merged<'a>, path: &str) -> Place<'a> {
    let mut node = section;
    for step in path.split(['.', '[', ']']).skip(1).filter(|step| !step.is_empty()) {
        let next = match step.parse::<usize>() {
            Ok(index) => node.items().get(index).copied(),
            Err(_) => node.field(step).map(|field| &field.value),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node.place
}
