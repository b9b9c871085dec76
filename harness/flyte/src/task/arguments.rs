//! The task's command line.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use crate::placement::GoDuration;

/// What the task is to do.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Arguments {
    /// How long it takes.
    pub(crate) duration: Duration,
    /// How it ends.
    pub(crate) exit_code: i32,
    /// Attempts, from the first, that end with code 1 before one ends with `exit_code`.
    pub(crate) failures: u32,
    /// Outputs by name, as JSON.
    pub(crate) outputs: BTreeMap<String, Value>,
    /// Folder for `outputs.pb`.
    pub(crate) output_prefix: String,
}

/// The task cannot do what it is asked to.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct TaskError(pub(crate) String);

impl Arguments {
    /// Reads `--name value` pairs.
    pub(crate) fn read<'a>(arguments: impl Iterator<Item = &'a str>) -> Result<Self, TaskError> {
        let mut read = Self::default();
        let mut arguments = arguments;
        while let Some(flag) = arguments.next() {
            let value = arguments.next().ok_or_else(|| TaskError(format!("{flag}: a value is missing")))?;
            let wrong = |error: &dyn std::fmt::Display| TaskError(format!("{flag} {value}: {error}"));
            match flag {
                "--duration" => {
                    let duration: GoDuration = value.parse().map_err(|error| wrong(&error))?;
                    read.duration = duration.to_std().ok_or_else(|| wrong(&"negative"))?;
                }
                "--exit-code" => read.exit_code = value.parse().map_err(|error| wrong(&error))?,
                "--failures" => read.failures = value.parse().map_err(|error| wrong(&error))?,
                "--outputs" => {
                    read.outputs = serde_json::from_str(value).map_err(|error| wrong(&error))?;
                }
                "--output-prefix" => value.clone_into(&mut read.output_prefix),
                other => return Err(TaskError(format!("unknown argument {other}"))),
            }
        }
        Ok(read)
    }
}
