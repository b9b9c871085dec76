//! `multiplane lint`: scenarios, and Helm values of a multi-cluster set-up, checked before anything runs.

mod rules;

use std::path::PathBuf;

use clap::Args;
use flyte::lint::{File, lint};
use multiplane::exit::Exit;
use multiplane::run::known_to;
use serde_json::json;
use yaml::diagnostic::Sources;
use yaml::{Diagnostics, Severity};

use super::exit::Failure;
use super::input::read;
use super::output::Output;

/// Checks scenarios, with every file they name; or finds known faults in Helm values of a multi-cluster set-up, each with its place and
/// what Flyte would do.
///
/// Several values files are merged as Helm does: the last one wins. A clusters.yaml of flyteadmin works as well; what
/// concerns the chart (mounts, Secrets) is then not checked.
#[derive(Args)]
#[command(after_long_help = HELP)]
pub(crate) struct Lint {
    /// Folders or scenario files: every `scenario.yaml` below them is checked.
    #[arg(value_name = "PATH", required_unless_present_any = ["values", "rules"], conflicts_with_all = ["values", "attributes"])]
    paths: Vec<PathBuf>,
    /// Values files of the chart flyte-core, in the order of `helm --values`.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    values: Vec<PathBuf>,
    /// Files of stored labels, to be checked against labelClusterMap (form: see `multiplane place --help`).
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "values")]
    attributes: Vec<PathBuf>,
    /// Writes JSON.
    #[arg(long)]
    json: bool,
    /// Lists the rules for values with their codes instead.
    #[arg(long, conflicts_with_all = ["paths", "values", "attributes"])]
    rules: bool,
}

const HELP: &str = "\
Examples:
  multiplane lint scenarios
  multiplane lint --values values-override.yaml
  multiplane lint --values values-eks.yaml values-controlplane.yaml values-override.yaml
  multiplane lint --values values-override.yaml --attributes ecl.yaml workflow-ecl.yaml
  multiplane lint --rules

Exit codes:
  0  no errors; there may be warnings and notes
  2  at least one error, wrong arguments, or an unreadable file";

impl Lint {
    pub(crate) fn run(self, output: &mut Output) -> Result<Exit, Failure> {
        if self.rules {
            return rules::list(self.json, output);
        }
        let (found, sources) = if self.paths.is_empty() { self.values()? } else { self.scenarios()? };
        if self.json {
            output.json(&json!({
                "diagnostics": found, "errors": count(&found, Severity::Error),
                "warnings": count(&found, Severity::Warning), "notes": count(&found, Severity::Note),
            }))?;
        } else {
            if !found.is_empty() {
                output.line(found.render(&sources, output.color()))?;
                output.line("")?;
            }
            output.line(summary(&found))?;
        }
        Ok(if found.has_errors() { Exit::Invalid } else { Exit::Passed })
    }

    fn values(&self) -> Result<(Diagnostics, Sources), Failure> {
        let (values, attributes) = (files(&self.values)?, files(&self.attributes)?);
        let found = lint(&values, &attributes);
        let mut sources = Sources::default();
        values
            .iter()
            .chain(&attributes)
            .for_each(|file| sources.add(&file.name, &file.text));
        Ok((found, sources))
    }

    fn scenarios(&self) -> Result<(Diagnostics, Sources), Failure> {
        let files = scenario::discover::discover(&self.paths).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let (mut found, mut sources) = (Diagnostics::default(), Sources::default());
        for file in files {
            let (diagnostics, texts) = match scenario::load_all(&file, &known_to("")) {
                // Each has what is said of the file as a whole.
                Ok(cells) => cells
                    .into_iter()
                    .next()
                    .map(|loaded| (loaded.diagnostics, loaded.sources))
                    .unwrap_or_default(),
                Err(invalid) => (invalid.diagnostics, invalid.sources),
            };
            // A file that several scenarios name is told about once.
            let new: Vec<_> = diagnostics
                .into_iter()
                .filter(|one| !found.iter().any(|known| known == one))
                .collect();
            found.extend(new);
            sources.extend(texts);
        }
        Ok((found, sources))
    }
}

fn files(paths: &[PathBuf]) -> Result<Vec<File>, Failure> {
    paths
        .iter()
        .map(|path| {
            Ok(File {
                name: path.display().to_string(),
                text: read(path)?,
            })
        })
        .collect()
}

fn count(found: &Diagnostics, severity: Severity) -> usize {
    found.iter().filter(|diagnostic| diagnostic.severity == severity).count()
}

/// `2 errors, 1 warning`.
fn summary(found: &Diagnostics) -> String {
    let words = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let counts: Vec<String> = words
        .into_iter()
        .map(|(severity, word)| (count(found, severity), word))
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if counts.is_empty() {
        "nothing found".to_owned()
    } else {
        counts.join(", ")
    }
}
