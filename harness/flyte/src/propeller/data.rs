//! Inputs and outputs of nodes, in the object store.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use crate::crd::{Encoded, FlyteWorkflow, NodeStatus};
use crate::proto::core::binding_data::Value as Bound;
use crate::proto::core::literal::Value;
use crate::proto::core::promise_attribute::Value as Attribute;
use crate::proto::core::{Binding, BindingData, Literal, LiteralCollection, LiteralMap, OutputReference, Scalar};
use crate::stores::{ObjectStore, ObjectUri};

/// The folder of a run, and reading and writing in it.
pub(crate) struct DataStore {
    pub(crate) objects: ObjectStore,
    pub(crate) scheme: String,
    pub(crate) bucket: String,
    pub(crate) prefix: String,
}

/// Data that a run needs is not there or cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct DataError(pub(crate) String);

impl DataStore {
    /// A place in a run's folder.
    pub(crate) fn uri(&self, object: &FlyteWorkflow, tail: &str) -> ObjectUri {
        let id = &object.execution_id;
        ObjectUri {
            scheme: self.scheme.clone(),
            bucket: self.bucket.clone(),
            key: format!("{}/{}-{}-{}/{tail}", self.prefix, id.project, id.domain, id.name),
        }
    }

    pub(crate) fn write(&self, uri: &ObjectUri, literals: &LiteralMap) -> Result<(), DataError> {
        let put = self.objects.put_uri(uri, literals.encode_to_vec().into());
        put.map_err(|error| DataError(format!("failed to write {uri}: {error}")))
    }

    /// What is at a URI, if something is.
    pub(crate) fn content(&self, uri: &str) -> Result<Option<Bytes>, DataError> {
        let parsed: ObjectUri = uri.parse().map_err(|error| DataError(format!("{error}")))?;
        let content = self.objects.get_uri(&parsed);
        content.map_err(|error| DataError(format!("failed to read {uri}: {error}")))
    }

    /// The literals at a URI; `None` if nothing is there.
    pub(crate) fn read(&self, uri: &str) -> Result<Option<LiteralMap>, DataError> {
        let Some(content) = self.content(uri)? else {
            return Ok(None);
        };
        let literals = LiteralMap::decode(content);
        literals.map(Some).map_err(|error| DataError(format!("{uri}: {error}")))
    }

    /// Resolves bindings against the workflow's inputs and the outputs of its nodes.
    pub(crate) fn resolve(
        &self,
        bindings: &[Encoded<Binding>],
        inputs: &BTreeMap<String, Literal>,
        nodes: &BTreeMap<String, NodeStatus>,
    ) -> Result<LiteralMap, DataError> {
        let scope = Scope { data: self, inputs, nodes };
        let mut literals = BTreeMap::new();
        for Encoded(binding) in bindings {
            if let Some(data) = &binding.binding {
                literals.insert(binding.var.clone(), scope.literal(data)?);
            }
        }
        Ok(LiteralMap { literals })
    }
}

struct Scope<'a> {
    data: &'a DataStore,
    inputs: &'a BTreeMap<String, Literal>,
    nodes: &'a BTreeMap<String, NodeStatus>,
}

impl Scope<'_> {
    fn literal(&self, data: &BindingData) -> Result<Literal, DataError> {
        let value = match &data.value {
            Some(Bound::Scalar(scalar)) => Value::Scalar(Box::new(Scalar::clone(scalar))),
            Some(Bound::OffloadedMetadata(metadata)) => Value::OffloadedMetadata(metadata.clone()),
            Some(Bound::Promise(promise)) => return self.promise(promise),
            Some(Bound::Collection(items)) => Value::Collection(LiteralCollection {
                literals: items.bindings.iter().map(|item| self.literal(item)).collect::<Result<_, _>>()?,
            }),
            Some(Bound::Map(map)) => Value::Map(LiteralMap {
                literals: map
                    .bindings
                    .iter()
                    .map(|(key, item)| Ok((key.clone(), self.literal(item)?)))
                    .collect::<Result<_, DataError>>()?,
            }),
            None => return Ok(Literal::default()),
        };
        Ok(Literal {
            value: Some(value),
            ..Literal::default()
        })
    }

    fn promise(&self, promise: &OutputReference) -> Result<Literal, DataError> {
        let missing = || DataError(format!("no value {} of node [{}]", promise.var, promise.node_id));
        let mut literal = if promise.node_id.is_empty() || promise.node_id == "start-node" {
            self.inputs.get(&promise.var).cloned().ok_or_else(missing)?
        } else {
            let node = self.nodes.get(&promise.node_id).ok_or_else(missing)?;
            let outputs = self.data.read(&node.output_reference)?.ok_or_else(missing)?;
            outputs.literals.get(&promise.var).cloned().ok_or_else(missing)?
        };
        for attribute in &promise.attr_path {
            literal = match (literal.value, &attribute.value) {
                (Some(Value::Map(map)), Some(Attribute::StringValue(key))) => map.literals.get(key).cloned(),
                (Some(Value::Collection(items)), Some(Attribute::IntValue(index))) => {
                    usize::try_from(*index).ok().and_then(|index| items.literals.get(index).cloned())
                }
                _ => None,
            }
            .ok_or_else(missing)?;
        }
        Ok(literal)
    }
}
