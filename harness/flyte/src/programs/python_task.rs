//! `pyflyte-execute`, as far as placement goes: a stand-in for tasks of Python projects, which nodes without containers cannot run.
//!
//! It ends at once and hands back an empty value of each declared output, so that what comes after it runs, too. The variables
//! `MULTIPLANE_TASK_DURATION` (`30s`), `MULTIPLANE_TASK_EXIT_CODE` and `MULTIPLANE_TASK_OUTPUTS` (JSON by name) say otherwise; `pyflyte run
//! --env NAME=VALUE` sets them for a run.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use futures::FutureExt;
use futures::future::BoxFuture;
use prost::Message;
use serde_json::Value;
use virtual_node::{ContainerContext, ExitStatus};

use super::task::write_outputs;
use super::{Failure, Stores};
use crate::placement::GoDuration;
use crate::propeller::OUTPUTS;
use crate::proto::core::{LiteralMap, VariableMap};
use crate::task::{empty, literal};

/// What a container starts that runs a task of a Python project.
pub(super) const COMMANDS: [&str; 3] = ["pyflyte-execute", "pyflyte-fast-execute", "pyflyte-map-execute"];

pub(super) fn run(context: ContainerContext, stores: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        let given = |name: &str| context.env.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let wrong = |name: &str, error: &dyn std::fmt::Display| Failure(format!("environment variable {name}: {error}"));
        let (duration, exit_code, outputs) = ("MULTIPLANE_TASK_DURATION", "MULTIPLANE_TASK_EXIT_CODE", "MULTIPLANE_TASK_OUTPUTS");
        context
            .log
            .line("multiplane: a stand-in runs for this task; its outputs are not computed");
        if let Some(text) = given(duration) {
            let time: GoDuration = text.parse().map_err(|error| wrong(duration, &error))?;
            let time = time.to_std().ok_or_else(|| wrong(duration, &"negative"))?;
            tokio::select! {
                biased;
                () = context.stop.cancelled() => return Ok(ExitStatus::Exited(143)),
                () = tokio::time::sleep(time) => {}
            }
        }
        if let Some(code) = given(exit_code) {
            let code: i32 = code.parse().map_err(|error| wrong(exit_code, &error))?;
            if code != 0 {
                return Ok(ExitStatus::Exited(code));
            }
        }
        let values: BTreeMap<String, Value> = match given(outputs) {
            None => BTreeMap::new(),
            Some(text) => serde_json::from_str(text).map_err(|error| wrong(outputs, &error))?,
        };
        let declared = declared(given(OUTPUTS).unwrap_or_default()).ok_or_else(|| wrong(OUTPUTS, &"not a map of variables"))?;
        let prefix = flag(&context, "--output-prefix").ok_or_else(|| Failure::new("argument --output-prefix is missing"))?;
        let raw = flag(&context, "--raw-output-data-prefix").unwrap_or(prefix);
        let mut literals = BTreeMap::new();
        for (name, variable) in &declared.variables {
            let kind = variable.r#type.clone().unwrap_or_default();
            let value = match values.get(name) {
                None => empty(&kind, &format!("{raw}/{name}")),
                Some(value) => literal(value, &kind).map_err(|error| wrong(outputs, &format!("{name}: {error}")))?,
            };
            literals.insert(name.clone(), value);
        }
        write_outputs(&context, &stores, prefix, &LiteralMap { literals })?;
        Ok(ExitStatus::SUCCESS)
    }
    .boxed()
}

fn declared(text: &str) -> Option<VariableMap> {
    VariableMap::decode(BASE64_STANDARD.decode(text).ok()?.as_slice()).ok()
}

/// The value after a flag of the command line.
fn flag<'a>(context: &'a ContainerContext, name: &str) -> Option<&'a str> {
    let mut words = context.command.iter().chain(&context.args).skip_while(|word| *word != name);
    words.nth(1).map(String::as_str)
}
