//! Configurations for kind: a file for the role and version, with what a run adds.

use std::path::{Path, PathBuf};

use scenario::Role;
use serde_json::{Map, Value, json};

use super::KindError;
use crate::backend::ClusterSpec;
use crate::backend::ledger::LABEL;
use crate::backend::nodes::DATA;

const CONTROLPLANE: &str = include_str!("../../../../../kind-configs/controlplane.yaml");
const DATAPLANE: &str = include_str!("../../../../../kind-configs/dataplane.yaml");
const IMAGES: &str = include_str!("../../../../../kind-configs/node-images.yaml");

/// Where configurations and node images come from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configs {
    /// A folder with files in place of those compiled in.
    pub folder: Option<PathBuf>,
    /// Node images by version, which win over the table.
    pub images: Vec<NodeImage>,
}

/// A node image, for one Kubernetes version or for all clusters that name none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeImage {
    /// `major.minor`.
    pub version: Option<String>,
    /// The image.
    pub image: String,
}

impl std::fmt::Display for NodeImage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{version}={}", self.image),
            None => f.write_str(&self.image),
        }
    }
}

/// Reads `[VERSION=]IMAGE`.
impl std::str::FromStr for NodeImage {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (version, image) = match text.split_once('=') {
            Some((version, image)) => (Some(version.to_owned()), image),
            None => (None, text),
        };
        let plain = |version: &str| {
            let minor = version.strip_prefix("1.");
            minor.is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
        };
        if image.is_empty() || version.as_deref().is_some_and(|version| !plain(version)) {
            return Err("write IMAGE, or a version and its image as 1.36=IMAGE".to_owned());
        }
        Ok(Self {
            version,
            image: image.to_owned(),
        })
    }
}

/// What a host asks of a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFacts {
    /// Whether the host has cgroup v1, on which kubelets must be told to run.
    pub cgroup_v1: bool,
}

impl HostFacts {
    /// This host's.
    pub fn read() -> Self {
        let known = Path::new("/sys/fs/cgroup").exists();
        Self {
            cgroup_v1: known && !Path::new("/sys/fs/cgroup/cgroup.controllers").exists(),
        }
    }
}

impl Configs {
    /// The node image for a version; `None` stands for kind's own default.
    ///
    /// # Errors
    /// If no image of that version is known.
    pub fn image(&self, spec: &ClusterSpec) -> Result<Option<String>, KindError> {
        let given = self.images.iter().find(|given| given.version == spec.kubernetes);
        if let Some(given) = given {
            return Ok(Some(given.image.clone()));
        }
        let Some(version) = &spec.kubernetes else { return Ok(None) };
        match self.table()?.get(version).and_then(Value::as_str) {
            Some(image) => Ok(Some(image.to_owned())),
            None => Err(KindError::NoImage {
                cluster: spec.id.clone(),
                version: version.clone(),
            }),
        }
    }

    /// Node images by version.
    fn table(&self) -> Result<Value, KindError> {
        const FILE: &str = "node-images.yaml";
        parse(FILE, &self.read(FILE)?.unwrap_or_else(|| IMAGES.to_owned()))
    }

    /// Kubernetes versions with a node image in the table, the newest first; none if the table cannot be read.
    pub fn versions(&self) -> Vec<String> {
        let table = self.table().unwrap_or_default();
        let mut versions: Vec<String> = table.as_object().into_iter().flat_map(|table| table.keys().cloned()).collect();
        versions.sort_by_key(|version| std::cmp::Reverse(version.split('.').map(|part| part.parse::<u32>().ok()).collect::<Vec<_>>()));
        versions
    }

    /// The configuration of a cluster, as YAML; `data` is a folder of the host that all nodes get at `/var/lib/multiplane`.
    ///
    /// # Errors
    /// If the file that it starts from cannot be used.
    pub fn generate(&self, spec: &ClusterSpec, run: &str, host: HostFacts, data: Option<&Path>) -> Result<String, KindError> {
        let (file, text) = self.base(spec)?;
        let mut config = parse(&file, &text)?;
        let unusable = |message: &str| KindError::Config {
            file: file.clone(),
            message: message.to_owned(),
        };
        let root = config.as_object_mut().ok_or_else(|| unusable("it is no mapping"))?;
        let nodes = root.entry("nodes").or_insert_with(|| json!([{"role": "control-plane"}]));
        let nodes = nodes.as_array_mut().ok_or_else(|| unusable("`nodes` is no list"))?;
        let role = |node: &Value| node["role"].as_str().unwrap_or("control-plane").to_owned();
        if !nodes.iter().any(|node| role(node) == "control-plane") {
            return Err(unusable("no node has the role control-plane"));
        }
        // One node does everything; kind keeps work off a control plane's node only where there are workers.
        let workers = if spec.nodes > 1 { spec.nodes } else { 0 };
        let there = nodes.iter().filter(|node| role(node) == "worker").count();
        if there > workers {
            return Err(unusable(&format!(
                "it has {there} workers; the scenario sizes {} with {workers}",
                spec.id
            )));
        }
        nodes.extend(std::iter::repeat_n(json!({"role": "worker"}), workers - there));
        for node in nodes {
            let node = node.as_object_mut().ok_or_else(|| unusable("a node is no mapping"))?;
            complete(node, run, host, data)
                .ok_or_else(|| unusable("a node's `labels`, `extraMounts` or `kubeadmConfigPatches` are not of their kind"))?;
        }
        Ok(yaml::emit::document(&config))
    }

    /// The file that a cluster starts from, and its text.
    fn base(&self, spec: &ClusterSpec) -> Result<(String, String), KindError> {
        let (role, compiled) = match spec.role {
            Role::Controlplane => ("controlplane", CONTROLPLANE),
            _ => ("dataplane", DATAPLANE),
        };
        if let Some(version) = &spec.kubernetes {
            let file = format!("{role}-{version}.yaml");
            if let Some(text) = self.read(&file)? {
                return Ok((file, text));
            }
        }
        let file = format!("{role}.yaml");
        let text = self.read(&file)?.unwrap_or_else(|| compiled.to_owned());
        Ok((file, text))
    }

    fn read(&self, file: &str) -> Result<Option<String>, KindError> {
        let Some(folder) = &self.folder else { return Ok(None) };
        let path = folder.join(file);
        match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(KindError::Config {
                file: path.display().to_string(),
                message: error.to_string(),
            }),
        }
    }
}

/// The run's label on a node, the world's folder, and the kubelet's permission to run on cgroup v1.
fn complete(node: &mut Map<String, Value>, run: &str, host: HostFacts, data: Option<&Path>) -> Option<()> {
    let labels = node.entry("labels").or_insert_with(|| json!({})).as_object_mut()?;
    labels.insert(LABEL.to_owned(), json!(run));
    if let Some(data) = data {
        let mounts = node.entry("extraMounts").or_insert_with(|| json!([])).as_array_mut()?;
        mounts.push(json!({"hostPath": data, "containerPath": DATA}));
    }
    if host.cgroup_v1 {
        let patches = node.entry("kubeadmConfigPatches").or_insert_with(|| json!([])).as_array_mut()?;
        patches.push(json!("kind: KubeletConfiguration\nfailCgroupV1: false\n"));
    }
    Some(())
}

fn parse(file: &str, text: &str) -> Result<Value, KindError> {
    yaml::strict::from_str(text).map_err(|error| KindError::Config {
        file: file.to_owned(),
        message: error.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn spec(role: Role, nodes: usize, kubernetes: Option<&str>) -> ClusterSpec {
        ClusterSpec {
            id: "dataplane_1".to_owned(),
            role,
            nodes,
            kubernetes: kubernetes.map(str::to_owned),
            api_names: Vec::new(),
            ingress_names: Vec::new(),
            issuer: None,
        }
    }

    fn generated(configs: &Configs, spec: &ClusterSpec, cgroup_v1: bool) -> Value {
        let text = configs.generate(spec, "r1", HostFacts { cgroup_v1 }, None).unwrap();
        parse("generated", &text).unwrap()
    }

    #[rstest]
    #[case(Role::Controlplane, 1, 1, 8)]
    #[case(Role::Controlplane, 2, 3, 8)]
    #[case(Role::Dataplane, 3, 4, 2)]
    fn nodes_and_ports(#[case] role: Role, #[case] sized: usize, #[case] nodes: usize, #[case] ports: usize) {
        let config = generated(&Configs::default(), &spec(role, sized, None), false);
        assert_eq!(config["kind"], "Cluster");
        assert_eq!(config["apiVersion"], "kind.x-k8s.io/v1alpha4");
        let list = config["nodes"].as_array().unwrap();
        assert_eq!(list.len(), nodes);
        assert_eq!(list[0]["extraPortMappings"].as_array().unwrap().len(), ports);
        assert!(
            list.iter()
                .all(|node| node["labels"][LABEL] == "r1" && node.get("kubeadmConfigPatches").is_none())
        );
        assert!(list[1..].iter().all(|node| node["role"] == "worker"));
    }

    #[test]
    fn every_node_has_the_worlds_folder() {
        let spec = spec(Role::Dataplane, 2, None);
        let text = Configs::default()
            .generate(&spec, "r1", HostFacts { cgroup_v1: false }, Some(Path::new("/state/data")))
            .unwrap();
        let config = parse("generated", &text).unwrap();
        let mount = json!([{"hostPath": "/state/data", "containerPath": DATA}]);
        assert!(config["nodes"].as_array().unwrap().iter().all(|node| node["extraMounts"] == mount));
    }

    #[test]
    fn kubelets_may_run_on_cgroup_v1() {
        let config = generated(&Configs::default(), &spec(Role::Other, 2, None), true);
        let patch = "kind: KubeletConfiguration\nfailCgroupV1: false\n";
        let nodes = config["nodes"].as_array().unwrap();
        assert!(nodes.iter().all(|node| node["kubeadmConfigPatches"] == json!([patch])));
    }

    #[test]
    fn a_folder_takes_the_place_of_what_is_compiled_in() {
        let folder = tempfile::tempdir().unwrap();
        let configs = Configs {
            folder: Some(folder.path().to_owned()),
            images: Vec::new(),
        };
        let text = "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnetworking: {disableDefaultCNI: true}\n";
        std::fs::write(folder.path().join("dataplane-1.36.yaml"), text).unwrap();
        let special = generated(&configs, &spec(Role::Dataplane, 1, Some("1.36")), false);
        assert_eq!(special["networking"]["disableDefaultCNI"], true);
        assert_eq!(special["nodes"].as_array().unwrap().len(), 1);
        let usual = generated(&configs, &spec(Role::Dataplane, 1, Some("1.37")), false);
        assert!(usual.get("networking").is_none());
        std::fs::write(folder.path().join("dataplane.yaml"), "nodes: [{role: worker}]").unwrap();
        let error = configs
            .generate(&spec(Role::Dataplane, 2, None), "r1", HostFacts { cgroup_v1: false }, None)
            .unwrap_err();
        assert_eq!(error.to_string(), "dataplane.yaml: no node has the role control-plane");
    }

    #[test]
    fn images_are_pinned_or_given() {
        let mut configs = Configs::default();
        let image = |configs: &Configs, version| configs.image(&spec(Role::Dataplane, 1, version));
        assert_eq!(image(&configs, None).unwrap(), None);
        assert!(
            image(&configs, Some("1.37"))
                .unwrap()
                .unwrap()
                .starts_with("kindest/node:v1.37.0@sha256:")
        );
        assert_eq!(image(&configs, Some("1.36")).unwrap_err().code(), "kind-no-node-image");
        configs.images = vec!["1.36=local/node:1".parse().unwrap(), "local/node:2".parse().unwrap()];
        assert_eq!(image(&configs, Some("1.36")).unwrap().as_deref(), Some("local/node:1"));
        assert_eq!(image(&configs, None).unwrap().as_deref(), Some("local/node:2"));
        assert!("v1.36=x".parse::<NodeImage>().is_err());
        // A digest's `@sha256:` and a port's `:` are no version.
        assert!("localhost:5000/node@sha256:ab".parse::<NodeImage>().unwrap().version.is_none());
    }
}
