//! Chart repositories: what an `index.yaml` offers, and which of it Helm would take.

use std::collections::BTreeMap;

use serde_json::Value;
use url::{ParseError, Url};

use crate::functions::{VersionRange as Range, version as coerce};

/// The name of a repository's index, below its address.
pub const INDEX: &str = "index.yaml";

/// What a repository offers.
#[derive(Clone, Debug)]
pub struct Index {
    /// By name; the newest first.
    charts: BTreeMap<String, Vec<Offer>>,
}

/// One version of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its version, as the index writes it.
    pub version: String,
    /// Where its archive is, from the repository's address; there may be none.
    pub url: Option<String>,
    /// SHA-256 of its archive, in lower-case hexadecimal digits, if the index says it.
    pub digest: Option<String>,
}

/// Why an index offers nothing that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PickError {
    /// The index has no chart of this name.
    #[error("no chart name found")]
    Chart {
        /// The names that it has.
        there: Vec<String>,
    },
    /// No version of the chart is in the range.
    #[error("no chart version found")]
    Version {
        /// The versions that it has, the newest first.
        there: Vec<String>,
    },
    /// The range cannot be read.
    #[error("{0}")]
    Range(String),
}

impl Index {
    /// Reads an `index.yaml`. Entries without a version that can be read are left out, as Helm does.
    ///
    /// # Errors
    /// It is no index.
    pub fn parse(text: &str) -> Result<Self, String> {
        let json = crate::documents::value(text)?;
        if json["apiVersion"].as_str().is_none_or(str::is_empty) {
            return Err("no API version specified".into());
        }
        let entries = json["entries"].as_object().into_iter().flatten();
        let charts = entries.map(|(name, offers)| (name.clone(), sorted(offers))).collect();
        Ok(Self { charts })
    }

    /// The version of a chart that Helm takes: the one that is called so, else the newest in the range; the newest stable one if there is no range.
    ///
    /// # Errors
    /// There is none, or the range cannot be read.
    pub fn pick(&self, name: &str, range: Option<&str>) -> Result<&Offer, PickError> {
        let offers = self.charts.get(name).ok_or_else(|| PickError::Chart {
            there: self.charts.keys().cloned().collect(),
        })?;
        let parsed = Range::parse(range.unwrap_or("*")).map_err(PickError::Range)?;
        let called = offers.iter().find(|offer| Some(offer.version.as_str()) == range);
        let within = |offer: &&Offer| coerce(&offer.version).is_some_and(|version| parsed.matches(&version));
        called.or_else(|| offers.iter().find(within)).ok_or_else(|| PickError::Version {
            there: offers.iter().map(|offer| offer.version.clone()).collect(),
        })
    }
}

/// Whether a version range can be read.
///
/// # Errors
/// Helm's words for one that cannot.
pub fn check_range(text: &str) -> Result<(), String> {
    Range::parse(text).map(drop)
}

/// Where something is that a repository names, as Helm has it: from the repository's address as a folder, with the address's query.
///
/// # Errors
/// One of them is no address.
pub fn resolve(repository: &str, reference: &str) -> Result<Url, ParseError> {
    match Url::parse(reference) {
        Err(ParseError::RelativeUrlWithoutBase) => {}
        absolute => return absolute,
    }
    let mut base = Url::parse(repository)?;
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    let mut url = base.join(reference)?;
    url.set_query(base.query());
    Ok(url)
}

fn sorted(offers: &Value) -> Vec<Offer> {
    let mut offers: Vec<_> = offers.as_array().into_iter().flatten().filter_map(offer).collect();
    offers.sort_by(|(a, _), (b, _)| b.cmp_precedence(a));
    offers.into_iter().map(|(_, offer)| offer).collect()
}

fn offer(json: &Value) -> Option<(semver::Version, Offer)> {
    let version = match &json["version"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let digest = match &json["digest"] {
        Value::Null => None,
        Value::String(digest) => Some(digest.strip_prefix("sha256:").unwrap_or(digest).to_lowercase()),
        // One that YAML takes for a number fits no archive.
        other => Some(other.to_string()),
    };
    let digest = digest.filter(|digest| !digest.is_empty());
    let url = json["urls"][0].as_str().map(str::to_owned);
    Some((coerce(&version)?, Offer { version, url, digest }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://h/charts", "a-1.tgz", "https://h/charts/a-1.tgz")]
    #[case("https://h/charts/", "sub/a-1.tgz", "https://h/charts/sub/a-1.tgz")]
    #[case("https://h", "index.yaml", "https://h/index.yaml")]
    #[case("https://h/charts?token=1", "a.tgz", "https://h/charts/a.tgz?token=1")]
    #[case("https://h/charts", "/a.tgz", "https://h/a.tgz")]
    #[case("https://h/charts", "../a.tgz", "https://h/a.tgz")]
    #[case("https://h/charts?token=1", "https://other/a.tgz", "https://other/a.tgz")]
    fn addresses(#[case] repository: &str, #[case] reference: &str, #[case] expected: &str) {
        assert_eq!(resolve(repository, reference).unwrap().as_str(), expected);
    }

    /// A repository of these versions, as `helm repo index` writes it but in another order.
    const VERSIONS: [&str; 15] = [
        "0.1.0",
        "v1.14.2",
        "0.1.5",
        "0.2.0",
        "1.0.0-rc.1",
        "1.16.8",
        "1.0.0",
        "1.15.0",
        "1.16.0",
        "1.16.9-b0",
        "1.16.1",
        "1.17.0-b1",
        "2.0.0-alpha.1",
        "1.9.0",
        "1.10.0+build.3",
    ];

    /// What `helm template --repo URL --version RANGE` of Helm 4.1.4 took, or that it found none.
    #[rstest]
    #[case("", "1.16.8")]
    #[case("~1.16", "1.16.8")]
    #[case("~1.16.0", "1.16.8")]
    #[case("^1.15", "1.16.8")]
    #[case("^0.1", "0.1.5")]
    #[case("1.16.8", "1.16.8")]
    #[case("v1.16.8", "1.16.8")]
    #[case("1.14.2", "v1.14.2")]
    #[case("1.16", "1.16.8")]
    #[case("1", "1.16.8")]
    #[case("1.x", "1.16.8")]
    #[case("*", "1.16.8")]
    #[case(">=1.0.0 <1.16.0", "1.15.0")]
    #[case(">=1.0.0, <1.10", "1.9.0")]
    #[case("1.0 - 1.15", "1.15.0")]
    #[case(">0.0.0-0", "2.0.0-alpha.1")]
    #[case("~1.16.0-0", "1.16.9-b0")]
    #[case(">=1.16.0-0 <1.17.0", "1.17.0-b1")]
    #[case("^0.1.0 || ^1.9 <1.16", "1.15.0")]
    #[case("!=1.16.8", "1.16.1")]
    #[case("!=1.16", "1.15.0")]
    #[case("<=1.16", "1.16.8")]
    #[case("<1", "0.2.0")]
    #[case(">1.16", "")]
    #[case(">=2.0.0-0", "2.0.0-alpha.1")]
    #[case("2.0.0-alpha.1", "2.0.0-alpha.1")]
    #[case("1.10.0", "1.10.0+build.3")]
    #[case("1.10.0+build.3", "1.10.0+build.3")]
    #[case("~>1.9", "1.9.0")]
    #[case("=1.16.1", "1.16.1")]
    #[case("^2", "")]
    #[case("3", "")]
    #[case("not a range", "")]
    #[case("~1.16,", "")]
    #[case(">= 1.15", "1.16.8")]
    #[case("<2.0.0-0", "1.17.0-b1")]
    fn picks(#[case] range: &str, #[case] expected: &str) {
        let offers = VERSIONS.map(|version| serde_json::json!({"version": version, "urls": [format!("{version}.tgz")]}));
        let index = serde_json::json!({"apiVersion": "v1", "entries": {"flyte-core": offers}}).to_string();
        let index = Index::parse(&index).unwrap();
        let picked = index.pick("flyte-core", Some(range).filter(|range| !range.is_empty()));
        assert_eq!(picked.map_or("", |offer| offer.version.as_str()), expected);
    }

    #[test]
    fn what_is_no_index() {
        assert_eq!(Index::parse("entries: {}").unwrap_err(), "no API version specified");
        assert!(Index::parse("<html>: [").is_err());
    }
}
