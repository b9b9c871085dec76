//! All that a run needs: image, files, environment, command.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use k8s_openapi::api::core::v1::Container;

use super::container::Supervisor;
use super::env::{self, Lookups};
use super::restart::{Role, restarts};
use super::{entrypoint, etc, image, mounts};
use crate::lifecycle::{self, Script};
use crate::node::Severity;
use crate::program::{Files, Program, Programs};
use crate::shell::{self, Console, Stdin};

/// A run that is ready to start.
pub(crate) struct Prepared {
    pub(crate) program: Arc<dyn Program>,
    /// How the container behaves, where a script stands in for a program.
    pub(crate) script: Option<Script>,
    /// Where clients' input goes, of a container that reads it.
    pub(crate) stdin: Option<Stdin>,
    pub(crate) command: Vec<String>,
    pub(crate) args: Vec<String>,
    pub(crate) env: Arc<BTreeMap<String, String>>,
    pub(crate) files: Files,
}

/// Why a container cannot be made from its configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigError {
    /// `kind` as kubelets write it: `configmap`, `secret`.
    #[error("{kind} \"{name}\" not found")]
    Missing { kind: &'static str, name: String },
    #[error("couldn't find key {key} in {kind} {namespace}/{name}")]
    MissingKey {
        key: String,
        kind: &'static str,
        namespace: String,
        name: String,
    },
    #[error("{0}")]
    Refused(String),
    #[error("{0}")]
    Field(String),
    #[error(transparent)]
    Script(#[from] lifecycle::Invalid),
}

/// Prepares a run, waiting for whatever is missing and saying what it waits for.
pub(crate) async fn prepare(of: &Supervisor) -> Prepared {
    let mut told = None;
    loop {
        let mut lookups = Lookups::new(&of.ctx);
        match attempt(of, &mut lookups).await {
            Ok(prepared) => return prepared,
            Err(error) => {
                let message = error.to_string();
                of.ctx
                    .board
                    .waiting(&of.container.name, "CreateContainerConfigError", Some(message.clone()));
                if told.as_ref() != Some(&error) {
                    let event = format!("Error: {message}");
                    of.ctx.container_event(&of.container, Severity::Warning, "Failed", event);
                    told = Some(error);
                }
                lookups.changed().await;
            }
        }
    }
}

async fn attempt(of: &Supervisor, lookups: &mut Lookups) -> Result<Prepared, ConfigError> {
    let (pod, container) = (of.ctx.pod(), &of.container);
    let script = lifecycle::script(&pod, &container.name)?;
    image::pull(of, script.as_ref().unwrap_or(&Script::default())).await;
    let env = env::resolve(&of.ctx, container, lookups).await?;
    let expand = |words: &Option<Vec<String>>| -> Vec<String> { words.iter().flatten().map(|word| env::expand(word, &env)).collect() };
    let (command, args) = (expand(&container.command), expand(&container.args));
    let image = container.image.as_deref().unwrap_or_default();
    let files = mounts::files(container, &of.volumes, &env);
    let (spec, ip) = (of.ctx.spec(), of.ctx.board.snapshot().ip.unwrap_or_default());
    let host = etc::Host {
        spec: &spec,
        namespace: &of.ctx.namespace,
        name: &of.ctx.name,
        ip: &ip,
    };
    etc::fill(&files, container, &host);
    let programs = &of.ctx.node.programs;
    let mut prepared = Prepared {
        program: Arc::new(Script::default()),
        script: None,
        stdin: None,
        files,
        command,
        args,
        env: Arc::new(env),
    };
    if let Some(program) = programs.for_container(image, &prepared.command, &prepared.args) {
        return Ok(Prepared { program, ..prepared });
    }
    let words = entrypoint::words(image, &prepared.command, &prepared.args);
    let runs = match (&script, &words) {
        _ if of.role == Role::Ephemeral => true,
        (None, Some(words)) => truly(of, words, &prepared.files),
        _ => false,
    };
    if runs {
        let (console, stdin) = console(container, programs);
        (prepared.program, prepared.stdin) = (Arc::new(console), stdin);
        if let Some(words) = words {
            (prepared.command, prepared.args) = (words, Vec::new());
        }
        return Ok(prepared);
    }
    let script = script.unwrap_or_default();
    let ends = !restarts(&of.ctx.spec(), container, of.role, 0);
    let script = if ends { script.of_task() } else { script };
    (prepared.program, prepared.script) = (Arc::new(script.clone()), Some(script));
    Ok(prepared)
}

/// Whether a command can be run here as a whole. If not, an event says so, once.
fn truly(of: &Supervisor, words: &[String], files: &Files) -> bool {
    let Err(why) = shell::check(words, files, &of.ctx.node.programs) else {
        return true;
    };
    if !of.told.swap(true, Ordering::Relaxed) {
        let message = format!("The container's command does not run on this node: {why}. A script of its life stands in for it");
        of.ctx.container_event(&of.container, Severity::Normal, "Simulated", message);
    }
    false
}

/// The shell that runs a container's command, and its input.
fn console(container: &Container, programs: &Programs) -> (Console, Option<Stdin>) {
    if !container.stdin.unwrap_or(false) {
        return (Console::new(programs.clone()), None);
    }
    let (console, stdin) = Console::interactive(
        programs.clone(),
        container.stdin_once.unwrap_or(false),
        container.tty.unwrap_or(false),
    );
    (console, Some(stdin))
}
