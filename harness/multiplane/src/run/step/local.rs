//! `exec` and `script`: programs of this machine, with the right kubeconfig.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use scenario::OneOrMany;
use scenario::verb::{Exec, Script};
use serde_json::Value;
use tempfile::NamedTempFile;

use super::apply::resolve;
use super::failure::Failure;
use super::joint::on_each;
use crate::backend::process::{Command, Runner};
use crate::journal::Level;
use crate::run::context::Context;

/// Lines of output that are shown.
const LINES: usize = 20;

/// What is to be started for each cluster.
struct Program<'s> {
    words: Vec<String>,
    env: BTreeMap<String, String>,
    prints: Option<&'s OneOrMany<String>>,
    limit: Duration,
}

/// Runs an `exec` step.
pub(crate) async fn exec(context: &Context<'_>, step: &Exec) -> Result<(), Failure> {
    let words: Result<Vec<String>, Failure> = step.command.iter().map(|word| text(context, word)).collect();
    let program = Program {
        words: words?,
        env: environment(context, &step.env)?,
        prints: step.prints.as_ref(),
        limit: step.within.unwrap_or(context.scenario().settings.within).get(),
    };
    run(context, &step.on, &program).await
}

/// Runs a `script` step.
pub(crate) async fn script(context: &Context<'_>, step: &Script) -> Result<(), Failure> {
    let program = Program {
        words: vec!["sh".to_owned(), "-euc".to_owned(), text(context, &step.run)?],
        env: environment(context, &step.env)?,
        prints: step.prints.as_ref(),
        limit: step.within.unwrap_or(context.scenario().settings.within).get(),
    };
    run(context, &step.on, &program).await
}

async fn run(context: &Context<'_>, on: &OneOrMany<String>, program: &Program<'_>) -> Result<(), Failure> {
    if context.world.capabilities().virtual_time {
        return Err(Failure::fault(
            "virtual-time",
            "a program of this machine cannot take part in virtual time",
        ));
    }
    on_each(on, async |cluster| on_one(context, cluster, program).await).await
}

async fn on_one(context: &Context<'_>, cluster: &str, program: &Program<'_>) -> Result<(), Failure> {
    let kubeconfig = kubeconfig(context, cluster)?;
    let (name, arguments) = program.words.split_first().ok_or_else(|| Failure::invalid("exec", "no program"))?;
    let folder = context.scenario().path("");
    let command = Command::new(name)
        .args(arguments)
        .env("KUBECONFIG", kubeconfig.path())
        .env("MULTIPLANE_CLUSTER", cluster);
    let command = program.env.iter().fold(command, |command, (name, value)| command.env(name, value));
    let command = if folder.as_os_str().is_empty() {
        command
    } else {
        command.dir(folder)
    };
    let output = Runner::default().run(command.timeout(program.limit)).await;
    let output = output.map_err(|error| Failure::expectation("exec-failed", masked(&error.to_string())))?;
    let missing = program.prints.into_iter().flat_map(OneOrMany::iter);
    let missing = missing.map(|text| &text.value).find(|text| !output.stdout.contains(text.as_str()));
    match missing {
        None => {
            let emitter = context.emitter.cluster(cluster);
            last_lines(&output.stdout).for_each(|line| emitter.note(Level::Detail, format!("{cluster}: {line}")));
            Ok(())
        }
        Some(text) => {
            let failure = Failure::expectation("exec-output", format!("{text:?} is not in its output:"));
            Err(failure.details(last_lines(&output.stdout)))
        }
    }
}

/// A file of credentials that only this user can read, and that is gone when it is dropped.
fn kubeconfig(context: &Context<'_>, cluster: &str) -> Result<NamedTempFile, Failure> {
    let failed = |why: String| Failure::environment("kubeconfig", why);
    let kubeconfig = context.cluster(cluster)?.kubeconfig().map_err(|error| failed(error.to_string()))?;
    let text = yaml::emit::to_string(&kubeconfig).map_err(|error| failed(error.to_string()))?;
    let mut file = NamedTempFile::with_prefix("multiplane-").map_err(|error| failed(error.to_string()))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(error.to_string()))?;
    Ok(file)
}

fn text(context: &Context<'_>, text: &str) -> Result<String, Failure> {
    match resolve(&Value::String(text.to_owned()), &context.names)? {
        Value::String(text) => Ok(text),
        other => Ok(other.to_string()),
    }
}

fn environment(context: &Context<'_>, env: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Failure> {
    env.iter().map(|(name, value)| Ok((name.clone(), text(context, value)?))).collect()
}

fn last_lines(output: &str) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = output.lines().collect();
    let skipped = lines.len().saturating_sub(LINES);
    lines[skipped..].iter().map(|line| masked(line)).collect::<Vec<_>>().into_iter()
}

/// Output without what may be a token, a key or a certificate: nobody knows what a program prints, and journals hold no secrets.
fn masked(output: &str) -> String {
    const LONG: usize = 64;
    let secret = |c: char| c.is_ascii_alphanumeric() || "+/=_-.".contains(c);
    let mut masked = String::with_capacity(output.len());
    let mut rest = output;
    while let Some(start) = rest.find(secret) {
        let run = &rest[start..];
        let end = run.find(|c| !secret(c)).unwrap_or(run.len());
        masked.push_str(&rest[..start]);
        if end >= LONG {
            masked += &format!("({end} characters)");
        } else {
            masked.push_str(&run[..end]);
        }
        rest = &run[end..];
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_masked_and_words_are_not() {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{}.c2lnbmF0dXJl", "x".repeat(60));
        assert_eq!(
            masked(&format!(
                "token: {token}\npods \"training-fast\" not found in namespace team1-production\n"
            )),
            format!(
                "token: ({} characters)\npods \"training-fast\" not found in namespace team1-production\n",
                token.len()
            )
        );
    }
}
