//! `multiplane place`: where executions would land, without any cluster.

mod cases;
mod decisions;
mod overview;

use std::path::{Path, PathBuf};

use clap::Args;
use flyte::placement::{Attributes, ClusterConfig, ConfigError, Request, Selector, Source, parse_attributes};
use multiplane::exit::Exit;

use super::exit::Failure;
use super::input::{read, refuse};
use super::output::Output;

/// Shows where executions would land, and why, without any cluster.
///
/// flyteadmin's own rules are applied to its configuration: which label an execution has (parent run, request, stored
/// label), which pool of clusters that leads to, and which cluster the draw, seeded by the execution's name, chooses.
///
/// Without NAME: the pool and the expected distribution. Without any option about the execution either: an overview of
/// all labels.
#[derive(Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Place {
    /// A clusters.yaml of flyteadmin (section `clusters`), or Helm values of flyte-core (`configmap.clusters`).
    #[arg(long, value_name = "FILE", required_unless_present = "cases")]
    config: Option<PathBuf>,
    /// Stored labels; may be repeated. A YAML list of rows, or flytectl's attrFiles.
    #[arg(long, value_name = "FILE")]
    attributes: Vec<PathBuf>,
    /// Project of the executions [default: flytesnacks, as pyflyte's].
    #[arg(long)]
    project: Option<String>,
    /// Domain of the executions [default: development, as pyflyte's].
    #[arg(long)]
    domain: Option<String>,
    /// Workflow; for a single task `.flytegen.<task name>`.
    #[arg(long, value_name = "NAME")]
    workflow: Option<String>,
    /// Execution cluster label given in the request.
    #[arg(long)]
    label: Option<String>,
    /// Label in the spec of the run whose node launches this one; it replaces --label, even when empty.
    #[arg(long, value_name = "LABEL")]
    parent_label: Option<String>,
    /// Checks a table of cases (format `flyte-placement-cases/1`) instead; exit code 1 if one fails.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["config", "attributes", "project", "domain", "workflow", "label", "parent_label", "names"])]
    cases: Option<PathBuf>,
    /// Writes JSON, with every reason as data.
    #[arg(long)]
    json: bool,
    /// Names of executions. The name alone seeds the draw.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

const HELP: &str = "\
Files of stored labels:
  A list of rows; `domain` and `workflow` may be left out:
    - {project: team1, domain: development, label: label1}
    - {project: team1, domain: development, workflow: example.training_workflow, label: label2}
  or the file that `flytectl update execution-cluster-label --attrFile` takes:
    domain: development
    project: team1
    value: label1

Examples:
  multiplane place --config values-override.yaml
  multiplane place --config values-override.yaml --attributes ecl.yaml --project team1 run-1 run-2
  multiplane place --config clusters.yaml --label gpu run-{0..99}
  multiplane place --cases placement-cases.yaml

Exit codes:
  0  placed, or all cases passed
  1  a case failed, or flyteadmin refuses to place the execution
  2  wrong arguments, an unreadable file, or a configuration with which flyteadmin does not start";

impl Place {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if let Some(table) = &self.cases {
            return cases::run(table, self.json, output);
        }
        let Some(config) = &self.config else {
            return Err(Failure::invalid("error: --config is missing"));
        };
        let (selector, source) = load(config)?;
        let attributes = self.load_attributes()?;
        let title = title(config, source, &selector);
        if self.wants_overview() {
            return overview::run(&title, &selector, &attributes, self.json, output);
        }
        decisions::run(&title, &selector, &attributes, &self.request(), &self.names, self.json, output)
    }

    fn wants_overview(&self) -> bool {
        let about = [&self.project, &self.domain, &self.workflow, &self.label, &self.parent_label];
        self.names.is_empty() && about.iter().all(|option| option.is_none())
    }

    fn load_attributes(&self) -> Result<Attributes, Failure> {
        let mut attributes = Attributes::default();
        for path in &self.attributes {
            let text = read(path)?;
            let rows = parse_attributes(&text).map_err(|error| refuse(path, &text, &error))?;
            rows.into_iter().for_each(|row| attributes.put(row.value));
        }
        Ok(attributes)
    }

    /// The request, still without a name.
    fn request(&self) -> Request {
        let or = |option: &Option<String>, default: &str| option.clone().unwrap_or_else(|| default.to_owned());
        Request {
            project: or(&self.project, "flytesnacks"),
            domain: or(&self.domain, "development"),
            workflow: or(&self.workflow, ""),
            name: String::new(),
            label: self.label.clone(),
            parent_label: self.parent_label.clone(),
        }
    }
}

/// Reads the configuration and starts the selector with it.
fn load(path: &Path) -> Result<(Selector, Source), Failure> {
    let text = read(path)?;
    let file = path.display();
    let (config, source) = ClusterConfig::from_yaml(&text).map_err(|error| match &error {
        ConfigError::Yaml(error) => refuse(path, &text, error),
        other => Failure::invalid(format!("error: {file}: {other}")),
    })?;
    let selector = Selector::new(config).map_err(|error| {
        let hint = match source {
            Source::HelmValues => format!("\n`multiplane lint --values {file}` shows the place."),
            Source::ClustersYaml => String::new(),
        };
        Failure::invalid(format!(
            "error: {file}: flyteadmin does not start with this configuration: {error}{hint}"
        ))
    })?;
    Ok((selector, source))
}

/// First line of each view: the file and what it configures.
fn title(path: &Path, source: Source, selector: &Selector) -> String {
    let source = match source {
        Source::ClustersYaml => "clusters.yaml",
        Source::HelmValues => "Helm values",
    };
    let config = selector.config();
    let clusters: Vec<String> = config
        .clusters
        .iter()
        .map(|cluster| {
            if cluster.enabled {
                cluster.name.clone()
            } else {
                format!("{} (disabled)", cluster.name)
            }
        })
        .collect();
    let clusters = match clusters.as_slice() {
        [] => "no clusterConfigs: single-cluster mode".to_owned(),
        clusters => format!("clusters {}", clusters.join(", ")),
    };
    let default = match config.default_execution_label.as_str() {
        "" => "no default label".to_owned(),
        label => format!("default label `{label}`"),
    };
    format!("{} ({source}): {clusters}; {default}", path.display())
}
