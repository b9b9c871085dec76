//! Charts of Helm repositories: fetched before the run, so that no step waits for the network and a capsule can carry them.
//!
//! [`provide`] reads the repository's index, takes the version that Helm would take, and keeps the archive in a cache. An exact version
//! that is kept needs no network; of a range, the index is asked once a command, and the kept one if the network fails.

mod cache;
mod client;
pub(crate) mod kept;
mod logins;
mod proxy;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bytes::Bytes;
use chart::repository::{INDEX, Index, Offer, PickError, check_range, resolve};
use scenario::verb::{Deploy, Fetched};
use scenario::{Invalid, Verb};
use thiserror::Error;
use url::Url;
use yaml::{Diagnostic, Spanned, suggest};

use crate::run::Plan;
use cache::{Cache, digest};
use client::Http;
use logins::Logins;

/// Why charts cannot be had.
#[derive(Debug, Error)]
pub enum ChartsError {
    /// The scenario asks for what there is not.
    #[error(transparent)]
    Invalid(Invalid),
    /// The repository, the network or the cache failed.
    #[error("{0}")]
    Environment(String),
}

/// Why one chart cannot be had.
enum Fault {
    At(Box<Diagnostic>),
    Environment(String),
}

/// Fetches the charts of repositories that the plans' steps name, and notes in the steps where they are. Returns warnings.
///
/// # Errors
/// A chart or version that is not there, with its place in the scenario; a repository that does not answer; an archive with another digest than
/// its index says.
pub fn provide(plans: &mut [Plan]) -> Result<Vec<String>, ChartsError> {
    if !plans.iter_mut().any(|plan| plan.skip.is_none() && remote(plan).next().is_some()) {
        return Ok(Vec::new());
    }
    let environment = |error: std::io::Error| ChartsError::Environment(error.to_string());
    let cache = Cache::from_env().map_err(ChartsError::Environment)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(environment)?;
    let mut fetcher = Fetcher {
        cache,
        logins: Logins::from_env().map_err(ChartsError::Environment)?,
        clients: BTreeMap::new(),
        indexes: BTreeMap::new(),
        warnings: Vec::new(),
    };
    for plan in plans.iter_mut().filter(|plan| plan.skip.is_none()) {
        let file = plan.loaded.scenario.file.display().to_string();
        let sources = plan.loaded.sources.clone();
        for (step, repo) in remote(plan) {
            match runtime.block_on(fetcher.fetch(step, &repo)) {
                Ok(fetched) => step.fetched = Some(fetched),
                Err(Fault::Environment(message)) => return Err(ChartsError::Environment(message)),
                Err(Fault::At(mut diagnostic)) => {
                    diagnostic.file = Some(file);
                    let diagnostics = (*diagnostic).into();
                    return Err(ChartsError::Invalid(Invalid { diagnostics, sources }));
                }
            }
        }
    }
    Ok(fetcher.warnings)
}

/// The steps whose charts are in repositories, and not here yet.
fn remote(plan: &mut Plan) -> impl Iterator<Item = (&mut Deploy, String)> {
    plan.loaded.scenario.steps.iter_mut().filter_map(|step| match &mut step.verb {
        Verb::Deploy(step) | Verb::Upgrade(step) if step.fetched.is_none() => {
            let repo = step.repo.as_ref()?.value.clone();
            Some((step.as_mut(), repo))
        }
        _ => None,
    })
}

struct Fetcher {
    cache: Cache,
    logins: Logins,
    /// By the repository's address.
    clients: BTreeMap<String, Http>,
    /// By the repository's address.
    indexes: BTreeMap<String, Index>,
    warnings: Vec<String>,
}

impl Fetcher {
    async fn fetch(&mut self, step: &Deploy, repo: &str) -> Result<Fetched, Fault> {
        let name = step.chart.value.as_str();
        if let Some(range) = &step.version {
            let invalid = |message| at(range, "invalid-value", message).help("write for example 1.16.8, ~1.16 or >=1.15 <1.17");
            check_range(range).map_err(|message| Fault::At(Box::new(invalid(message))))?;
            let exact = range.strip_prefix('v').unwrap_or(range);
            let kept = semver::Version::parse(exact)
                .ok()
                .and_then(|_| self.cache.archive(repo, name, range));
            if let Some((archive, content)) = kept {
                return Ok(Fetched {
                    archive,
                    version: range.value.clone(),
                    digest: digest(&content),
                });
            }
        }
        let index = self.index(repo).await.map_err(Fault::Environment)?;
        let picked = index.pick(name, step.version.as_ref().map(|range| range.value.as_str()));
        let offer = picked.map_err(|error| Fault::At(Box::new(missing(step, repo, error))))?.clone();
        self.archive(repo, name, offer).await.map_err(Fault::Environment)
    }

    /// What is at an address that belongs to a repository.
    async fn get(&mut self, repo: &str, url: &Url) -> Result<Bytes, String> {
        let client = match self.clients.entry(repo.to_owned()) {
            Entry::Occupied(client) => client.into_mut(),
            Entry::Vacant(place) => {
                let address = Url::parse(repo).map_err(|error| format!("{repo}: {error}"))?;
                place.insert(Http::new(&address, &self.logins.of(repo)?)?)
            }
        };
        client.get(url).await
    }

    /// A repository's index, asked for once.
    async fn index(&mut self, repo: &str) -> Result<&Index, String> {
        if !self.indexes.contains_key(repo) {
            let url = resolve(repo, INDEX).map_err(|error| format!("{repo}: {error}"))?;
            let parse = |bytes: &[u8]| Index::parse(&String::from_utf8_lossy(bytes)).map_err(|error| format!("{url} is no index: {error}"));
            let index = match self.get(repo, &url).await {
                Ok(bytes) => {
                    let index = parse(&bytes)?;
                    self.cache.keep(repo, INDEX, &bytes)?;
                    index
                }
                Err(error) => match self.cache.read(repo, INDEX) {
                    Some((_, bytes)) => {
                        self.warnings.push(format!("{error}; the index that was fetched before is used"));
                        parse(&bytes)?
                    }
                    None => return Err(error),
                },
            };
            self.indexes.insert(repo.to_owned(), index);
        }
        self.indexes.get(repo).ok_or_else(|| format!("{repo}: no index"))
    }

    /// The archive of a version, from the cache if it is what the index says.
    async fn archive(&mut self, repo: &str, name: &str, offer: Offer) -> Result<Fetched, String> {
        let Offer {
            version,
            url,
            digest: said,
        } = offer;
        let fits = |content: &[u8]| said.as_ref().is_none_or(|said| *said == digest(content));
        if let Some((archive, content)) = self.cache.archive(repo, name, &version)
            && fits(&content)
        {
            let digest = digest(&content);
            return Ok(Fetched { archive, version, digest });
        }
        let url = url.ok_or_else(|| format!("chart {name} {version} of {repo} has no downloadable URLs"))?;
        let url = resolve(repo, &url).map_err(|error| format!("{url}: {error}"))?;
        let content = self.get(repo, &url).await?;
        let digest = digest(&content);
        if !fits(&content) {
            let said = said.unwrap_or_default();
            return Err(format!(
                "{url} has the digest sha256:{digest}, and its index says sha256:{said}: it is not used"
            ));
        }
        let archive = self.cache.keep(repo, &cache::file(name, &version), &content)?;
        Ok(Fetched { archive, version, digest })
    }
}

fn at(place: &Spanned<String>, code: &'static str, message: String) -> Diagnostic {
    let mut diagnostic = Diagnostic::error(code, message);
    diagnostic.span = Some(place.span);
    diagnostic
}

/// What a repository does not have, with what it has.
fn missing(step: &Deploy, repo: &str, error: PickError) -> Diagnostic {
    let name = &step.chart.value;
    let range = step.version.as_ref().unwrap_or(&step.chart);
    match error {
        PickError::Chart { there } => {
            at(&step.chart, "chart-unknown", format!("{repo} has no chart `{name}`")).help(suggest::help(name, &there))
        }
        PickError::Version { there } => {
            let message = match &step.version {
                Some(range) => format!("{repo} has no version `{}` of the chart {name}", range.value),
                None => format!("{repo} has no stable version of the chart {name}"),
            };
            let newest: Vec<&str> = there.iter().take(5).map(String::as_str).collect();
            let help = match newest[..] {
                [] => "the index lists none".to_owned(),
                _ => format!(
                    "the newest are {}; a range that names a prerelease (`>=1.0.0-0`) takes prereleases too",
                    newest.join(", ")
                ),
            };
            at(range, "chart-version-unknown", message).help(help)
        }
        PickError::Range(message) => at(range, "invalid-value", message),
    }
}
