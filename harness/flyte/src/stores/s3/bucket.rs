//! A bucket: what is in it.

use std::collections::BTreeMap;

use aws::escape;
use bytes::Bytes;
use http::{Method, StatusCode};

use super::super::object_server::{internal, response};
use super::{Answer, Asked, not_implemented};

/// Most keys in one answer.
const PAGE: usize = 1000;

impl Asked<'_> {
    pub(super) fn bucket(&self, method: &Method) -> Answer {
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

    fn list(&self) -> Answer {
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
