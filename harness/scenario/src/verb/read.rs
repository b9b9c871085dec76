//! What later steps use of an object.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yaml::Spanned;

use super::{Fails, Verb};
use crate::expression::{OPEN, OutputType, Outputs};
use crate::{Duration, OneOrMany};

/// An object, and what of it later steps use. Waits until the object is there and has all of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Read {
    /// By which later steps name the outputs: `${{ steps.<id>.<output> }}`, with `.<cluster>` behind it if `on` names several. Unique in the
    /// scenario.
    pub id: Spanned<String>,
    /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
    pub on: OneOrMany<String>,
    /// The object's apiVersion.
    pub api_version: String,
    /// The object's kind; not Secret, since outputs are written down.
    pub kind: Spanned<String>,
    /// Its namespace; leave it out for cluster-wide objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Its name.
    pub name: Spanned<String>,
    /// What to read, by name.
    pub outputs: BTreeMap<String, ReadOutput>,
    /// How long it may take. Default: the scenario's `settings.within`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<Duration>,
    /// The step must fail like this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fails: Option<Fails>,
}

/// A part of an object.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadOutput {
    /// Which, in CEL: `object.status.podIP`, `object.spec.replicas`.
    pub cel: Spanned<String>,
    /// What it is. A value of another type is waited out like one that is missing.
    #[serde(default, rename = "type")]
    pub of: OutputType,
}

impl Verb {
    /// What later steps can name of this one, and its id; `None` if there is nothing.
    pub fn outputs(&self) -> Option<(&Spanned<String>, Outputs)> {
        let stdout = || BTreeMap::from([("stdout".to_owned(), OutputType::Text)]);
        // Of a cluster that is known only when the step runs there is nothing to choose from.
        let on = |on: &OneOrMany<String>| on.iter().map(|id| id.value.clone()).filter(|id| !id.contains(OPEN)).collect();
        // What fails, as it must, gives nothing.
        match self {
            _ if self.fails().is_some() => None,
            Verb::Exec(step) => Some((
                step.id.as_ref()?,
                Outputs {
                    types: stdout(),
                    clusters: on(&step.on),
                },
            )),
            Verb::Script(step) => Some((
                step.id.as_ref()?,
                Outputs {
                    types: stdout(),
                    clusters: on(&step.on),
                },
            )),
            Verb::Read(step) => {
                let types = step.outputs.iter().map(|(name, output)| (name.clone(), output.of)).collect();
                Some((
                    &step.id,
                    Outputs {
                        types,
                        clusters: on(&step.on),
                    },
                ))
            }
            Verb::Submit(step) => {
                let mut types = BTreeMap::from([
                    ("executions".to_owned(), OutputType::List),
                    // Where they landed, if all are in one.
                    ("cluster".to_owned(), OutputType::Text),
                ]);
                if step.execution_names().len() == 1 {
                    types.insert("execution".to_owned(), OutputType::Text);
                }
                Some((
                    &step.id,
                    Outputs {
                        types,
                        clusters: Vec::new(),
                    },
                ))
            }
            _ => None,
        }
    }
}
