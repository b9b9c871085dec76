//! `multiplane config show`.

use clap::{Arg, Args, Command, Subcommand};
use multiplane::exit::Exit;

use super::{Settings, commands, id, options};
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::table::aligned;

/// What options are set to, besides the command line.
///
/// Flags win over the environment (MULTIPLANE_RUN_JOBS is `--jobs` of `run`), the environment over the file, the file over what is built in. The
/// file is multiplane.yaml, here or in the nearest folder above, or what MULTIPLANE_CONFIG names: `run: {jobs: 2, keep: failed}`.
#[derive(Args)]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Prints every option that has a value.
    Show {
        /// Also prints where the value is from.
        #[arg(long)]
        origin: bool,
    },
}

impl ConfigCommand {
    #[cfg(test)]
    pub(super) fn of_show(origin: bool) -> Self {
        Self {
            what: What::Show { origin },
        }
    }

    pub(crate) fn run(&self, root: &Command, settings: &Settings, output: &mut Output) -> Result<Exit, Failure> {
        let What::Show { origin } = self.what;
        let mut rows = vec![["option", "value", "from"].map(str::to_owned).to_vec()];
        for command in commands(root) {
            for arg in options(command) {
                let Some((value, from)) = value(command, arg, settings) else {
                    continue;
                };
                let name = format!("{}.{}", command.get_name(), arg.get_long().unwrap_or_default());
                rows.push(vec![name, value, from]);
            }
        }
        if !origin {
            rows.iter_mut().for_each(|row| row.truncate(2));
        }
        for line in aligned(&rows, "") {
            output.line(line)?;
        }
        Ok(Exit::Passed)
    }
}

/// An option's value, and where it is from.
fn value(command: &Command, arg: &Arg, settings: &Settings) -> Option<(String, String)> {
    if let Some(setting) = settings.get(command.get_name(), &id(arg)) {
        return Some((setting.values.join(", "), setting.origin.to_string()));
    }
    let built_in: Vec<String> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let value = built_in.join(", ");
    // A switch that is off is no news.
    (!value.is_empty() && value != "false").then(|| (value, "built in".to_owned()))
}
