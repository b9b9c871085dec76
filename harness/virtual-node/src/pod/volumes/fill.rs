//! Keeping a volume's content current.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::{DownwardAPIVolumeFile, KeyToPath};
use tokio::sync::watch::Sender;
use tokio::time::sleep;

use super::super::context::PodContext;
use super::super::env::{Lookups, downward};
use super::super::prepare::ConfigError;
use super::project::{Files, config_map_data, project, secret_data};
use super::source::Source;
use super::token::{self, Token};
use crate::node::Severity;
use crate::program::Folder;

/// Before a token is asked for again after a refusal.
const RETRY: Duration = Duration::from_secs(2);

/// Why a volume cannot be filled.
#[derive(Debug, thiserror::Error)]
enum Unfilled {
    #[error("{0}")]
    Object(#[from] ConfigError),
    #[error("{kind} \"{name}\" not found")]
    Missing { kind: &'static str, name: String },
    #[error("{kind} references non-existent {noun} key: {key}")]
    Key {
        kind: &'static str,
        noun: &'static str,
        key: String,
    },
    #[error("{0}")]
    Token(String),
}

/// Fills a volume, and again whenever what it shows has changed. Trouble is told by events; the old content stays.
pub(crate) async fn fill(ctx: Arc<PodContext>, volume: String, sources: Vec<Source>, folder: Folder, filled: Sender<bool>) {
    let mut tokens = BTreeMap::new();
    let mut told = String::new();
    loop {
        let mut lookups = Lookups::new(&ctx);
        // In a box of its own: what asks for a token is large, and most of the time nothing does.
        let result = Box::pin(gather(&ctx, &sources, &mut lookups, &mut tokens)).await;
        let mut wake = tokens.values().map(|token: &Token| token.renew).min();
        match result {
            Ok(files) => {
                folder.replace(files);
                filled.send_replace(true);
                told.clear();
            }
            Err(error) => {
                if matches!(error, Unfilled::Token(_)) {
                    wake = ctx.node.clock.now().checked_add(RETRY).ok();
                }
                let message = error.to_string();
                if message != told {
                    tell(&ctx, &volume, &message);
                    told = message;
                }
            }
        }
        tokio::select! {
            biased;
            () = lookups.changed() => {}
            () = until(&ctx, wake) => {}
        }
    }
}

/// Tells that the volume will never be there.
pub(crate) fn refuse(ctx: &PodContext, volume: &str, kind: &str) {
    tell(ctx, volume, &format!("{kind} volumes are not supported by virtual nodes"));
}

pub(super) fn tell(ctx: &PodContext, volume: &str, message: &str) {
    let message = format!("MountVolume.SetUp failed for volume \"{volume}\" : {message}");
    ctx.event(Severity::Warning, "FailedMount", message);
}

async fn until(ctx: &PodContext, wake: Option<Timestamp>) {
    match wake {
        Some(at) => sleep(ctx.node.clock.until(at)).await,
        None => std::future::pending().await,
    }
}

/// All files of a volume as they are now.
async fn gather(
    ctx: &PodContext,
    sources: &[Source],
    lookups: &mut Lookups,
    tokens: &mut BTreeMap<String, Token>,
) -> Result<Files, Unfilled> {
    let mut files = Files::new();
    for source in sources {
        files.extend(match source {
            Source::ConfigMap(from) => {
                let found = lookups.config_map(&from.name).await?.map(|map| config_map_data(&map));
                keys("configmap", "config", &from.name, found, from.items.as_deref(), from.optional)?
            }
            Source::Secret(from) => {
                let found = lookups.secret(&from.name).await?.map(|secret| secret_data(&secret));
                keys("secret", "secret", &from.name, found, from.items.as_deref(), from.optional)?
            }
            Source::Downward(from) => from
                .items
                .iter()
                .flatten()
                .map(|file| downward_file(ctx, file))
                .collect::<Result<_, _>>()?,
            Source::Token(from) => {
                let valid = tokens.get(&from.path).filter(|token| token.renew > ctx.node.clock.now()).cloned();
                let token = match valid {
                    Some(token) => token,
                    None => token::request(ctx, from).await.map_err(Unfilled::Token)?,
                };
                tokens.insert(from.path.clone(), token.clone());
                Files::from([(from.path.clone(), Bytes::from(token.value))])
            }
        });
    }
    Ok(files)
}

/// The files that an object's keys make.
fn keys(
    kind: &'static str,
    noun: &'static str,
    name: &str,
    found: Option<Files>,
    items: Option<&[KeyToPath]>,
    optional: Option<bool>,
) -> Result<Files, Unfilled> {
    let optional = optional.unwrap_or(false);
    let missing = || Unfilled::Missing {
        kind,
        name: name.to_owned(),
    };
    match found {
        None if optional => Ok(Files::new()),
        None => Err(missing()),
        Some(data) => project(data, items, optional).map_err(|key| Unfilled::Key { kind, noun, key }),
    }
}

fn downward_file(ctx: &PodContext, file: &DownwardAPIVolumeFile) -> Result<(String, Bytes), Unfilled> {
    let spec = ctx.spec();
    let container = |name: &str| {
        let all = spec.containers.iter().chain(spec.init_containers.iter().flatten());
        all.into_iter()
            .find(|container| container.name == name)
            .cloned()
            .unwrap_or_default()
    };
    let name = file
        .resource_field_ref
        .as_ref()
        .and_then(|selector| selector.container_name.as_deref());
    let container = container(name.unwrap_or_default());
    let value = downward(ctx, &container, file.field_ref.as_ref(), file.resource_field_ref.as_ref())?;
    Ok((file.path.clone(), Bytes::from(value)))
}
