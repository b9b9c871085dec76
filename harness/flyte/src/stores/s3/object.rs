//! One object: read, whole or in part, written, removed.

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use super::super::object_server::{Refused, internal, response, tag};
use super::{Answer, Asked, not_implemented};

impl Asked<'_> {
    pub(super) fn object(&self, parts: &Parts, key: &str, body: Bytes) -> Answer {
        if let Some(answer) = self.multipart(&parts.method, key, &body) {
            return answer;
        }
        if let Some(name) = self.query.keys().next() {
            return Err(not_implemented(&format!("the parameter {name}")));
        }
        match parts.method {
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
                let range = parts.headers.get("range").and_then(|value| value.to_str().ok());
                let mut answer = part(&content, range)?;
                if parts.method == Method::HEAD {
                    let length = http_body::Body::size_hint(answer.body()).exact().unwrap_or_default();
                    *answer.body_mut() = Full::default();
                    answer.headers_mut().insert("content-length", length.into());
                }
                Ok(answer)
            }
            _ => Err(not_implemented(parts.method.as_str())),
        }
    }
}

/// A content, or the range of it that a header asks for.
fn part(content: &Bytes, range: Option<&str>) -> Result<Response<Full<Bytes>>, Refused> {
    let length = content.len();
    let asked = range.and_then(|text| bounds(text, length));
    let mut answer = match asked {
        None => response(StatusCode::OK, "binary/octet-stream", content.clone()),
        Some((first, end)) if first < end => {
            let mut answer = response(StatusCode::PARTIAL_CONTENT, "binary/octet-stream", content.slice(first..end));
            if let Ok(value) = format!("bytes {first}-{}/{length}", end - 1).parse() {
                answer.headers_mut().insert("content-range", value);
            }
            answer
        }
        Some(_) => {
            let text = "The requested range is not satisfiable".to_owned();
            return Err((StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange", text));
        }
    };
    tag(answer.headers_mut(), content);
    answer.headers_mut().insert("accept-ranges", HeaderValue::from_static("bytes"));
    Ok(answer)
}

/// The first byte and the one after the last of `bytes=0-9`, `bytes=5-` and `bytes=-5`. What has another form is ignored, as by S3.
fn bounds(text: &str, length: usize) -> Option<(usize, usize)> {
    let (first, last) = text.strip_prefix("bytes=")?.split_once('-')?;
    match (first, last) {
        ("", last) => Some((length.saturating_sub(last.parse().ok()?), length)),
        (first, "") => Some((first.parse().ok()?, length)),
        (first, last) => {
            let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
            (first <= last).then(|| (first, length.min(last.saturating_add(1))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bounds;

    #[test]
    fn ranges_as_clients_write_them() {
        for (text, expected) in [
            ("bytes=0-3", Some((0, 4))),
            ("bytes=6-99", Some((6, 10))),
            ("bytes=4-", Some((4, 10))),
            ("bytes=-3", Some((7, 10))),
            ("bytes=-30", Some((0, 10))),
            ("bytes=3-1", None),
            ("bytes=0-1,4-5", None),
            ("lines=0-1", None),
        ] {
            assert_eq!(bounds(text, 10), expected, "{text}");
        }
        // Behind the end: refused by who asks.
        assert_eq!(bounds("bytes=10-12", 10), Some((10, 10)));
    }
}
