//! Which of the scenarios below the paths are run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use multiplane::journal::read;
use multiplane::report::endings;
use multiplane::run::Plan;

use super::exit::Failure;

/// Which scenarios are run; all, if nothing is said.
#[derive(Args)]
pub(crate) struct Select {
    /// Runs only scenarios whose name has this text in it; `*` stands for any text. May be given several times: one must fit.
    #[arg(long, value_name = "NAME")]
    filter: Vec<String>,
    /// Runs only scenarios with this label (`metadata.labels`), as `KEY` or `KEY=VALUE`. May be given several times: all must fit.
    #[arg(long, value_name = "KEY[=VALUE]")]
    label: Vec<String>,
    /// Runs only scenarios that began in the run of this journal and did not pass.
    #[arg(long, value_name = "JOURNAL")]
    failed_in: Option<PathBuf>,
}

impl Select {
    /// Those that are selected.
    pub(crate) fn select(&self, plans: Vec<Plan>) -> Result<Vec<Plan>, Failure> {
        if self.filter.is_empty() && self.label.is_empty() && self.failed_in.is_none() {
            return Ok(plans);
        }
        let failed = self.failed()?;
        if let (Some(failed), Some(journal)) = (&failed, &self.failed_in) {
            known(failed, &plans, journal)?;
        }
        let names: Vec<String> = plans.iter().map(|plan| plan.name().to_owned()).collect();
        let selected: Vec<Plan> = plans
            .into_iter()
            .filter(|plan| self.filter.is_empty() || self.filter.iter().any(|pattern| fits(pattern, plan.name())))
            .filter(|plan| self.label.iter().all(|label| has_label(plan, label)))
            .filter(|plan| failed.as_ref().is_none_or(|failed| failed.contains(plan.name())))
            .collect();
        if selected.is_empty() && self.failed_in.is_none() {
            let asked = self.filter.first().or(self.label.first()).map_or("", String::as_str);
            let help = yaml::suggest::nearest(asked, &names).map_or(String::new(), |near| format!("; do you mean {near}?"));
            return Err(Failure::invalid(format!(
                "error: none of the {} scenarios is selected{help}",
                names.len()
            )));
        }
        Ok(selected)
    }

    /// Names of what did not pass in an earlier run.
    fn failed(&self) -> Result<Option<BTreeSet<String>>, Failure> {
        let Some(journal) = &self.failed_in else { return Ok(None) };
        let records = read(journal).map_err(|error| Failure::invalid(format!("error: {error}")))?;
        let failed = endings(&records).into_iter().filter(|(_, ending)| !ending.outcome.is_fine());
        Ok(Some(failed.map(|(name, _)| name).collect()))
    }
}

/// Refuses a run of what failed where nothing of it is below the paths: it would pass without a look at any of it.
fn known(failed: &BTreeSet<String>, plans: &[Plan], journal: &Path) -> Result<(), Failure> {
    const TOLD: usize = 5;
    if failed.is_empty() || plans.iter().any(|plan| failed.contains(plan.name())) {
        return Ok(());
    }
    let names: Vec<&str> = failed.iter().map(String::as_str).take(TOLD).collect();
    let more = if failed.len() > TOLD { ", ..." } else { "" };
    Err(Failure::invalid(format!(
        "error: nothing that did not pass in the run of {} is below these paths: {}{more}; give the paths of that run",
        journal.display(),
        names.join(", ")
    )))
}

/// Whether a name has a text in it, in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = name;
    pattern.split('*').all(|part| match rest.split_once(part) {
        Some((_, behind)) => {
            rest = behind;
            true
        }
        None => false,
    })
}

fn has_label(plan: &Plan, wanted: &str) -> bool {
    let labels = &plan.loaded.scenario.metadata.labels;
    match wanted.split_once('=') {
        Some((key, value)) => labels.get(key).is_some_and(|has| has == value),
        None => labels.contains_key(wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn names() {
        let cases = [
            ("guide", "guide-day2", true),
            ("day2", "guide-day2", true),
            ("guide*2", "guide-day2", true),
            ("2*guide", "guide-day2", false),
            ("", "a", true),
            ("placement", "guide-day2", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }
}
