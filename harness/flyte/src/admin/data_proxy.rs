//! `DataProxyService`: places for clients' files, as signed URLs into the object store, and the data behind `flyte://` URLs.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use data_encoding::BASE32;
use tonic::Code;

use super::error::AdminError;
use super::state::Admin;
use crate::proto::core::{
    Identifier, LiteralMap, NodeExecutionIdentifier, ResourceType, TaskExecutionIdentifier, WorkflowExecutionIdentifier,
};
use crate::proto::service::get_data_response::Data;
use crate::proto::service::{
    CreateDownloadLocationRequest, CreateDownloadLocationResponse, CreateUploadLocationRequest, CreateUploadLocationResponse,
    GetDataResponse,
};
use crate::proto_time;
use crate::stores::{ObjectUri, content_digest};

/// The header that keeps a file's digest beside it.
const DIGEST_HEADER: &str = "x-amz-meta-flyteContentMD5";

impl Admin {
    /// Where a client may put a file: `CreateUploadLocation`.
    pub(crate) fn upload_location(&self, request: CreateUploadLocationRequest) -> Result<CreateUploadLocationResponse, AdminError> {
        if request.project.is_empty() || request.domain.is_empty() {
            return Err(AdminError::invalid(format!(
                "project and domain are required parameters. Project [{}]. Domain [{}]",
                request.project, request.domain
            )));
        }
        if request.filename_root.is_empty() && request.content_md5.is_empty() {
            return Err(AdminError::invalid("content_md5 or filename_root must be provided"));
        }
        let expires = expiry(request.expires_in.as_ref(), self.config.data_proxy.upload_max)?;
        let filename = match request.filename.as_str() {
            "" => self.random_text(self.config.data_proxy.file_name_length),
            name => name.to_owned(),
        };
        let folder = match request.filename_root.as_str() {
            // With its padding.
            "" => BASE32.encode(&request.content_md5),
            root => root.to_owned(),
        };
        let prefix = self.config.data_proxy.prefix.split('/');
        let named = [&request.project, &request.domain, &folder, &filename];
        let parts = prefix.chain(named.into_iter().map(String::as_str)).filter(|part| !part.is_empty());
        let uri = self.object_uri(&parts.collect::<Vec<_>>().join("/"));
        let digest = BASE64_STANDARD.encode(&request.content_md5);
        if !request.filename.is_empty() && !request.filename_root.is_empty() {
            self.check_overwrite(&uri, &digest)?;
        }
        let mut signed = BTreeMap::new();
        let mut headers = BTreeMap::new();
        if !request.content_md5.is_empty() {
            signed.insert("content-md5".to_owned(), digest.clone());
            if request.add_content_md5_metadata {
                signed.insert(DIGEST_HEADER.to_lowercase(), digest.clone());
                headers.insert(DIGEST_HEADER.to_owned(), digest);
            }
        }
        let now = self.clock.now();
        Ok(CreateUploadLocationResponse {
            signed_url: self.signer()?.put(&uri, &signed, expires, now).into(),
            native_url: uri.to_string(),
            expires_at: Some(proto_time::timestamp(now + expires)),
            headers,
        })
    }

    /// A file that is there may be replaced only by who knows its digest.
    fn check_overwrite(&self, uri: &ObjectUri, digest: &str) -> Result<(), AdminError> {
        let there = self.objects.get_uri(uri).map_err(|error| AdminError::internal(error.to_string()))?;
        let Some(there) = there else { return Ok(()) };
        let exists = |text: String| Err(AdminError::new(Code::AlreadyExists, text));
        if digest.is_empty() {
            return exists(format!(
                "file already exists at location [{uri}], specify a matching hash if you wish to rewrite"
            ));
        }
        if content_digest(&there) != digest {
            return exists(format!("[{uri}] already exists at location [{uri}], but the hashes differ"));
        }
        Ok(())
    }

    /// Where a client may get a file: `CreateDownloadLocation`.
    pub(crate) fn download_location(&self, request: &CreateDownloadLocationRequest) -> Result<CreateDownloadLocationResponse, AdminError> {
        let uri: ObjectUri = request.native_url.parse().map_err(|_| {
            AdminError::invalid(format!(
                "invalid native_url. Error: {:?} is not an absolute URL",
                request.native_url
            ))
        })?;
        let expires = expiry(request.expires_in.as_ref(), self.config.data_proxy.download_max)?;
        let now = self.clock.now();
        Ok(CreateDownloadLocationResponse {
            signed_url: self.signer()?.get(&uri, expires, now).into(),
            expires_at: Some(proto_time::timestamp(now + expires)),
        })
    }

    /// What a `flyte://` URL names: `GetData`.
    pub(crate) fn data(&self, url: &str) -> Result<GetDataResponse, AdminError> {
        let url = FlyteUrl::parse(url).ok_or_else(|| AdminError::invalid(format!("Failed to parse passed in [{url}]")))?;
        let literals = match url.attempt {
            None => {
                let data = self.node_execution_data(Some(&url.node))?;
                url.of(data.full_inputs, data.full_outputs)
            }
            Some(attempt) => {
                let task = self.task_of(&url.node, attempt)?;
                let data = self.task_execution_data(Some(&task))?;
                url.of(data.full_inputs, data.full_outputs)
            }
        };
        let data = match url.literal {
            None => Data::LiteralMap(literals),
            Some(name) => Data::Literal(
                literals
                    .literals
                    .get(name)
                    .cloned()
                    .ok_or_else(|| AdminError::not_found(format!("name [{name}] not found in [{}]", url.text)))?,
            ),
        };
        Ok(GetDataResponse { data: Some(data) })
    }

    /// The task that one attempt of a node ran.
    fn task_of(&self, node: &NodeExecutionIdentifier, attempt: u32) -> Result<TaskExecutionIdentifier, AdminError> {
        let tasks = self.database.read(|tables| {
            let rows = tables.task_executions.iter();
            let of_node = rows.filter(|(key, _)| key.attempt == attempt && key.node.node == node.node_id);
            let of_run = of_node.filter(|(key, _)| Some(key.node.execution.id()) == node.execution_id);
            of_run.map(|(key, _)| key.task.clone()).next()
        })?;
        let task = tasks.ok_or_else(|| AdminError::not_found(format!("no attempt {attempt} of node [{}]", node.node_id)))?;
        Ok(TaskExecutionIdentifier {
            task_id: Some(Identifier {
                resource_type: ResourceType::Task as i32,
                project: task.project,
                domain: task.domain,
                name: task.name,
                version: task.version,
                org: String::new(),
            }),
            node_execution_id: Some(node.clone()),
            retry_attempt: attempt,
        })
    }
}

/// `flyte://v1/project/domain/execution/node[/attempt]/i|o[/literal]`.
struct FlyteUrl<'a> {
    text: &'a str,
    node: NodeExecutionIdentifier,
    attempt: Option<u32>,
    inputs: bool,
    literal: Option<&'a str>,
}

impl<'a> FlyteUrl<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let parts: Vec<&str> = text.strip_prefix("flyte://v1/")?.split('/').collect();
        let [project, domain, name, node, rest @ ..] = parts.as_slice() else {
            return None;
        };
        let (attempt, rest) = match rest {
            [number, rest @ ..] if number.parse::<u32>().is_ok() => (number.parse().ok(), rest),
            rest => (None, rest),
        };
        let (kind, literal) = match rest {
            [kind] => (*kind, None),
            [kind, literal] => (*kind, Some(*literal)),
            _ => return None,
        };
        let inputs = match kind {
            "i" => true,
            "o" => false,
            _ => return None,
        };
        Some(Self {
            text,
            node: NodeExecutionIdentifier {
                node_id: (*node).to_owned(),
                execution_id: Some(WorkflowExecutionIdentifier {
                    project: (*project).to_owned(),
                    domain: (*domain).to_owned(),
                    name: (*name).to_owned(),
                    org: String::new(),
                }),
            },
            attempt,
            inputs,
            literal,
        })
    }

    fn of(&self, inputs: Option<LiteralMap>, outputs: Option<LiteralMap>) -> LiteralMap {
        if self.inputs { inputs } else { outputs }.unwrap_or_default()
    }
}

fn expiry(asked: Option<&prost_types::Duration>, max: Duration) -> Result<Duration, AdminError> {
    let Some(asked) = asked else { return Ok(max) };
    let shown = format!("{}s", asked.seconds);
    match Duration::try_from(*asked) {
        Err(_) => Err(AdminError::invalid(format!("expiresIn [{shown}] should not be less than 0"))),
        Ok(asked) if asked > max => Err(AdminError::invalid(format!(
            "expiresIn [{shown}] cannot exceed max allowed expiration [{}s]",
            max.as_secs()
        ))),
        Ok(asked) => Ok(asked),
    }
}

#[cfg(test)]
mod tests {
    use super::FlyteUrl;

    #[test]
    fn urls_name_a_node_or_an_attempt() {
        let parsed = |text| FlyteUrl::parse(text).map(|url| (url.node.node_id, url.attempt, url.inputs, url.literal));
        assert_eq!(parsed("flyte://v1/p/d/e/n0/o"), Some(("n0".to_owned(), None, false, None)));
        assert_eq!(
            parsed("flyte://v1/p/d/e/n0/3/i/x"),
            Some(("n0".to_owned(), Some(3), true, Some("x")))
        );
        for text in [
            "flyte://v2/p/d/e/n0/o",
            "flyte://v1/p/d/e/n0",
            "flyte://v1/p/d/e/n0/x",
            "flyte://v1/p/d/e/n0/o/a/b",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
