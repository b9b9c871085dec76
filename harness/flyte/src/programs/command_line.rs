//! Command lines of Flyte's programs: words, `--flag value` and `--flag=value`.

use std::collections::BTreeMap;

use virtual_node::ContainerContext;

use super::Failure;
use crate::config::Config;

/// The arguments of a run.
pub(super) struct CommandLine {
    /// Sub-commands and their arguments.
    pub(super) words: Vec<String>,
    flags: BTreeMap<String, Vec<String>>,
}

impl CommandLine {
    pub(super) fn read(context: &ContainerContext) -> Result<Self, Failure> {
        let mut line = Self {
            words: Vec::new(),
            flags: BTreeMap::new(),
        };
        let mut arguments = context.arguments();
        while let Some(argument) = arguments.next() {
            let Some(flag) = argument.strip_prefix("--") else {
                line.words.push(argument.to_owned());
                continue;
            };
            let (name, value) = match flag.split_once('=') {
                Some((name, value)) => (name, value),
                None => {
                    let value = arguments.next();
                    (flag, value.ok_or_else(|| Failure(format!("flag needs an argument: --{flag}")))?)
                }
            };
            line.flags.entry(name.to_owned()).or_default().push(value.to_owned());
        }
        Ok(line)
    }

    pub(super) fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// A flag that must be given.
    pub(super) fn flag(&self, name: &str) -> Result<&str, Failure> {
        self.optional(name)
            .ok_or_else(|| Failure(format!("required flag(s) \"{name}\" not set")))
    }

    pub(super) fn optional(&self, name: &str) -> Option<&str> {
        self.flags.get(name)?.last().map(String::as_str)
    }

    /// Reads and merges every file that a `--config` matches, in the order of their paths.
    pub(super) fn config(&self, context: &ContainerContext) -> Result<Config, Failure> {
        let patterns = self.flags.get("config").cloned().unwrap_or_default();
        let mut texts = Vec::new();
        for pattern in &patterns {
            for path in context.files.list(pattern) {
                let text = context
                    .files
                    .read_to_string(&path)
                    .map_err(|error| Failure(format!("failed to read config file {path}: {error}")))?;
                texts.push((path, text));
            }
        }
        if texts.is_empty() {
            return Err(Failure(format!("no config file found: {}", patterns.join(", "))));
        }
        let files = texts.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        Config::merge(files).map_err(Failure::new)
    }

    /// The failure for words that no program knows.
    pub(super) fn unknown(&self, program: &str) -> Failure {
        Failure(format!("Error: unknown command {:?} for {program:?}", self.words.join(" ")))
    }
}
