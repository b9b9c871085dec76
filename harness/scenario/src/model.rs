//! A scenario as a whole: what the file says, before anything runs.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use indexmap::IndexMap;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Value, json};
use yaml::{Span, Spanned};

use crate::expression::Bindings;
use crate::{ClusterId, Duration, OneOrMany, Verb};

/// A multi-cluster scenario: clusters, and steps that are run in order until one fails.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scenario {
    /// The format's version.
    pub api_version: ApiVersion,
    /// What the file is.
    pub kind: Kind,
    /// Name and description.
    pub metadata: Metadata,
    /// What holds for the whole run.
    #[serde(default)]
    pub settings: Settings,
    /// Values of any type, for `${{ vars.<name> }}` and, of a map, `${{ vars.<name>.<field> }}`. One may name those before it.
    #[serde(default)]
    pub vars: BTreeMap<String, Value>,
    /// Namespaces that are made before the first step, and whose names nobody else has: not another scenario, not another run. Steps name
    /// them as `${{ namespaces.<name> }}`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, Namespace>")]
    pub namespaces: IndexMap<String, Namespace>,
    /// The clusters by id. The id is Flyte's name for the cluster in `clusterConfigs`; where Kubernetes and DNS allow
    /// fewer characters, `_` becomes `-`.
    #[schemars(with = "BTreeMap<ClusterId, Cluster>")]
    pub clusters: IndexMap<ClusterId, Cluster>,
    /// What to do, in order. Each step is one verb with its fields inside.
    #[schemars(with = "Vec<Verb>")]
    pub steps: Vec<Step>,
    /// The scenario's file, as the user named it.
    #[serde(skip)]
    pub file: PathBuf,
}

impl Scenario {
    /// A path of the scenario, which counts from the scenario's folder.
    pub fn path(&self, relative: &str) -> PathBuf {
        let mut path = PathBuf::new();
        for part in self.file.parent().unwrap_or(Path::new("")).join(relative).components() {
            // `a/b/../c` reads as `a/c` in messages.
            if part == Component::ParentDir && matches!(path.components().next_back(), Some(Component::Normal(_))) {
                path.pop();
            } else {
                path.push(part);
            }
        }
        path
    }

    /// The steps that set the world up: those before the first `submit` or `expect`.
    pub fn set_up(&self) -> &[Step] {
        let work = |step: &Step| matches!(step.verb, Verb::Submit(_) | Verb::Expect(_));
        let end = self.steps.iter().position(work).unwrap_or(self.steps.len());
        &self.steps[..end]
    }

    /// What the file gives by name.
    pub fn bindings(&self) -> Bindings {
        self.bindings_with(BTreeMap::new())
    }

    /// What the file gives by name to one of its steps.
    pub fn bindings_of(&self, step: &Step) -> Bindings {
        self.bindings_with(step.each.clone())
    }

    fn bindings_with(&self, each: BTreeMap<String, Value>) -> Bindings {
        let namespaces = self.namespaces.iter();
        Bindings {
            vars: self.vars.clone(),
            each,
            namespaces: namespaces
                .filter_map(|(id, namespace)| Some((id.clone(), Value::String(namespace.name.as_ref()?.value.clone()))))
                .collect(),
        }
    }

    /// Whether programs of this machine take part, which is not possible in virtual time.
    pub fn needs_real_time(&self) -> bool {
        self.steps.iter().any(|step| step.verb.needs_real_time())
    }

    /// The clusters of a role, in file order.
    pub fn clusters_of(&self, role: Role) -> impl Iterator<Item = (&ClusterId, &Cluster)> {
        self.clusters.iter().filter(move |(_, cluster)| cluster.role == role)
    }
}

/// The format's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The first version; may still change.
    #[serde(rename = "multiplane.dev/v1alpha1")]
    V1Alpha1,
}

/// What the file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Kind {
    /// A scenario.
    Scenario,
}

/// What a scenario is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Metadata {
    /// Unique name: lower-case letters, digits and `-`, at most 63 characters.
    #[schemars(regex(pattern = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"))]
    pub name: Spanned<String>,
    /// One or two sentences for reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// For selecting scenarios.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// For a scenario that is known to fail: it runs, and its failure is told but does not fail the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine: Option<Quarantine>,
}

/// Whose business a known failure is, and for how long it is borne.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quarantine {
    /// Who mends it: a person or a team.
    #[schemars(length(min = 1))]
    pub owner: Spanned<String>,
    /// Where it is told of, for example an issue: `https://...`.
    #[schemars(regex(pattern = "^https?://"))]
    pub link: Spanned<String>,
    /// The last day, in UTC, as `2026-12-31`. From the next day on the scenario fails the run as any other.
    #[schemars(with = "String", regex(pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"))]
    pub until: Spanned<Date>,
}

/// What holds for the whole run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    /// Seed of all randomness; the command line's `--seed` wins. Default 0.
    pub seed: u64,
    /// How long the whole run may take, in its own (virtual) time. Default 12h.
    pub timeout: Duration,
    /// How long an `expect` without `within` may take to come true. Default 2m.
    pub within: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            timeout: Duration::from_secs(12 * 3600),
            within: Duration::from_secs(120),
        }
    }
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cluster {
    /// What the cluster is for.
    pub role: Role,
    /// Number of nodes; as with kind, one if nothing else is asked for. Without any, pods stay `Pending`.
    #[serde(default = "one")]
    #[schemars(range(min = 0, max = 1000))]
    pub nodes: u32,
    /// Kubernetes version `major.minor`; without it, the backend's own. A backend that cannot serve it refuses the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = r"^1\.[0-9]+$"))]
    pub kubernetes: Option<Spanned<String>>,
    /// Issuer of the tokens of its service accounts, `https://...`, as EKS has one for each cluster. Without it, that of every cluster of
    /// kubeadm: `https://kubernetes.default.svc.cluster.local`. With it, pods get AWS's variables and a token as on EKS, where their service
    /// account has the annotation `eks.amazonaws.com/role-arn`. Backend `embedded` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = "^https://"))]
    pub issuer: Option<Spanned<String>>,
    /// Further names by which pods of all clusters reach it, as DNS has them where the values come from.
    #[serde(default, skip_serializing_if = "ClusterNames::is_empty")]
    pub names: ClusterNames,
    /// Where the id stands in the file.
    #[serde(skip)]
    pub id_span: Span,
}

fn one() -> u32 {
    1
}

/// A namespace of the scenario's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Namespace {
    /// The clusters that have it: ids, patterns such as `dataplane_*`, or `role=dataplane`. Default: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<OneOrMany<String>>,
    /// Labels, for example of pod security.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Its name in the clusters. Default: the name here, with eight characters behind it that follow from the run and the scenario.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Spanned<String>>,
}

/// DNS names of a cluster, so that values and manifests of another installation work as they are. Certificates are good for them; the port
/// is 443, whichever name is used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClusterNames {
    /// Of the API server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api: Vec<Spanned<String>>,
    /// Of the Ingress controller.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ingress: Vec<Spanned<String>>,
}

impl ClusterNames {
    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.api.is_empty() && self.ingress.is_empty()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.api.iter().chain(&self.ingress)
    }
}

/// What a cluster is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Flyte's control plane: admin, console, scheduler.
    Controlplane,
    /// Runs workflows.
    Dataplane,
    /// Anything else, for example a cluster that must stay untouched.
    Other,
}

/// One step with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What to do.
    pub verb: Verb,
    /// Where the verb stands in the file.
    pub span: Span,
    /// The variables of the `for`s around it, if it reads files that may name them; in itself, they are put in their places.
    pub each: BTreeMap<String, Value>,
    /// The variables of the `for`s around it, for its title.
    pub turn: BTreeMap<String, Value>,
}

/// Characters of a variable's value that a title shows.
const SHOWN: usize = 40;

impl Step {
    /// What it does, in one line. What a verb does not show of the `for`s around it stands behind: turns would look alike.
    pub fn title(&self) -> String {
        let title = self.verb.to_string();
        let turns = self.turn.iter().filter_map(|(name, value)| {
            let value = match value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            };
            let known = title.split([' ', ',', '/']).any(|word| word == value);
            let cut = if value.chars().count() > SHOWN { "…" } else { "" };
            (!known).then(|| format!("{name}: {}{cut}", value.chars().take(SHOWN).collect::<String>()))
        });
        let turns = turns.collect::<Vec<_>>().join(", ");
        if turns.is_empty() { title } else { format!("{title} ({turns})") }
    }
}

/// As it is written: a step with variables stands under a `for` that goes over their one value.
impl Serialize for Step {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.each.is_empty() {
            return self.verb.serialize(serializer);
        }
        let step = serde_json::to_value(&self.verb).map_err(serde::ser::Error::custom)?;
        let under = |step: Value, (each, value): (&String, &Value)| json!({"for": {"each": each, "in": [value], "do": [step]}});
        self.each.iter().fold(step, under).serialize(serializer)
    }
}
