//! `multiplane.yaml` and `MULTIPLANE_*`: values of options that the command line does not give. Flags win over the environment, the environment
//! over the file, the file over what is built in.
//!
//! Both become defaults of clap's own arguments before it parses, so every option of every command has them, with its own checks.

mod file;
mod show;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Arg, ArgAction, Command};

use super::exit::Failure;

pub(super) use show::ConfigCommand;

/// Name of the file.
const FILE: &str = "multiplane.yaml";
/// Start of the variables' names.
const PREFIX: &str = "MULTIPLANE_";

/// Where an option's value is from, if the command line does not give it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A file, at a line and a column.
    File(PathBuf, usize, usize),
    /// A variable of the environment.
    Variable(String),
}

/// An option's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Setting {
    values: Vec<String>,
    origin: Origin,
}

/// Values by command and option.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Settings(BTreeMap<(String, String), Setting>);

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::File(file, line, column) => write!(f, "{}:{line}:{column}", file.display()),
            Origin::Variable(name) => f.write_str(name),
        }
    }
}

impl Settings {
    /// All that is set: by the file, if there is one, and by these variables.
    ///
    /// # Errors
    /// The file cannot be read or is none; a command or an option that there is not.
    pub(super) fn read(root: &Command, variables: impl Iterator<Item = (String, String)>) -> Result<Self, Failure> {
        let (file, variables): (Vec<_>, Vec<_>) = variables
            .filter(|(name, _)| name.starts_with(PREFIX))
            .partition(|(name, _)| name == "MULTIPLANE_CONFIG");
        let file = match file.into_iter().next() {
            Some((_, file)) => Some(PathBuf::from(file)),
            None => nearest(),
        };
        let mut settings = match file {
            Some(file) => file::read(&file, root)?,
            None => Self::default(),
        };
        for (name, value) in variables {
            settings.variable(root, name, value)?;
        }
        Ok(settings)
    }

    /// `MULTIPLANE_RUN_JOBS` is `--jobs` of `run`. Other programs have variables of that start, too: only those of a command are ours.
    fn variable(&mut self, root: &Command, name: String, value: String) -> Result<(), Failure> {
        let rest = name[PREFIX.len()..].to_lowercase().replace('_', "-");
        let of = commands(root).find_map(|command| Some((command, rest.strip_prefix(command.get_name())?.strip_prefix('-')?)));
        let Some((command, option)) = of else { return Ok(()) };
        let Some(arg) = options(command).find(|arg| arg.get_long() == Some(option)) else {
            let known: Vec<&str> = options(command).filter_map(Arg::get_long).collect();
            let help = yaml::suggest::help(option, &known);
            return Err(Failure::invalid(format!(
                "error: {name}: `multiplane {}` has no option --{option}\nhelp: {help}",
                command.get_name()
            )));
        };
        let setting = Setting {
            values: vec![value],
            origin: Origin::Variable(name),
        };
        self.0.insert((command.get_name().to_owned(), id(arg)), setting);
        Ok(())
    }

    /// The command line with these values as defaults.
    pub(super) fn defaults(&self, root: Command) -> Command {
        self.0.iter().fold(root, |root, ((command, option), setting)| {
            root.mut_subcommand(command, |command| {
                command.mut_arg(option, |arg| {
                    // One that must be given is given. Clap takes texts that stay, and these do, until the process ends.
                    arg.required(false)
                        .default_values(setting.values.iter().map(|value| -> &'static str { value.clone().leak() }))
                })
            })
        })
    }

    /// What is set of an option.
    fn get(&self, command: &str, option: &str) -> Option<&Setting> {
        self.0.get(&(command.to_owned(), option.to_owned()))
    }

    /// Says where faulty values are from.
    pub(super) fn explain(&self, error: &str) -> String {
        let notes = self.0.iter().filter_map(|((command, option), setting)| {
            // Clap's id of an option is its name with `_`.
            let flag = format!("--{}", option.replace('_', "-"));
            let rest = &error[error.find(&flag)? + flag.len()..];
            let whole = !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
            whole.then(|| format!("\nnote: {flag} of `{command}` is set by {}", setting.origin))
        });
        notes.collect()
    }
}

/// The file in this folder or the nearest one above it.
fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    let found = here.ancestors().map(|folder| folder.join(FILE)).find(|file| file.is_file())?;
    // In messages as a user would name it.
    let relative = found.strip_prefix(&here).map(PathBuf::from);
    Some(relative.unwrap_or(found))
}

/// Commands for people.
fn commands(root: &Command) -> impl Iterator<Item = &Command> {
    root.get_subcommands()
        .filter(|command| !command.is_hide_set() && command.get_name() != "help")
}

/// Options that can be set from outside.
fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let takes =
        |arg: &&Arg| arg.get_long().is_some() && !matches!(arg.get_action(), ArgAction::Help | ArgAction::Version | ArgAction::HelpLong);
    command.get_arguments().filter(takes)
}

fn id(arg: &Arg) -> String {
    arg.get_id().to_string()
}

#[cfg(test)]
mod tests;
