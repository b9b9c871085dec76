//! One webhook of a configuration.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::expressions::{Conditions, Names};
use super::super::matching::Matching;
use super::client::{Client, Destination};
use crate::object::Object;
use crate::value::Value;

/// Seconds that a webhook may take where it does not say.
const TIMEOUT: u64 = 10;

/// A webhook as it is configured.
#[derive(Debug)]
pub(crate) struct Webhook {
    /// The configuration it stands in, at this revision.
    configuration: Arc<Object>,
    index: usize,
    pub(super) name: String,
    pub(super) matching: Matching,
    pub(super) conditions: Conditions,
    /// A failed call refuses the write; else it is passed over.
    pub(super) fails: bool,
    pub(super) timeout: Duration,
    /// It may be called for writes that are only tried.
    pub(super) dry_runs: bool,
    /// It wants to see what webhooks after it changed.
    pub(super) reinvoked: bool,
    /// Version of `AdmissionReview` that it reads.
    pub(super) version: &'static str,
    pub(super) client: Client,
}

impl Webhook {
    /// The webhooks of a configuration; those that are in `before` already are taken from there.
    pub(in super::super) fn all(configuration: &Arc<Object>, before: &[Arc<Webhook>]) -> Vec<Arc<Webhook>> {
        let same = |hook: &&Arc<Webhook>| Arc::ptr_eq(&hook.configuration, configuration);
        let known: Vec<Arc<Webhook>> = before.iter().filter(same).cloned().collect();
        if !known.is_empty() {
            return known;
        }
        let hooks = configuration.value()["webhooks"].as_array().into_iter().flatten();
        let read = |(index, hook)| Arc::new(Self::read(configuration.clone(), index, hook));
        hooks.enumerate().map(read).collect()
    }

    fn read(configuration: Arc<Object>, index: usize, hook: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let versions = hook["admissionReviewVersions"].as_array().into_iter().flatten();
        let known = |version: &Value| ["v1", "v1beta1"].into_iter().find(|known| *version == *known);
        let ca = STANDARD.decode(text(&hook["clientConfig"]["caBundle"])).unwrap_or_default();
        Self {
            configuration,
            index,
            name: text(&hook["name"]),
            matching: Matching::read(hook, "rules"),
            conditions: Conditions::read(hook, &Names::of_webhooks()),
            fails: hook["failurePolicy"] != "Ignore",
            timeout: Duration::from_secs(hook["timeoutSeconds"].as_u64().unwrap_or(TIMEOUT)),
            dry_runs: matches!(hook["sideEffects"].as_str(), Some("None" | "NoneOnDryRun")),
            reinvoked: hook["reinvocationPolicy"] == "IfNeeded",
            version: versions.filter_map(known).next().unwrap_or("v1"),
            client: Client::new(Destination::read(&hook["clientConfig"]), String::from_utf8_lossy(&ca).into_owned()),
        }
    }

    /// Names the webhook among all that are configured.
    pub(super) fn id(&self) -> (String, usize) {
        (self.configuration.name().to_owned(), self.index)
    }
}
