//! `multiplane explain` and `multiplane schema`: the scenario format, told by the format itself.

use clap::Args;
use multiplane::exit::Exit;

use super::exit::Failure;
use super::output::Output;

/// Tells what a step of a scenario does and takes.
#[derive(Args)]
pub(crate) struct Explain {
    /// The step's verb; without it, all verbs are listed.
    verb: Option<String>,
}

/// Prints the JSON schema of scenario files, for editors.
#[derive(Args)]
pub(crate) struct Schema {}

impl Explain {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        let Some(verb) = &self.verb else {
            for (verb, what) in scenario::explain::verbs() {
                output.line(format!("{verb:10}  {what}"))?;
            }
            return Ok(Exit::Passed);
        };
        let Some(text) = scenario::explain::explain(verb) else {
            let verbs: Vec<&str> = scenario::explain::verbs().into_iter().map(|(verb, _)| verb).collect();
            return Err(Failure::invalid(format!(
                "error: there is no verb {verb:?}; {}",
                yaml::suggest::help(verb, &verbs)
            )));
        };
        output.line(text.trim_end())?;
        Ok(Exit::Passed)
    }
}

impl Schema {
    pub(crate) fn run(&self, output: &mut Output) -> Result<Exit, Failure> {
        output.line(scenario::schema::schema_file().trim_end())?;
        Ok(Exit::Passed)
    }
}
