//! `/openapi/v3`: Kubernetes' own documents. Custom resources are not published yet.

use crate::value::{Map, Value, json};
use http::Response;
use sha2::{Digest, Sha256};

use super::respond::{self, ResponseBody};
use crate::apiserver::ApiServer;
use crate::data;
use crate::status::Status;

/// Answers the index, or one document.
pub(super) fn answer(_server: &ApiServer, steps: &[&str], _query: &str) -> Result<Response<ResponseBody>, Status> {
    if steps.is_empty() {
        // The real server calls its JSON index text.
        return Ok(respond::typed(200, "text/plain; charset=utf-8", respond::full(index().to_string())));
    }
    match data::openapi_document(&steps.join("/")) {
        Some(document) => Ok(respond::typed(200, "application/json", respond::full(document))),
        None => Ok(respond::typed(404, "", respond::empty())),
    }
}

fn index() -> Value {
    let mut paths = Map::new();
    for (path, packed) in data::OPENAPI {
        let hash: String = Sha256::digest(packed).iter().map(|b| format!("{b:02X}")).collect();
        paths.insert(
            (*path).to_owned(),
            json!({"serverRelativeURL": format!("/openapi/v3/{path}?hash={hash}")}),
        );
    }
    json!({"paths": paths})
}
