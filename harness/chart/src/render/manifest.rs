//! Manifests: splitting what templates print, and telling hooks apart.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::head;
use super::order::install_order;
use crate::error::{Error, RenderError};

/// One document of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The template it comes from, as `flyte-core/templates/admin/service.yaml`.
    pub source: String,
    /// As printed.
    pub text: String,
    /// As read; null where a template prints comments only, which Helm keeps, too.
    pub object: Value,
}

impl Manifest {
    /// The object's kind, empty if it has none.
    pub fn kind(&self) -> &str {
        self.object["kind"].as_str().unwrap_or_default()
    }

    /// The object's name, empty if it has none.
    pub fn name(&self) -> &str {
        self.object["metadata"]["name"].as_str().unwrap_or_default()
    }
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HookEvent {
    /// `pre-install`
    PreInstall,
    /// `post-install`
    PostInstall,
    /// `pre-upgrade`
    PreUpgrade,
    /// `post-upgrade`
    PostUpgrade,
    /// `pre-delete`
    PreDelete,
    /// `post-delete`
    PostDelete,
    /// `pre-rollback`
    PreRollback,
    /// `post-rollback`
    PostRollback,
    /// `test`: never run by install or upgrade.
    Test,
}

impl HookEvent {
    /// Helm's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            HookEvent::PreInstall => "pre-install",
            HookEvent::PostInstall => "post-install",
            HookEvent::PreUpgrade => "pre-upgrade",
            HookEvent::PostUpgrade => "post-upgrade",
            HookEvent::PreDelete => "pre-delete",
            HookEvent::PostDelete => "post-delete",
            HookEvent::PreRollback => "pre-rollback",
            HookEvent::PostRollback => "post-rollback",
            HookEvent::Test => "test",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Some(match text.trim().to_ascii_lowercase().as_str() {
            "pre-install" => HookEvent::PreInstall,
            "post-install" => HookEvent::PostInstall,
            "pre-upgrade" => HookEvent::PreUpgrade,
            "post-upgrade" => HookEvent::PostUpgrade,
            "pre-delete" => HookEvent::PreDelete,
            "post-delete" => HookEvent::PostDelete,
            "pre-rollback" => HookEvent::PreRollback,
            "post-rollback" => HookEvent::PostRollback,
            "test" | "test-success" => HookEvent::Test,
            _ => return None,
        })
    }
}

/// A manifest with the annotation `helm.sh/hook`.
#[derive(Clone, Debug, PartialEq)]
pub struct Hook {
    /// The object.
    pub manifest: Manifest,
    /// When it runs.
    pub events: Vec<HookEvent>,
    /// Lower ones run first.
    pub weight: i64,
    /// `helm.sh/hook-delete-policy`, as written.
    pub delete_policies: Vec<String>,
}

static SEPARATOR: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?:^|\s*\n)---\s*").ok());

/// The documents of a text, without those that are empty.
pub(super) fn split(text: &str) -> Vec<&str> {
    let text = text.trim();
    let Some(separator) = SEPARATOR.as_ref() else { return Vec::new() };
    separator.split(text).map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Reads a template's output.
pub(super) fn read(source: &str, text: &str) -> Result<Vec<Manifest>, Box<RenderError>> {
    let mut manifests = Vec::new();
    for part in split(text) {
        let object = yaml::manifest::first(part).map_err(|error| {
            let line = part.lines().nth(error.span.line.saturating_sub(1)).unwrap_or_default();
            let message = format!("error converting YAML to JSON: yaml: {error}");
            Box::new(RenderError::manifest(source, error.span.line, line, &message))
        })?;
        match object {
            Value::Null | Value::Object(_) if head::fault(&object).is_none() => manifests.push(Manifest {
                source: source.to_owned(),
                text: part.to_owned(),
                object,
            }),
            other => {
                let fault = head::fault(&other).unwrap_or_default();
                let message = format!("error unmarshaling JSON: while decoding JSON: {fault}");
                return Err(Box::new(RenderError::manifest(
                    source,
                    1,
                    part.lines().next().unwrap_or_default(),
                    &message,
                )));
            }
        }
    }
    Ok(manifests)
}

/// The manifests of a release record.
pub(crate) fn parse_manifests(text: &str) -> Result<Vec<Manifest>, Error> {
    let mut manifests = Vec::new();
    for part in split(text) {
        let source = part.lines().next().and_then(|line| line.strip_prefix("# Source: "));
        manifests.extend(read(source.unwrap_or("release record"), part)?);
    }
    Ok(manifests)
}

/// The hooks of a release record.
pub(crate) fn parse_hooks(hooks: &Value) -> Result<Vec<Hook>, Error> {
    let mut all = Vec::new();
    for hook in hooks.as_array().into_iter().flatten() {
        let text = hook["manifest"].as_str().unwrap_or_default();
        let source = hook["path"].as_str().unwrap_or("release record");
        all.extend(read(source, text)?);
    }
    Ok(sort(all).1)
}

/// Parts hooks from the rest and puts both in Helm's order.
pub(super) fn sort(manifests: Vec<Manifest>) -> (Vec<Manifest>, Vec<Hook>) {
    let (mut plain, mut hooks) = (Vec::new(), Vec::new());
    for manifest in manifests {
        let annotation = |name: &str| head::text(&manifest.object["metadata"]["annotations"][name]);
        let Some(events) = annotation("helm.sh/hook") else {
            plain.push(manifest);
            continue;
        };
        // Helm drops an object with a hook event that it does not know.
        let Some(events) = events.split(',').map(HookEvent::parse).collect::<Option<Vec<_>>>() else {
            continue;
        };
        let weight = annotation("helm.sh/hook-weight").and_then(|w| w.parse().ok()).unwrap_or(0);
        let delete_policies = annotation("helm.sh/hook-delete-policy")
            .map(|all| all.split(',').map(|policy| policy.trim().to_owned()).collect())
            .unwrap_or_default();
        hooks.push(Hook {
            manifest,
            events,
            weight,
            delete_policies,
        });
    }
    plain.sort_by(|a, b| install_order(a.kind()).cmp(&install_order(b.kind())));
    hooks.sort_by(|a, b| install_order(a.manifest.kind()).cmp(&install_order(b.manifest.kind())));
    (plain, hooks)
}
