//! Where the catalog keeps a task's results: a dataset for the task, its interface and cache version, and in there a tag for the inputs.

use std::collections::BTreeMap;

use super::hash;
use crate::propeller::data::DataError;
use crate::proto::core::literal::Value;
use crate::proto::core::{
    CatalogArtifactTag, CatalogMetadata, Identifier, Literal, LiteralCollection, LiteralMap, ResourceType, TaskExecutionIdentifier,
    TaskTemplate, VariableMap, catalog_metadata::SourceExecution,
};
use crate::proto::datacatalog::{DatasetId, Tag};

/// Letters of the hash of inputs' and outputs' types.
const SIGNATURE: usize = 8;

/// A place in the catalog.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::propeller) struct Key {
    pub(super) task: Identifier,
    pub(super) outputs: VariableMap,
    pub(super) dataset: DatasetId,
    pub(super) tag: String,
}

impl Key {
    /// The place for a task's results with these inputs.
    ///
    /// # Errors
    /// Without a cache version.
    pub(in crate::propeller) fn new(template: &TaskTemplate, version: &str, inputs: &LiteralMap) -> Result<Self, DataError> {
        let task = template.id.clone().unwrap_or_default();
        let interface = template.interface.clone().unwrap_or_default();
        let metadata = template.metadata.clone().unwrap_or_default();
        let version = version.trim_matches(' ');
        if version.is_empty() {
            return Err(DataError(format!("task [{}] has no discovery version", task.name)));
        }
        let declared = interface.inputs.is_some();
        let outputs = interface.outputs.unwrap_or_default();
        let signature = [&interface.inputs.unwrap_or_default(), &outputs].map(|variables| {
            let hash = hash::of("flyteidl.core.VariableMap", variables)?;
            Ok::<_, DataError>(hash.chars().take(SIGNATURE).collect::<String>())
        });
        let [inputs_signature, outputs_signature] = signature;
        let inputs = inputs.literals.iter().filter(|_| declared);
        let inputs = inputs
            .filter(|(name, _)| !metadata.cache_ignore_input_vars.contains(name))
            .map(|(name, literal)| (name.clone(), bare(literal)));
        let inputs = LiteralMap {
            literals: inputs.collect(),
        };
        Ok(Self {
            dataset: DatasetId {
                project: task.project.clone(),
                domain: task.domain.clone(),
                name: format!("flyte_task-{}", task.name),
                version: format!("{version}-{}-{}", inputs_signature?, outputs_signature?),
                ..DatasetId::default()
            },
            tag: format!("flyte_cached-{}", hash::of("flyteidl.core.LiteralMap", &inputs)?),
            task,
            outputs,
        })
    }

    pub(in crate::propeller) fn task(&self) -> &Identifier {
        &self.task
    }

    /// Whether there is something to keep: a task without outputs is never found.
    pub(in crate::propeller) fn has_outputs(&self) -> bool {
        !self.outputs.variables.is_empty()
    }

    /// The place as events carry it.
    pub(super) fn metadata(&self, tag: Option<&Tag>, source: Option<TaskExecutionIdentifier>) -> CatalogMetadata {
        CatalogMetadata {
            dataset_id: Some(Identifier {
                resource_type: ResourceType::Dataset as i32,
                project: self.dataset.project.clone(),
                domain: self.dataset.domain.clone(),
                name: self.dataset.name.clone(),
                version: self.dataset.version.clone(),
                org: String::new(),
            }),
            artifact_tag: tag.map(|tag| CatalogArtifactTag {
                artifact_id: tag.artifact_id.clone(),
                name: tag.name.clone(),
            }),
            source_execution: source.map(SourceExecution::SourceTaskExecution),
        }
    }

    /// What events carry of results that could not be kept: the task alone.
    pub(in crate::propeller) fn of_task(&self) -> CatalogMetadata {
        CatalogMetadata {
            dataset_id: Some(self.task.clone()),
            ..CatalogMetadata::default()
        }
    }
}

/// A literal as it counts: who gave it a hash of its own has said by what it is known.
fn bare(literal: &Literal) -> Literal {
    if !literal.hash.is_empty() {
        return Literal {
            hash: literal.hash.clone(),
            ..Literal::default()
        };
    }
    let value = match &literal.value {
        Some(Value::Collection(items)) => Value::Collection(LiteralCollection {
            literals: items.literals.iter().map(bare).collect(),
        }),
        Some(Value::Map(map)) => {
            let literals: BTreeMap<String, Literal> = map.literals.iter().map(|(key, literal)| (key.clone(), bare(literal))).collect();
            Value::Map(LiteralMap { literals })
        }
        _ => return literal.clone(),
    };
    Literal {
        value: Some(value),
        ..Literal::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::core::{
        LiteralType, Primitive, Scalar, SimpleType, TaskMetadata, TypedInterface, Variable, literal_type, primitive, scalar,
    };

    fn integer(value: i64) -> Literal {
        let primitive = Primitive {
            value: Some(primitive::Value::Integer(value)),
        };
        Literal {
            value: Some(Value::Scalar(Box::new(Scalar {
                value: Some(scalar::Value::Primitive(primitive)),
            }))),
            ..Literal::default()
        }
    }

    fn template(inputs: &[&str], ignored: &[&str]) -> TaskTemplate {
        let kind = LiteralType {
            r#type: Some(literal_type::Type::Simple(SimpleType::Integer as i32)),
            ..LiteralType::default()
        };
        let variable = Variable {
            r#type: Some(kind),
            ..Variable::default()
        };
        let variables = inputs.iter().map(|name| ((*name).to_owned(), variable.clone())).collect();
        TaskTemplate {
            interface: Some(TypedInterface {
                inputs: Some(VariableMap { variables }),
                outputs: None,
            }),
            metadata: Some(TaskMetadata {
                cache_ignore_input_vars: ignored.iter().map(|name| (*name).to_owned()).collect(),
                ..TaskMetadata::default()
            }),
            ..TaskTemplate::default()
        }
    }

    fn map(values: &[(&str, Literal)]) -> LiteralMap {
        LiteralMap {
            literals: values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        }
    }

    /// Versions and tags that upstream's tests expect (`datacatalog/transformer_test.go`).
    #[test]
    fn places_are_those_of_flytepropeller() {
        let none = Key::new(&template(&[], &[]), "1.0.0", &LiteralMap::default()).unwrap();
        assert_eq!(none.dataset.version, "1.0.0-GKw-c0Pw-GKw-c0Pw");
        let two = map(&[("1", integer(1)), ("2", integer(2))]);
        let key = Key::new(&template(&["1", "2"], &[]), " 1.0.0 ", &two).unwrap();
        assert_eq!(key.dataset.version, "1.0.0-UxVtPm0k-GKw-c0Pw");
        assert_eq!(key.tag, "flyte_cached-GQid5LjHbakcW68DS3P2jp80QLbiF0olFHF2hTh5bg8");
        let three = map(&[("1", integer(1)), ("2", integer(2)), ("3", integer(3))]);
        let ignoring = Key::new(&template(&["1", "2", "3"], &["3"]), "1.0.0", &three).unwrap();
        assert_eq!(ignoring.tag, key.tag);
        assert!(Key::new(&template(&[], &[]), "  ", &two).is_err());
    }

    #[test]
    fn a_hash_of_its_own_stands_for_a_value() {
        let hashed = |value| Literal {
            hash: "h".to_owned(),
            ..integer(value)
        };
        let tag = |literal| Key::new(&template(&["1"], &[]), "1", &map(&[("1", literal)])).unwrap().tag;
        let list = |literal| Literal {
            value: Some(Value::Collection(LiteralCollection { literals: vec![literal] })),
            ..Literal::default()
        };
        assert_eq!(tag(hashed(1)), tag(hashed(2)));
        assert_eq!(tag(list(hashed(1))), tag(list(hashed(2))));
        assert_ne!(tag(integer(1)), tag(integer(2)));
    }
}
