//! `--matrix`: what is held fixed; and what else becomes a plan.

use std::path::PathBuf;

use clap::Args;
use multiplane::charts::{ChartsError, provide};
use multiplane::run::{Pins, Plan};

use super::exit::Failure;
use super::output::complain;

/// What is held fixed, of the world and of the scenarios' matrices.
#[derive(Args)]
pub(crate) struct Held {
    /// Holds part of the world fixed: `kubernetes=VERSION` for every cluster whose scenario names no version, `vars.NAME=VALUE` for a
    /// scenario's variable or, of a scenario with a matrix, the cells with this value, `set.RELEASE.PATH=VALUE` for a chart's value,
    /// `longest-hold=DURATION` for expectations that hold longer (in real time, ten minutes are ten minutes). May be given several times.
    #[arg(long, value_name = "KEY=VALUE")]
    matrix: Vec<String>,
}

impl Held {
    /// All scenarios of some files, or everything that is wrong with any of them; `select` leaves those that are wanted.
    pub(crate) fn plans(
        &self,
        files: &[PathBuf],
        seed: Option<u64>,
        run: &str,
        select: impl FnOnce(Vec<Plan>) -> Result<Vec<Plan>, Failure>,
    ) -> Result<Vec<Plan>, Failure> {
        let invalid = |error| Failure::invalid(format!("error: {error}"));
        let pins = Pins::parse(self.matrix.iter().map(String::as_str)).map_err(invalid)?;
        let given = pins.given(run);
        let mut plans = Vec::new();
        let mut faults = Vec::new();
        for file in files {
            match Plan::all(file, seed, &given) {
                Ok(cells) => plans.extend(cells),
                Err(invalid) => faults.push(invalid.to_string()),
            }
        }
        let mut names: Vec<&str> = plans.iter().map(Plan::name).collect();
        names.sort_unstable();
        faults.extend(
            names
                .windows(2)
                .filter(|pair| pair[0] == pair[1])
                .map(|pair| format!("error: two scenarios are called {:?}", pair[0])),
        );
        if !faults.is_empty() {
            return Err(Failure::invalid(faults.join("\n")));
        }
        let mut plans = select(plans)?;
        pins.apply(&mut plans).map_err(invalid)?;
        Ok(plans)
    }
}

/// Fetches the charts of repositories that the plans name.
pub(crate) fn fetch(plans: &mut [Plan]) -> Result<(), Failure> {
    let warnings = provide(plans).map_err(|error| match error {
        ChartsError::Invalid(invalid) => Failure::invalid(invalid.to_string()),
        ChartsError::Environment(message) => Failure::environment(format!("error: {message}")),
    })?;
    warnings.iter().for_each(|warning| complain(&format!("warning: {warning}")));
    Ok(())
}
