//! STS and S3 of the world's AWS account on one port, for SDKs outside: signed requests, the roles' policies, and their errors.

use std::collections::BTreeMap;

use aws::{Account, Session, escape, signature, sts};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use simnet::{Clock, Listener};
use tokio_util::task::AbortOnDropHandle;

use super::object_server::{OBJECT_MAX, Refused, internal, refusal, response, serve, tag};
use super::{AWS, ObjectStore, Stores};

/// Most keys in one answer.
const PAGE: usize = 1000;

/// STS and S3 of a world on a port, until this is dropped.
pub struct PublishedAws {
    base: String,
    _accept: AbortOnDropHandle<()>,
}

impl PublishedAws {
    pub(super) fn serve(stores: Stores, listener: Listener, base: &str, clock: Clock) -> Self {
        let account = stores.account();
        let endpoint = Endpoint { stores, account, clock };
        Self {
            base: base.to_owned(),
            _accept: serve(listener, move |request| {
                let endpoint = endpoint.clone();
                async move { endpoint.answer(request).await }
            }),
        }
    }

    /// The URL for both, as SDKs take it in `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

#[derive(Clone)]
struct Endpoint {
    stores: Stores,
    account: Account,
    clock: Clock,
}

/// Who asks for what in which bucket.
struct Asked<'a> {
    account: &'a Account,
    session: Option<Session>,
    store: ObjectStore,
    bucket: String,
    query: BTreeMap<String, String>,
}

impl Endpoint {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let body = match Limited::new(body, OBJECT_MAX).collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return refusal((StatusCode::BAD_REQUEST, "IncompleteBody", error.to_string())),
        };
        // S3 has neither posts to the root nor such a parameter.
        let query = parts.uri.query().unwrap_or_default();
        if parts.uri.path() == "/" && (parts.method == Method::POST || query.contains("Action=")) {
            return sts::answer(&self.account, &parts, &body, self.clock.now()).map(Full::new);
        }
        self.objects(&parts, body).unwrap_or_else(refusal)
    }

    fn objects(&self, parts: &Parts, body: Bytes) -> Result<Response<Full<Bytes>>, Refused> {
        for unknown in ["x-amz-copy-source", "range"] {
            if parts.headers.contains_key(unknown) {
                return Err(not_implemented(&format!("the header {unknown}")));
            }
        }
        let payload = parts.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
        if let Some(streamed) = payload.filter(|payload| payload.starts_with("STREAMING-")) {
            return Err(not_implemented(&format!("the payload {streamed}")));
        }
        let session = signature::session_of(&self.account, parts, &body, self.clock.now())
            .map_err(|error| (error.status(), error.code(), error.to_string()))?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let path = parts.uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned();
        let region = signature::region(parts).unwrap_or_else(|| "us-east-1".to_owned());
        let asked = Asked {
            account: &self.account,
            session,
            store: self.stores.object_store(&format!("{AWS}{region}")),
            bucket: decode(bucket),
            query: query.filter(|(name, _)| !name.starts_with("X-Amz-") && name != "x-id").collect(),
        };
        match (bucket, key) {
            ("", _) => Err(not_implemented("ListBuckets")),
            (_, "") => asked.bucket(&parts.method),
            _ => asked.object(&parts.method, &decode(key), body),
        }
    }
}

impl Asked<'_> {
    fn authorize(&self, action: &str, key: &str) -> Result<(), Refused> {
        let resource = match key {
            "" => format!("arn:aws:s3:::{}", self.bucket),
            key => format!("arn:aws:s3:::{}/{key}", self.bucket),
        };
        let decided = self.account.authorize(self.session.as_ref(), action, &resource);
        decided
            .map(drop)
            .map_err(|(error, _)| (error.status(), error.code(), error.to_string()))
    }

    fn object(&self, method: &Method, key: &str, body: Bytes) -> Result<Response<Full<Bytes>>, Refused> {
        if let Some(name) = self.query.keys().next() {
            return Err(not_implemented(&format!("the parameter {name}")));
        }
        match *method {
            Method::PUT => {
                self.authorize("s3:PutObject", key)?;
                let mut answer = response(StatusCode::OK, "application/xml", Bytes::new());
                tag(answer.headers_mut(), &body);
                self.store.put(&self.bucket, key, body).map_err(internal)?;
                Ok(answer)
            }
            Method::DELETE => {
                self.authorize("s3:DeleteObject", key)?;
                self.store.delete(&self.bucket, key).map_err(internal)?;
                Ok(response(StatusCode::NO_CONTENT, "application/xml", Bytes::new()))
            }
            Method::GET | Method::HEAD => {
                self.authorize("s3:GetObject", key)?;
                let Some(content) = self.store.get(&self.bucket, key).map_err(internal)? else {
                    // Who may not list a bucket is not told what is not in it.
                    self.authorize("s3:ListBucket", "")?;
                    return Err((StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.".to_owned()));
                };
                let length = content.len();
                let mut answer = response(StatusCode::OK, "binary/octet-stream", content.clone());
                tag(answer.headers_mut(), &content);
                if *method == Method::HEAD {
                    *answer.body_mut() = Full::default();
                    answer.headers_mut().insert("content-length", length.into());
                }
                Ok(answer)
            }
            _ => Err(not_implemented(method.as_str())),
        }
    }

    fn bucket(&self, method: &Method) -> Result<Response<Full<Bytes>>, Refused> {
        const KNOWN: [&str; 8] = [
            "list-type",
            "prefix",
            "delimiter",
            "max-keys",
            "start-after",
            "continuation-token",
            "encoding-type",
            "fetch-owner",
        ];
        if let Some(name) = self.query.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(not_implemented(&format!("the parameter {name}")));
        }
        self.authorize("s3:ListBucket", "")?;
        match *method {
            Method::HEAD => Ok(response(StatusCode::OK, "application/xml", Bytes::new())),
            Method::GET if self.query.get("list-type").is_some_and(|version| version == "2") => self.list(),
            Method::GET => Err(not_implemented("ListObjects (version 1)")),
            _ => Err(not_implemented(method.as_str())),
        }
    }

    fn list(&self) -> Result<Response<Full<Bytes>>, Refused> {
        let given = |name: &str| self.query.get(name).map(String::as_str).unwrap_or_default();
        let (prefix, delimiter) = (given("prefix"), given("delimiter"));
        let after = given("start-after").max(given("continuation-token"));
        let most = self
            .query
            .get("max-keys")
            .and_then(|text| text.parse().ok())
            .unwrap_or(PAGE)
            .min(PAGE);
        // Keys in URL encoding, where clients ask for it.
        let shown = |text: &str| match given("encoding-type") {
            "url" => percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string(),
            _ => escape(text),
        };
        let (mut entries, mut last, mut more) = (BTreeMap::new(), "", false);
        let found = self.store.list(&self.bucket, prefix).map_err(internal)?;
        for (key, size) in found.iter().filter(|(key, _)| key.as_str() > after) {
            let folder = key[prefix.len()..].find(delimiter).filter(|_| !delimiter.is_empty());
            let folder = folder.map(|at| &key[..prefix.len() + at + delimiter.len()]);
            let entry = match folder {
                Some(folder) => format!("<CommonPrefixes><Prefix>{}</Prefix></CommonPrefixes>", shown(folder)),
                None => format!(
                    "<Contents><Key>{}</Key><Size>{size}</Size><StorageClass>STANDARD</StorageClass></Contents>",
                    shown(key)
                ),
            };
            let name = folder.unwrap_or(key);
            if !entries.contains_key(name) && entries.len() == most {
                more = true;
                break;
            }
            entries.insert(name, entry);
            last = key;
        }
        let next = if more {
            format!("<NextContinuationToken>{}</NextContinuationToken>", escape(last))
        } else {
            String::new()
        };
        let encoding = if given("encoding-type") == "url" {
            "<EncodingType>url</EncodingType>"
        } else {
            ""
        };
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>{}</Name><Prefix>{}</Prefix><KeyCount>{}</KeyCount><MaxKeys>{most}</MaxKeys>{encoding}<IsTruncated>{more}</IsTruncated>{next}{}</ListBucketResult>",
            escape(&self.bucket),
            shown(prefix),
            entries.len(),
            entries.values().cloned().collect::<String>()
        );
        Ok(response(StatusCode::OK, "application/xml", text.into()))
    }
}

fn not_implemented(what: &str) -> Refused {
    let text = format!("{what} is not implemented by multiplane's S3");
    (StatusCode::NOT_IMPLEMENTED, "NotImplemented", text)
}
