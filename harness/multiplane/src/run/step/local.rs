//! `exec` and `script`: programs of this machine, with the right kubeconfig.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use scenario::OneOrMany;
use scenario::verb::{Exec, Script};
use tempfile::NamedTempFile;

use super::apply::text;
use super::failure::Failure;
use super::joint::of_each;
use crate::backend::process::{Command, Runner};
use crate::journal::Level;
use crate::run::context::Context;
use crate::run::names::brief;
use crate::secrets::masked;

/// Lines of output that are shown.
const LINES: usize = 20;

/// What is to be started for each cluster.
struct Program<'s> {
    on: &'s OneOrMany<String>,
    id: Option<&'s str>,
    words: Vec<String>,
    env: BTreeMap<String, String>,
    prints: Option<&'s OneOrMany<String>>,
    limit: Duration,
}

/// The fields in which `exec` and `script` are alike.
macro_rules! program {
    ($context:ident, $step:ident, $words:expr) => {
        Program {
            on: &$step.on,
            id: $step.id.as_ref().map(|id| id.value.as_str()),
            words: $words,
            env: environment($context, &$step.env)?,
            prints: $step.prints.as_ref(),
            limit: $step.within.unwrap_or($context.scenario().settings.within).get(),
        }
    };
}

/// Runs an `exec` step.
pub(crate) async fn exec(context: &mut Context<'_>, step: &Exec) -> Result<(), Failure> {
    let words: Result<Vec<String>, Failure> = step.command.iter().map(|word| text(word, &context.names)).collect();
    let program = program!(context, step, words?);
    run(context, &program).await
}

/// Runs a `script` step.
pub(crate) async fn script(context: &mut Context<'_>, step: &Script) -> Result<(), Failure> {
    let words = vec!["sh".to_owned(), "-euc".to_owned(), text(&step.run, &context.names)?];
    let program = program!(context, step, words);
    run(context, &program).await
}

/// Runs it for each cluster, and keeps what it prints if later steps may ask for it.
async fn run(context: &mut Context<'_>, program: &Program<'_>) -> Result<(), Failure> {
    if context.world.capabilities().virtual_time {
        return Err(Failure::fault(
            "virtual-time",
            "a program of this machine cannot take part in virtual time",
        ));
    }
    let printed = of_each(program.on, async |cluster| on_one(context, cluster, program).await).await?;
    if let Some(id) = program.id {
        for (cluster, stdout) in printed {
            let text = stdout.trim_end_matches(['\n', '\r']);
            context.names.found.on(cluster, id, "stdout", text.into());
        }
    }
    Ok(())
}

/// Runs it for one cluster; what it prints.
async fn on_one(context: &Context<'_>, cluster: &str, program: &Program<'_>) -> Result<String, Failure> {
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
    let secrets = &context.names.secrets;
    let wait = context.progress.wait();
    let what = format!("`{}` on {cluster}", brief(&secrets.redact(&program.words.join(" "))));
    wait.sees(format!("{what}, which has said nothing"));
    let knows = secrets.clone();
    let runner = Runner::default().hearing(move |line| {
        let (what, line, secrets) = (what.clone(), line.to_owned(), knows.clone());
        wait.looks(move || {
            let (what, line, secrets) = (what.clone(), line.clone(), secrets.clone());
            Box::pin(async move {
                secrets.learn().await;
                format!("{what}, which said last: {}", brief(&secrets.redact(&line)))
            })
        });
    });
    let output = runner.run(command.timeout(program.limit)).await;
    secrets.learn().await;
    let output = output.map_err(|error| Failure::expectation("exec-failed", masked(&error.to_string())))?;
    let missing = program.prints.into_iter().flat_map(OneOrMany::iter);
    let missing = missing.map(|text| &text.value).find(|text| !output.stdout.contains(text.as_str()));
    match missing {
        None => {
            let emitter = context.emitter.cluster(cluster);
            last_lines(&output.stdout).for_each(|line| emitter.note(Level::Detail, format!("{cluster}: {line}")));
            Ok(output.stdout)
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
    context.names.secrets.kubeconfig(cluster, &kubeconfig);
    let text = yaml::emit::to_string(&kubeconfig).map_err(|error| failed(error.to_string()))?;
    let mut file = NamedTempFile::with_prefix("multiplane-").map_err(|error| failed(error.to_string()))?;
    file.write_all(text.as_bytes()).map_err(|error| failed(error.to_string()))?;
    Ok(file)
}

fn environment(context: &Context<'_>, env: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Failure> {
    env.iter()
        .map(|(name, value)| Ok((name.clone(), text(value, &context.names)?)))
        .collect()
}

fn last_lines(output: &str) -> impl Iterator<Item = String> {
    let lines: Vec<&str> = output.lines().collect();
    let skipped = lines.len().saturating_sub(LINES);
    lines[skipped..].iter().map(|line| masked(line)).collect::<Vec<_>>().into_iter()
}
