//! The files that steps name: what a scenario stands on besides its own file.

use std::path::PathBuf;

use yaml::Spanned;

use crate::{OneOrMany, Scenario, Verb};

/// A file or folder that a step names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// How it is read.
    pub kind: InputKind,
    /// The path as written; see [`Scenario::path`].
    pub path: &'a Spanned<String>,
}

/// How an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// The folder or archive of a Helm chart.
    Chart,
    /// YAML whose texts may hold expressions: values of a chart, or manifests.
    Yaml,
    /// A file of stored labels, in flytectl's form.
    Attributes,
    /// A workflow file.
    Workflows,
    /// A policy of AWS, in JSON.
    Policy,
}

impl Verb {
    /// The files that the step names, in the order of its fields.
    pub fn inputs(&self) -> Vec<Input<'_>> {
        let of = |kind: InputKind| move |path| Input { kind, path };
        match self {
            Verb::Deploy(step) | Verb::Upgrade(step) => Some(&step.chart)
                .filter(|_| step.repo.is_none())
                .into_iter()
                .map(of(InputKind::Chart))
                .chain(step.values_files.iter().map(of(InputKind::Yaml)))
                .collect(),
            Verb::Apply(step) => step.manifests.iter().map(of(InputKind::Yaml)).collect(),
            Verb::Label(step) => step.attr_file.iter().map(of(InputKind::Attributes)).collect(),
            Verb::Register(step) => vec![of(InputKind::Workflows)(&step.workflows)],
            Verb::Iam(step) => {
                let roles = step.roles.values();
                let files = roles.flat_map(|role| {
                    role.value
                        .trust
                        .iter()
                        .chain(role.value.permissions.iter().flat_map(OneOrMany::iter))
                });
                files.map(of(InputKind::Policy)).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Scenario {
    /// Every file and folder that the steps name, each once, in their order.
    pub fn inputs(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = Vec::new();
        for input in self.steps.iter().flat_map(|step| step.verb.inputs()) {
            let path = self.path(input.path);
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }
}
