//! All that a run needs: image, files, environment, command.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::container::Supervisor;
use super::env::{self, Lookups};
use super::restart::{Role, restarts};
use super::{image, mounts};
use crate::lifecycle::{self, Script};
use crate::node::Severity;
use crate::program::{Files, Program};
use crate::shell::{Console, Stdin};

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
    image::pull(of, &script).await;
    let env = env::resolve(&of.ctx, container, lookups).await?;
    let expand = |words: &Option<Vec<String>>| -> Vec<String> { words.iter().flatten().map(|word| env::expand(word, &env)).collect() };
    let (command, args) = (expand(&container.command), expand(&container.args));
    let image = container.image.as_deref().unwrap_or_default();
    let registered = of.ctx.node.programs.for_container(image, &command, &args);
    let mut stdin = None;
    let (program, script): (Arc<dyn Program>, _) = match registered {
        Some(program) => (program, None),
        None if of.role == Role::Ephemeral => {
            let programs = of.ctx.node.programs.clone();
            let console = match container.stdin {
                Some(true) => {
                    let (console, input) = Console::interactive(programs, container.stdin_once.unwrap_or(false), false);
                    stdin = Some(input);
                    console
                }
                _ => Console::new(programs),
            };
            (Arc::new(console), None)
        }
        None => {
            let ends = !restarts(&of.ctx.spec(), container, of.role, 0);
            let script = if ends { script.of_task() } else { script };
            (Arc::new(script.clone()), Some(script))
        }
    };
    Ok(Prepared {
        program,
        script,
        stdin,
        files: mounts::files(container, &of.volumes, &env),
        command,
        args,
        env: Arc::new(env),
    })
}
