//! The object stores of a world over HTTP, for those who hold a signed URL: `PUT`, `GET` and `HEAD` of objects, with S3's errors.

use std::convert::Infallible;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use futures::FutureExt;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use md5::{Digest, Md5};
use percent_encoding::percent_decode_str;
use simnet::{Clock, Listener};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use super::signed::{Denied, Signer};
use super::{ObjectStore, Stores};

/// Largest object, in bytes.
pub(super) const OBJECT_MAX: usize = 1 << 30;

/// Where the stores can be reached, and the secret of its signatures.
#[derive(Clone, Debug)]
pub(crate) struct Published {
    base: Arc<str>,
    secret: Arc<str>,
}

impl Published {
    pub(super) fn new(base: &str) -> Self {
        // Keys of hash maps are the randomness that the standard library has.
        let random = |n: u8| RandomState::new().hash_one(n);
        Self {
            base: base.trim_end_matches('/').into(),
            secret: format!("{:016x}{:016x}", random(0), random(1)).into(),
        }
    }

    /// The signer for URLs into the store of this name.
    pub(crate) fn signer(&self, store: &str) -> Result<Signer, url::ParseError> {
        let endpoint = format!("{}/{}/", self.base, BASE64_URL_SAFE_NO_PAD.encode(store));
        Signer::new(&endpoint, "", "multiplane", &self.secret)
    }
}

/// A world's objects on a port, until this is dropped.
pub struct PublishedObjects {
    base: String,
    _accept: AbortOnDropHandle<()>,
}

impl PublishedObjects {
    pub(super) fn serve(server: ObjectServer, listener: Listener, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            _accept: serve(listener, move |request| {
                let server = server.clone();
                async move { server.answer(request).await }
            }),
        }
    }

    /// The URL below which objects are.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// Answers all requests on a listener, until what is returned is dropped.
pub(super) fn serve<F, R>(mut listener: Listener, answer: F) -> AbortOnDropHandle<()>
where
    F: Fn(Request<Incoming>) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response<Full<Bytes>>> + Send + 'static,
{
    AbortOnDropHandle::new(tokio::spawn(async move {
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let answer = answer.clone();
            connections.spawn(async move {
                let service = service_fn(|request| answer(request).map(Ok::<_, Infallible>));
                // A client that goes away in the middle is no event for a server.
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
            while connections.try_join_next().is_some() {}
        }
    }))
}

/// Answers requests for objects of a world's stores.
#[derive(Clone)]
pub(super) struct ObjectServer {
    stores: Stores,
    published: Published,
    clock: Clock,
}

/// A refusal: status, S3's code, text.
pub(super) type Refused = (StatusCode, &'static str, String);

impl ObjectServer {
    pub(super) fn new(stores: Stores, published: Published, clock: Clock) -> Self {
        Self { stores, published, clock }
    }

    /// Answers one request.
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.done(request).await.unwrap_or_else(refusal)
    }

    async fn done(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Refused> {
        let (parts, body) = request.into_parts();
        let missing = || (StatusCode::NOT_FOUND, "NoSuchKey", "The specified key does not exist.".to_owned());
        let mut path = parts.uri.path().trim_start_matches('/').splitn(3, '/');
        let (Some(store), Some(bucket), Some(key)) = (path.next(), path.next(), path.next()) else {
            return Err(missing());
        };
        let store = BASE64_URL_SAFE_NO_PAD.decode(store).ok();
        let store = store.and_then(|name| String::from_utf8(name).ok()).ok_or_else(missing)?;
        let signer = self.published.signer(&store).map_err(|_| missing())?;
        signer
            .check(&parts.method, &parts.uri, &parts.headers, self.clock.now())
            .map_err(denied)?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let place = Place {
            store: self.stores.object_store(&store),
            bucket: decode(bucket),
            key: decode(key),
        };
        match parts.method {
            Method::PUT => {
                let body = Limited::new(body, OBJECT_MAX).collect().await;
                let body = body.map_err(|error| (StatusCode::BAD_REQUEST, "IncompleteBody", error.to_string()))?;
                place.put(&parts.headers, body.to_bytes())
            }
            method => {
                let content = place.store.get(&place.bucket, &place.key).map_err(internal)?;
                let content = content.ok_or_else(missing)?;
                let mut response = response(StatusCode::OK, "binary/octet-stream", content.clone());
                tag(response.headers_mut(), &content);
                if method == Method::HEAD {
                    *response.body_mut() = Full::default();
                    response.headers_mut().insert("content-length", content.len().into());
                }
                Ok(response)
            }
        }
    }
}

struct Place {
    store: ObjectStore,
    bucket: String,
    key: String,
}

impl Place {
    fn put(&self, headers: &HeaderMap, content: Bytes) -> Result<Response<Full<Bytes>>, Refused> {
        if let Some(expected) = headers.get("content-md5")
            && expected.as_bytes() != digest(&content).as_bytes()
        {
            let text = "The Content-MD5 you specified did not match what we received.";
            return Err((StatusCode::BAD_REQUEST, "BadDigest", text.to_owned()));
        }
        let mut response = response(StatusCode::OK, "application/xml", Bytes::new());
        tag(response.headers_mut(), &content);
        self.store.put(&self.bucket, &self.key, content).map_err(internal)?;
        Ok(response)
    }
}

/// A content's MD5 digest in base64, as `Content-MD5` has it.
pub(crate) fn digest(content: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(content))
}

/// A refusal as S3 writes it.
pub(super) fn refusal((status, code, text): Refused) -> Response<Full<Bytes>> {
    let text = aws::escape(&text);
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{text}</Message></Error>");
    response(status, "application/xml", body.into())
}

pub(super) fn tag(headers: &mut HeaderMap, content: &[u8]) {
    let hex: String = Md5::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
    if let Ok(value) = format!("\"{hex}\"").parse() {
        headers.insert("etag", value);
    }
}

fn denied(denied: Denied) -> Refused {
    let code = match denied {
        Denied::Unsigned | Denied::Expired => "AccessDenied",
        Denied::Mismatch => "SignatureDoesNotMatch",
    };
    (StatusCode::FORBIDDEN, code, denied.to_string())
}

pub(super) fn internal(error: std::io::Error) -> Refused {
    (StatusCode::INTERNAL_SERVER_ERROR, "InternalError", error.to_string())
}

pub(super) fn response(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    response
}
