//! Query parameters, typed, with Kubernetes' refusals of bad ones.

use crate::value::{Value, json};

use crate::client::Propagation;
use crate::status::{Cause, Status};

/// Parameters of a request, as its query or its `DeleteOptions` give them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(crate) label_selector: String,
    pub(crate) field_selector: String,
    pub(crate) resource_version: String,
    pub(crate) resource_version_match: String,
    pub(crate) limit: i64,
    pub(crate) continue_token: String,
    pub(crate) watch: bool,
    pub(crate) allow_bookmarks: bool,
    pub(crate) send_initial_events: Option<bool>,
    pub(crate) timeout_seconds: Option<u64>,
    pub(crate) field_manager: Option<String>,
    /// `Strict`, `Warn`, `Ignore` or empty (the server's default, `Warn`).
    pub(crate) field_validation: String,
    pub(crate) force: Option<bool>,
    pub(crate) dry_run: bool,
    pub(crate) grace_period_seconds: Option<i64>,
    pub(crate) propagation: Option<Propagation>,
    pub(crate) precondition_uid: Option<String>,
    pub(crate) precondition_revision: Option<String>,
    /// Further parameters, for subresources such as `log`.
    pub(crate) other: Vec<(String, String)>,
}

/// The options kind that a verb's parameters are checked as; it shows in messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionsKind {
    Create,
    Update,
    Patch,
    Delete,
    List,
}

impl OptionsKind {
    fn name(self) -> &'static str {
        match self {
            OptionsKind::Create => "CreateOptions",
            OptionsKind::Update => "UpdateOptions",
            OptionsKind::Patch => "PatchOptions",
            OptionsKind::Delete => "DeleteOptions",
            OptionsKind::List => "ListOptions",
        }
    }
}

impl Options {
    /// Reads a query string.
    ///
    /// # Errors
    /// 400 for numbers that are none, 422 for values that are not allowed.
    pub(crate) fn parse(query: &str, kind: OptionsKind) -> Result<Self, Status> {
        let mut options = Self::default();
        let mut dry_run = vec![];
        let mut orphan = None;
        let mut propagation = None;
        for (key, value) in form_urlencoded(query) {
            match key.as_str() {
                "labelSelector" => options.label_selector = value,
                "fieldSelector" => options.field_selector = value,
                "resourceVersion" => options.resource_version = value,
                "resourceVersionMatch" => options.resource_version_match = value,
                "limit" => options.limit = integer(&value)?,
                "continue" => options.continue_token = value,
                "watch" => options.watch = boolean(&value),
                "allowWatchBookmarks" => options.allow_bookmarks = boolean(&value),
                "sendInitialEvents" => options.send_initial_events = Some(boolean(&value)),
                "timeoutSeconds" => options.timeout_seconds = u64::try_from(integer(&value)?).ok(),
                "fieldManager" => options.field_manager = Some(value),
                "fieldValidation" => options.field_validation = value,
                "force" => options.force = Some(boolean(&value)),
                "dryRun" => dry_run.push(value),
                "gracePeriodSeconds" => options.grace_period_seconds = Some(integer(&value)?),
                "orphanDependents" => orphan = Some(boolean(&value)),
                "propagationPolicy" => propagation = Some(value),
                _ => options.other.push((key, value)),
            }
        }
        if kind != OptionsKind::List {
            options.set_dry_run(&dry_run, kind)?;
        }
        if kind == OptionsKind::Delete {
            options.set_propagation(propagation.as_deref(), orphan)?;
        }
        options.check_writes(kind)?;
        Ok(options)
    }

    /// Forgets what the query says about a delete: its body says it.
    pub(crate) fn forget_delete(&mut self) {
        *self = Self {
            dry_run: false,
            grace_period_seconds: None,
            propagation: None,
            precondition_uid: None,
            precondition_revision: None,
            ..std::mem::take(self)
        };
    }

    /// Takes over a `DeleteOptions` body; what is there stays where the body has nothing.
    ///
    /// # Errors
    /// As [`Options::parse`].
    pub(crate) fn merge_delete_body(&mut self, body: &Value) -> Result<(), Status> {
        if let Some(seconds) = body["gracePeriodSeconds"].as_i64() {
            self.grace_period_seconds = Some(seconds);
        }
        let text = |v: &Value| v.as_str().map(str::to_owned);
        if let Some(conditions) = body.get("preconditions") {
            self.precondition_uid = text(&conditions["uid"]);
            self.precondition_revision = text(&conditions["resourceVersion"]);
        }
        if let Some(dry_run) = body["dryRun"].as_array() {
            let values: Vec<String> = dry_run.iter().filter_map(text).collect();
            self.set_dry_run(&values, OptionsKind::Delete)?;
        }
        if body.get("propagationPolicy").is_some_and(|v| !v.is_null()) || body.get("orphanDependents").is_some_and(|v| !v.is_null()) {
            self.set_propagation(body["propagationPolicy"].as_str(), body["orphanDependents"].as_bool())?;
        }
        Ok(())
    }

    /// Fills an options object, of a delete or of another write, with what was asked for.
    pub(crate) fn fill(&self, object: &mut Value, delete: bool) {
        let mut set = |field: &str, value: Option<Value>| {
            if let Some(value) = value {
                object[field] = value;
            }
        };
        set("dryRun", self.dry_run.then(|| json!(["All"])));
        if !delete {
            let text = |text: &str| (!text.is_empty()).then(|| text.into());
            set("fieldManager", text(self.field_manager.as_deref().unwrap_or_default()));
            set("fieldValidation", text(&self.field_validation));
            return;
        }
        set("gracePeriodSeconds", self.grace_period_seconds.map(Value::from));
        set("propagationPolicy", self.propagation.map(|policy| policy.name().into()));
        let uid = self.precondition_uid.as_deref().map(|uid| json!({"uid": uid}));
        let mut preconditions = uid.unwrap_or(Value::Null);
        if let Some(revision) = &self.precondition_revision {
            preconditions["resourceVersion"] = revision.as_str().into();
        }
        set("preconditions", preconditions.is_object().then_some(preconditions));
    }

    fn set_dry_run(&mut self, values: &[String], kind: OptionsKind) -> Result<(), Status> {
        if values.iter().any(|v| v != "All") {
            let cause = Cause::not_supported("dryRun", &json!(values), &["All"]);
            return Err(Status::invalid("meta.k8s.io", kind.name(), "", vec![cause]));
        }
        self.dry_run |= !values.is_empty();
        Ok(())
    }

    fn set_propagation(&mut self, policy: Option<&str>, orphan: Option<bool>) -> Result<(), Status> {
        let invalid = |cause| Err(Status::invalid("meta.k8s.io", "DeleteOptions", "", vec![cause]));
        if let (Some(policy), Some(_)) = (policy, orphan) {
            let cause = Cause::invalid(
                "propagationPolicy",
                &json!(policy),
                "orphanDependents and deletionPropagation cannot be both set",
            );
            return invalid(cause);
        }
        self.propagation = match (policy, orphan) {
            (Some("Orphan"), _) | (None, Some(true)) => Some(Propagation::Orphan),
            (Some("Background"), _) | (None, Some(false)) => Some(Propagation::Background),
            (Some("Foreground"), _) => Some(Propagation::Foreground),
            (Some(other), _) => {
                let message =
                    format!("Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"");
                let field = "propagationPolicy".into();
                let cause = Cause {
                    reason: "FieldValueNotSupported".into(),
                    message,
                    field,
                };
                return invalid(cause);
            }
            (None, None) => return Ok(()),
        };
        Ok(())
    }

    /// Field manager and field validation, which only writes have.
    fn check_writes(&self, kind: OptionsKind) -> Result<(), Status> {
        if !matches!(kind, OptionsKind::Create | OptionsKind::Update | OptionsKind::Patch) {
            return Ok(());
        }
        let mut causes = vec![];
        if let Some(manager) = &self.field_manager {
            if manager.len() > 128 {
                causes.push(Cause::too_long("fieldManager", 128));
            }
            if let Some((position, c)) = manager.chars().enumerate().find(|(_, c)| c.is_control()) {
                let detail = format!("invalid character U+{:04X} (at position {position})", u32::from(c));
                causes.push(Cause::invalid("fieldManager", &json!(manager), &detail));
            }
        }
        if !["", "Strict", "Warn", "Ignore"].contains(&self.field_validation.as_str()) {
            causes.push(Cause::not_supported(
                "fieldValidation",
                &json!(self.field_validation),
                &["", "Ignore", "Strict", "Warn"],
            ));
        }
        if causes.is_empty() {
            Ok(())
        } else {
            Err(Status::invalid("meta.k8s.io", kind.name(), "", causes))
        }
    }

    /// The first further parameter of this name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.other.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn integer(value: &str) -> Result<i64, Status> {
    value
        .parse()
        .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {value:?}: invalid syntax")))
}

/// Kubernetes takes everything but `false` and `0` for true.
pub(super) fn boolean(value: &str) -> bool {
    !matches!(value.to_ascii_lowercase().as_str(), "false" | "0")
}

/// Pairs of a query string; empty pieces are skipped.
pub(crate) fn form_urlencoded(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter(|piece| !piece.is_empty())
        .map(|piece| {
            let (key, value) = piece.split_once('=').unwrap_or((piece, ""));
            (unescape(key, true), unescape(value, true))
        })
        .collect()
}

/// Undoes percent-encoding; `plus`: `+` stands for a blank, as in queries.
pub(crate) fn unescape(text: &str, plus: bool) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes
            .get(i + 1..i + 3)
            .and_then(|h| std::str::from_utf8(h).ok())
            .and_then(|h| u8::from_str_radix(h, 16).ok());
        match (bytes[i], hex) {
            (b'%', Some(byte)) => {
                out.push(byte);
                i += 2;
            }
            (b'+', _) if plus => out.push(b' '),
            (byte, _) => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}
