//! Objects that come in parts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws::escape;
use bytes::{Bytes, BytesMut};
use http::{Method, StatusCode};

use super::super::lock;
use super::super::object_server::{internal, response, tag};
use super::{Answer, Asked, not_implemented};

/// Uploads under way, by id.
pub(super) type Uploads = Arc<Mutex<BTreeMap<String, Upload>>>;

/// An object's parts so far.
#[derive(Default)]
pub(super) struct Upload {
    bucket: String,
    key: String,
    parts: BTreeMap<u32, Bytes>,
}

impl Asked<'_> {
    /// Answers what belongs to an upload in parts; `None` if the request does not.
    pub(super) fn multipart(&self, method: &Method, key: &str, body: &Bytes) -> Option<Answer> {
        let given = |name: &str| self.query.get(name).map(String::as_str);
        match (method, given("uploads"), given("uploadId"), given("partNumber")) {
            (&Method::POST, Some(_), None, None) => Some(self.begin(key)),
            (&Method::PUT, None, Some(id), Some(number)) => Some(self.part(key, id, number, body)),
            (&Method::POST, None, Some(id), None) => Some(self.complete(key, id)),
            (&Method::DELETE, None, Some(id), None) => Some(self.abort(key, id)),
            _ => None,
        }
    }

    fn begin(&self, key: &str) -> Answer {
        self.authorize("s3:PutObject", key)?;
        let mut uploads = lock(self.uploads);
        let id = super::AccessKey::random().secret;
        let upload = Upload {
            bucket: self.bucket.clone(),
            key: key.to_owned(),
            parts: BTreeMap::new(),
        };
        uploads.insert(id.clone(), upload);
        Ok(self.xml("InitiateMultipartUploadResult", key, &format!("<UploadId>{id}</UploadId>")))
    }

    fn part(&self, key: &str, id: &str, number: &str, body: &Bytes) -> Answer {
        self.authorize("s3:PutObject", key)?;
        let number: u32 = number.parse().map_err(|_| not_implemented(&format!("the part number {number}")))?;
        let mut uploads = lock(self.uploads);
        let upload = uploads.get_mut(id).filter(|upload| self.is_of(upload, key)).ok_or_else(no_upload)?;
        upload.parts.insert(number, body.clone());
        let mut answer = response(StatusCode::OK, "application/xml", Bytes::new());
        tag(answer.headers_mut(), body);
        Ok(answer)
    }

    /// All parts that came are the object: SDKs complete no other list.
    fn complete(&self, key: &str, id: &str) -> Answer {
        self.authorize("s3:PutObject", key)?;
        let upload = self.take(key, id)?;
        let mut content = BytesMut::new();
        upload.parts.values().for_each(|part| content.extend_from_slice(part));
        let content = content.freeze();
        let mut answer = self.xml("CompleteMultipartUploadResult", key, "");
        tag(answer.headers_mut(), &content);
        self.store.put(&self.bucket, key, content).map_err(internal)?;
        Ok(answer)
    }

    fn abort(&self, key: &str, id: &str) -> Answer {
        self.authorize("s3:AbortMultipartUpload", key)?;
        self.take(key, id)?;
        Ok(response(StatusCode::NO_CONTENT, "application/xml", Bytes::new()))
    }

    fn take(&self, key: &str, id: &str) -> Result<Upload, super::Refused> {
        let mut uploads = lock(self.uploads);
        match uploads.get(id) {
            Some(upload) if self.is_of(upload, key) => uploads.remove(id).ok_or_else(no_upload),
            _ => Err(no_upload()),
        }
    }

    fn is_of(&self, upload: &Upload, key: &str) -> bool {
        upload.bucket == self.bucket && upload.key == key
    }

    fn xml(&self, name: &str, key: &str, rest: &str) -> http::Response<http_body_util::Full<Bytes>> {
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Bucket>{}</Bucket><Key>{}</Key>{rest}</{name}>",
            escape(&self.bucket),
            escape(key)
        );
        response(StatusCode::OK, "application/xml", text.into())
    }
}

fn no_upload() -> super::Refused {
    let text = "The specified multipart upload does not exist. The upload ID might be invalid, or the multipart upload might have been aborted or completed.";
    (StatusCode::NOT_FOUND, "NoSuchUpload", text.to_owned())
}
