//! S3 on a port, for SDKs outside: of the world's AWS account, with STS, signed requests, the roles' policies and their errors; or of one store, for
//! who has its key.

mod bucket;
mod multipart;
mod object;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};

use aws::{Account, Session, signature, sts};
use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use simnet::{Clock, Listener};
use tokio_util::task::AbortOnDropHandle;

use super::object_server::{OBJECT_MAX, Refused, refusal, serve};
use super::{AWS, ObjectStore, Stores};
use multipart::Uploads;

/// Who asks, where an account's policies decide: the account, and the role's session.
type By<'a> = (&'a Account, Option<Session>);

/// What a request comes to.
type Answer = Result<Response<Full<Bytes>>, Refused>;

/// S3 of a world on a port, until this is dropped.
pub struct PublishedAws {
    base: String,
    _accept: AbortOnDropHandle<()>,
}

impl PublishedAws {
    /// What `gate` lets in.
    pub(super) fn serve(gate: Gate, listener: Listener, base: &str, clock: Clock) -> Self {
        let uploads = Uploads::default();
        let endpoint = Endpoint { gate, uploads, clock };
        Self {
            base: base.to_owned(),
            _accept: serve(listener, move |request| {
                let endpoint = endpoint.clone();
                async move { endpoint.answer(request).await }
            }),
        }
    }

    /// The URL, as SDKs take it in `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }
}

/// An access key that nobody has guessed.
#[derive(Clone, Debug)]
pub struct AccessKey {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

impl AccessKey {
    /// A new one.
    #[must_use]
    pub fn random() -> Self {
        // Keys of hash maps are the randomness that the standard library has.
        let random = |n: u8| RandomState::new().hash_one(n);
        Self {
            id: format!("AKIA{:016X}", random(0)),
            secret: format!("{:016x}{:016x}", random(1), random(2)),
        }
    }
}

/// Who is let in, and to which store.
#[derive(Clone)]
pub(super) enum Gate {
    /// The account's sessions, as far as their roles' policies go, to the store of their region.
    Account(Stores, Account),
    /// Whoever has a key, to one store.
    Key(AccessKey, ObjectStore),
}

#[derive(Clone)]
struct Endpoint {
    gate: Gate,
    uploads: Uploads,
    clock: Clock,
}

/// What is asked for, by whom.
struct Asked<'a> {
    /// Whose policies say what may be done. Without them, all of it.
    by: Option<By<'a>>,
    uploads: &'a Uploads,
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
        if let Gate::Account(_, account) = &self.gate
            && parts.uri.path() == "/"
            && (parts.method == Method::POST || query.contains("Action="))
        {
            return sts::answer(account, &parts, &body, self.clock.now()).map(Full::new);
        }
        self.objects(&parts, body).unwrap_or_else(refusal)
    }

    fn objects(&self, parts: &Parts, body: Bytes) -> Answer {
        if parts.headers.contains_key("x-amz-copy-source") {
            return Err(not_implemented("the header x-amz-copy-source"));
        }
        let payload = parts.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
        if let Some(streamed) = payload.filter(|payload| payload.starts_with("STREAMING-")) {
            return Err(not_implemented(&format!("the payload {streamed}")));
        }
        let (store, by) = self.admit(parts, &body)?;
        let decode = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let path = parts.uri.path().trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let query = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).into_owned();
        let asked = Asked {
            by,
            uploads: &self.uploads,
            store,
            bucket: decode(bucket),
            query: query.filter(|(name, _)| !name.starts_with("X-Amz-") && name != "x-id").collect(),
        };
        match (bucket, key) {
            ("", _) => Err(not_implemented("ListBuckets")),
            (_, "") => asked.bucket(&parts.method),
            _ => asked.object(parts, &decode(key), body),
        }
    }

    /// The store that a request is let in to.
    fn admit(&self, parts: &Parts, body: &[u8]) -> Result<(ObjectStore, Option<By<'_>>), Refused> {
        let now = self.clock.now();
        match &self.gate {
            Gate::Account(stores, account) => {
                let session = signature::session_of(account, parts, body, now).map_err(refused)?;
                let region = signature::region(parts).unwrap_or_else(|| "us-east-1".to_owned());
                Ok((stores.object_store(&format!("{AWS}{region}")), Some((account, session))))
            }
            Gate::Key(AccessKey { id, secret }, store) => {
                signature::check_key((id, secret), parts, body, now).map_err(refused)?;
                Ok((store.clone(), None))
            }
        }
    }
}

impl Asked<'_> {
    fn authorize(&self, action: &str, key: &str) -> Result<(), Refused> {
        let Some((account, session)) = &self.by else {
            return Ok(());
        };
        let resource = match key {
            "" => format!("arn:aws:s3:::{}", self.bucket),
            key => format!("arn:aws:s3:::{}/{key}", self.bucket),
        };
        let decided = account.authorize(session.as_ref(), action, &resource);
        decided.map(drop).map_err(|(error, _)| refused(error))
    }
}

fn refused(error: aws::S3Error) -> Refused {
    (error.status(), error.code(), error.to_string())
}

fn not_implemented(what: &str) -> Refused {
    let text = format!("{what} is not implemented by multiplane's S3");
    (StatusCode::NOT_IMPLEMENTED, "NotImplemented", text)
}
