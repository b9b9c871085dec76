//! Rows and keys as bytes.

use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::rows::{ExecutionRow, NodeRow, TaskRow};
use crate::proto::admin;

/// Something that a table holds, as bytes.
pub(crate) trait Stored: Sized {
    fn to_bytes(&self) -> Vec<u8>;
    /// `None` if they are not what [`Self::to_bytes`] writes.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

/// A primary key, as bytes. Keys are plain structures of texts and numbers.
pub(crate) fn key_bytes(key: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(key).unwrap_or_default()
}

/// A primary key of its bytes.
pub(crate) fn key<K: DeserializeOwned>(bytes: &[u8]) -> Option<K> {
    serde_json::from_slice(bytes).ok()
}

impl<M: Message + Default> Stored for M {
    fn to_bytes(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        M::decode(bytes).ok()
    }
}

#[derive(Clone, PartialEq, Message)]
struct Execution {
    #[prost(message, optional, tag = "1")]
    spec: Option<admin::ExecutionSpec>,
    #[prost(message, optional, tag = "2")]
    closure: Option<admin::ExecutionClosure>,
    #[prost(string, tag = "3")]
    cluster: String,
    #[prost(string, tag = "4")]
    inputs_uri: String,
    #[prost(string, tag = "5")]
    outputs_uri: String,
}

impl Stored for ExecutionRow {
    fn to_bytes(&self) -> Vec<u8> {
        let row = Execution {
            spec: Some(self.spec.clone()),
            closure: Some(self.closure.clone()),
            cluster: self.cluster.clone(),
            inputs_uri: self.inputs_uri.clone(),
            outputs_uri: self.outputs_uri.clone(),
        };
        row.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let row = Execution::decode(bytes).ok()?;
        Some(Self {
            spec: row.spec.unwrap_or_default(),
            closure: row.closure.unwrap_or_default(),
            cluster: row.cluster,
            inputs_uri: row.inputs_uri,
            outputs_uri: row.outputs_uri,
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct Node {
    #[prost(message, optional, tag = "1")]
    message: Option<admin::NodeExecution>,
    #[prost(string, tag = "2")]
    parent: String,
    #[prost(string, tag = "3")]
    outputs_uri: String,
    #[prost(message, optional, tag = "4")]
    dynamic: Option<admin::DynamicWorkflowNodeMetadata>,
}

impl Stored for NodeRow {
    fn to_bytes(&self) -> Vec<u8> {
        let row = Node {
            message: Some(self.message.clone()),
            parent: self.parent.clone(),
            outputs_uri: self.outputs_uri.clone(),
            dynamic: self.dynamic.clone(),
        };
        row.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let row = Node::decode(bytes).ok()?;
        Some(Self {
            message: row.message.unwrap_or_default(),
            parent: row.parent,
            outputs_uri: row.outputs_uri,
            dynamic: row.dynamic,
        })
    }
}

#[derive(Clone, PartialEq, Message)]
struct Task {
    #[prost(message, optional, tag = "1")]
    message: Option<admin::TaskExecution>,
    #[prost(string, tag = "2")]
    outputs_uri: String,
    #[prost(uint32, tag = "3")]
    version: u32,
}

impl Stored for TaskRow {
    fn to_bytes(&self) -> Vec<u8> {
        let row = Task {
            message: Some(self.message.clone()),
            outputs_uri: self.outputs_uri.clone(),
            version: self.version,
        };
        row.encode_to_vec()
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let row = Task::decode(bytes).ok()?;
        Some(Self {
            message: row.message.unwrap_or_default(),
            outputs_uri: row.outputs_uri,
            version: row.version,
        })
    }
}
