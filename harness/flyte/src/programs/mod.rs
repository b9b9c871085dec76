//! What containers of a Flyte installation run: programs by image name, with upstream's command lines.

mod admin;
mod command_line;
mod companions;
mod datacatalog;
mod health;
mod propeller;
mod python_task;
mod rest;
mod serve;
mod task;
mod unknown;

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use virtual_node::{ContainerContext, ExitStatus, Program, Programs};

use crate::stores::Stores;
pub use health::exec_probe;

/// Every program of a Flyte installation, over the given stores: `flyteadmin`, `flytepropeller`, `datacatalog`,
/// `flytescheduler`, `flyteconsole`, and `multiplane-task`, which tasks of workflow files run; and stand-ins for what tasks of Python
/// projects run, in images of any name.
#[must_use]
pub fn programs(stores: Stores) -> Programs {
    let program = |run: Run| {
        Arc::new(Registered {
            stores: stores.clone(),
            run,
        })
    };
    let programs = python_task::COMMANDS.iter().fold(Programs::new(), |programs, name| {
        programs.with_command(*name, program(python_task::run))
    });
    programs
        .with("flyteadmin", program(admin::run))
        .with("flytepropeller", program(propeller::run))
        .with("datacatalog", program(datacatalog::run))
        .with("flytescheduler", program(companions::scheduler))
        .with("flyteconsole", program(companions::console))
        .with("multiplane-task", program(task::run))
}

/// Why a program ended with exit code 1; the text goes to its log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Failure(pub(crate) String);

impl Failure {
    pub(crate) fn new(reason: impl std::fmt::Display) -> Self {
        Self(reason.to_string())
    }
}

/// A program's main function. It returns once it is done or told to stop.
type Run = fn(ContainerContext, Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>>;

struct Registered {
    stores: Stores,
    run: Run,
}

impl Program for Registered {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let log = context.log.clone();
        let outcome = (self.run)(context, self.stores.clone());
        async move {
            match outcome.await {
                Ok(status) => status,
                Err(failure) => {
                    log.line(failure.to_string());
                    ExitStatus::Exited(1)
                }
            }
        }
        .boxed()
    }
}
