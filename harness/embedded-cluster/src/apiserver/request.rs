//! What the pipeline is asked: parsed from HTTP, or put together by the in-process client.

use std::sync::Arc;

use crate::value::Value;
use bytes::Bytes;

use super::connect::Upgrade;
use super::options::Options;
use crate::auth::Identity;
use crate::resource::Resource;

/// The API's verbs, as RBAC names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    List,
    Watch,
    Create,
    Update,
    Patch,
    Delete,
    DeleteCollection,
}

impl Verb {
    /// Name in RBAC rules and discovery.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verb::Get => "get",
            Verb::List => "list",
            Verb::Watch => "watch",
            Verb::Create => "create",
            Verb::Update => "update",
            Verb::Patch => "patch",
            Verb::Delete => "delete",
            Verb::DeleteCollection => "deletecollection",
        }
    }
}

/// What a request is about: a resource type, or an object, or a part of one.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) resource: Resource,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) subresource: Option<String>,
}

/// How a patch is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchKind {
    Json,
    Merge,
    Strategic,
    Apply,
}

/// The body of a request.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// As it came over the wire, with its `Content-Type`.
    Wire { content_type: String, bytes: Bytes },
    /// From the in-process client.
    Value(Value),
    /// A patch from the in-process client.
    Patch(PatchKind, Value),
}

impl Body {
    /// No body.
    pub(crate) fn empty() -> Self {
        Body::Wire {
            content_type: String::new(),
            bytes: Bytes::new(),
        }
    }
}

/// One request for the pipeline.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) identity: Arc<Identity>,
    pub(crate) verb: Verb,
    pub(crate) target: Target,
    pub(crate) options: Options,
    pub(crate) body: Body,
    /// The client's `User-Agent`, whose first word is the field manager where no other is named.
    pub(crate) agent: String,
    /// The connection, where the client wants it for another protocol than HTTP.
    pub(crate) upgrade: Option<Upgrade>,
}

/// Longest name of a field manager, in characters.
const MANAGER_LIMIT: usize = 128;

impl Request {
    /// The field manager of a write.
    pub(crate) fn manager(&self) -> String {
        match self.options.field_manager.as_deref() {
            Some(manager) if !manager.is_empty() => manager.to_owned(),
            _ => match self.agent.split('/').next().unwrap_or_default() {
                "" => "unknown".into(),
                agent => agent.chars().take(MANAGER_LIMIT).collect(),
            },
        }
    }
}
