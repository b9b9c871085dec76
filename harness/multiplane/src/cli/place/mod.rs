//! `multiplane place`: where executions would land, without any cluster.

mod against;
mod cases;
mod decisions;
mod find;
mod overview;

use std::path::{Path, PathBuf};

use clap::Args;
use flyte::placement::compare::{Side, kinds};
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
    /// Another configuration: shows which executions would move, from where to where. Exact for all names; with NAMEs also for these.
    #[arg(long, value_name = "FILE", conflicts_with = "cases")]
    against: Option<PathBuf>,
    /// Stored labels beside the other configuration, if they change, too; may be repeated.
    #[arg(long, value_name = "FILE", requires = "against")]
    against_attributes: Vec<PathBuf>,
    /// Exit code 1 if an execution would move.
    #[arg(long, requires = "against")]
    forbid_moves: bool,
    /// Finds so many names for each cluster that the execution can go to.
    #[arg(long, value_name = "N", conflicts_with_all = ["cases", "against", "names"])]
    find: Option<usize>,
    /// Start of the names that --find tries.
    #[arg(long, value_name = "TEXT", default_value = "run-", requires = "find")]
    prefix: String,
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
  multiplane place --config clusters.yaml --label gpu --find 3
  multiplane place --config now.yaml --against then.yaml --attributes ecl.yaml
  multiplane place --cases placement-cases.yaml

Exit codes:
  0  placed, compared, or all cases passed
  1  a case failed, an execution moves with --forbid-moves, or flyteadmin refuses to place the execution
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
        let attributes = load_attributes(&self.attributes)?;
        if let Some(other) = &self.against {
            return self.compare((config, &selector, &attributes), other, output);
        }
        let title = title(config, source, &selector);
        if let Some(count) = self.find {
            let request = self.request();
            return find::run(&title, &selector, &attributes, &request, (&self.prefix, count), self.json, output);
        }
        if self.names.is_empty() && self.about_all() {
            return overview::run(&title, &selector, &attributes, self.json, output);
        }
        decisions::run(&title, &selector, &attributes, &self.request(), &self.names, self.json, output)
    }

    /// Whether no option is about one kind of executions.
    fn about_all(&self) -> bool {
        let about = [&self.project, &self.domain, &self.workflow, &self.label, &self.parent_label];
        about.iter().all(|option| option.is_none())
    }

    fn compare(&self, now: (&Path, &Selector, &Attributes), other: &Path, output: &mut Output) -> Result<Exit, Failure> {
        let (file, selector, attributes) = now;
        let (other_selector, _) = load(other)?;
        let other_attributes = match self.against_attributes.as_slice() {
            [] => attributes.clone(),
            files => load_attributes(files)?,
        };
        let (before, after) = (
            Side { selector, attributes },
            Side {
                selector: &other_selector,
                attributes: &other_attributes,
            },
        );
        let kinds = match self.about_all() {
            true => kinds(before, after),
            false => vec![self.request()],
        };
        let view = against::View {
            title: format!("{} -> {}", file.display(), other.display()),
            names: &self.names,
            forbid: self.forbid_moves,
            json: self.json,
        };
        against::run(&view, before, after, &kinds, output)
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

/// Reads files of stored labels, later ones over earlier ones.
fn load_attributes(files: &[PathBuf]) -> Result<Attributes, Failure> {
    let mut attributes = Attributes::default();
    for path in files {
        let text = read(path)?;
        let rows = parse_attributes(&text).map_err(|error| refuse(path, &text, &error))?;
        rows.into_iter().for_each(|row| attributes.put(row.value));
    }
    Ok(attributes)
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
