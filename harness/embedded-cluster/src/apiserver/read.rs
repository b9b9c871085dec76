//! get, list and watch.

use std::sync::Arc;
use std::time::Duration;

use crate::value::{Value, json};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::outcome::{Outcome, Page, Stream};
use super::{ApiServer, Options, Request, convert};
use crate::client::{EventKind, List, Watch, WatchEvent};
use crate::kinds::Kind;
use crate::object::Object;
use crate::selector::{FieldSelector, LabelSelector};
use crate::status::{Cause, Status};
use crate::store::{OutOfRange, Reader, Select, Snapshot, Trigger};

/// One object.
pub(super) fn get(server: &ApiServer, kind: &Kind, request: &Request) -> Result<Outcome, Status> {
    let revision = revision(&request.options.resource_version).map_err(|e| Status::plain(500, format!("resourceVersion: {e}")))?;
    let current = server.store.revision();
    if revision > current {
        return Err(too_large(revision, current));
    }
    let object = find(server, kind, request)?;
    Ok(Outcome::Object(convert::to_served(&object, kind), false))
}

/// The stored object that a request names.
///
/// # Errors
/// 404, and 400 for a name that nothing in a path can have.
pub(super) fn find(server: &ApiServer, kind: &Kind, request: &Request) -> Result<Arc<Object>, Status> {
    let namespace = request.target.namespace.as_deref().unwrap_or_default();
    let name = request.target.name.as_deref().unwrap_or_default();
    can_be_named(name)?;
    server
        .store
        .get(&kind.key, namespace, name)
        .ok_or_else(|| Status::not_found(&kind.resource, name))
}

/// Whether anything in a path can have a name.
///
/// # Errors
/// 400 if not.
pub(super) fn can_be_named(name: &str) -> Result<(), Status> {
    let wrong = match name {
        "." | ".." => Some(format!("may not be '{name}'")),
        _ => ['/', '%']
            .into_iter()
            .find(|c| name.contains(*c))
            .map(|c| format!("may not contain '{c}'")),
    };
    match wrong {
        Some(why) => Err(Status::bad_request(format!("Name parameter invalid: {name:?}: {why}"))),
        None => Ok(()),
    }
}

/// All objects that match.
pub(super) fn list(server: &ApiServer, kind: &Arc<Kind>, request: &Request) -> Result<Outcome, Status> {
    check_list(&request.options, false)?;
    let (list, page) = select(server, kind, request)?;
    Ok(Outcome::List(list, kind.clone(), page))
}

/// What a list or a `deletecollection` is about.
pub(super) fn select(server: &ApiServer, kind: &Kind, request: &Request) -> Result<(List, Page), Status> {
    let options = &request.options;
    let selection = Selection::parse(options, kind)?;
    let namespace = request.target.namespace.as_deref();
    let after = Continue::parse(options)?;
    let snapshot = match &after {
        Some(after) => server
            .store
            .snapshot_at(&kind.key, namespace, after.revision)
            .map_err(out_of_range_of_page)?,
        None => snapshot(server, kind, namespace, options)?,
    };
    let revision = snapshot.revision;
    let mut matching = snapshot
        .items
        .into_iter()
        .filter(|object| after.as_ref().is_none_or(|after| after.is_before(object)))
        .filter(|object| selection.matches(object));
    let limit = usize::try_from(options.limit).unwrap_or(0);
    let mut items: Vec<Arc<Object>> = if limit == 0 {
        matching.by_ref().collect()
    } else {
        matching.by_ref().take(limit).collect()
    };
    let rest = matching.count();
    let mut page = Page::default();
    if rest > 0 {
        page.continue_token = items.last().map(|last| Continue::after(last, revision).token()).unwrap_or_default();
        page.remaining = selection.is_everything().then_some(rest);
    }
    for object in &mut items {
        *object = convert::to_served(object, kind);
    }
    Ok((List { items, revision }, page))
}

fn snapshot(server: &ApiServer, kind: &Kind, namespace: Option<&str>, options: &Options) -> Result<Snapshot, Status> {
    let asked =
        revision(&options.resource_version).map_err(|e| Status::bad_request(format!("invalid resource version: resourceVersion: {e}")))?;
    if options.resource_version_match == "Exact" {
        return server.store.snapshot_at(&kind.key, namespace, asked).map_err(|error| match error {
            OutOfRange::Future(current) => too_large(asked, current),
            OutOfRange::Expired => Status::expired(format!("The resourceVersion for the provided list is too old: {asked}")),
        });
    }
    let snapshot = server.store.snapshot(&kind.key, namespace);
    if asked > snapshot.revision {
        return Err(too_large(asked, snapshot.revision));
    }
    Ok(snapshot)
}

/// A stream of changes, after what is there already where the request asks for it.
pub(super) fn watch(server: &ApiServer, kind: &Arc<Kind>, request: &Request) -> Result<Outcome, Status> {
    let options = &request.options;
    check_list(options, true)?;
    let selection = Selection::parse(options, kind)?;
    let asked = revision(&options.resource_version).map_err(|e| Status::plain(500, format!("resourceVersion: {e}")))?;
    let namespace = request.target.namespace.clone();
    let everything = options.send_initial_events.unwrap_or(asked == 0);
    let mut initial = vec![];
    let mut since = asked;
    if everything || asked == 0 {
        let snapshot = server.store.snapshot(&kind.key, namespace.as_deref());
        since = snapshot.revision;
        if everything {
            let matching = snapshot.items.into_iter().filter(|object| selection.matches(object));
            initial.extend(matching.map(|object| WatchEvent {
                kind: EventKind::Added,
                object: convert::to_served(&object, kind),
            }));
        }
    }
    if options.send_initial_events == Some(true) && options.allow_bookmarks {
        initial.push(bookmark(kind, since, true));
    }
    let trigger = trigger(kind, &selection);
    let select: Select =
        Arc::new(move |object: &Object| namespace.as_deref().is_none_or(|n| object.namespace() == Some(n)) && selection.matches(object));
    let reader = Reader::new(server.store.clone(), kind.key.clone(), since, select, trigger);
    Ok(Outcome::Watch(Stream {
        initial: initial.into_iter(),
        changes: Watch {
            reader,
            kind: kind.clone(),
        },
        kind: kind.clone(),
        bookmarks: options.allow_bookmarks,
        timeout: options.timeout_seconds.filter(|s| *s > 0).map(Duration::from_secs),
        cuts: server.disturbances.cuts(request),
    }))
}

/// What watchers of a kind are told by, as in Kubernetes: kubelets watch the pods of their node, and single nodes, Secrets and ConfigMaps.
fn trigger(kind: &Kind, selection: &Selection) -> Option<Trigger> {
    let pointer = match (kind.resource.group(), kind.resource.plural()) {
        ("", "pods") => "/spec/nodeName",
        ("", "nodes" | "secrets" | "configmaps") => "/metadata/name",
        _ => return None,
    };
    let value = selection.fields.required(pointer)?.to_owned();
    Some(Trigger { pointer, value })
}

/// An event that only tells how far a watch has come.
pub(crate) fn bookmark(kind: &Kind, revision: u64, initial_end: bool) -> WatchEvent {
    let mut metadata = json!({"resourceVersion": revision.to_string()});
    if initial_end {
        metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
    }
    let object = json!({"kind": kind.kind, "apiVersion": kind.api_version(), "metadata": metadata});
    WatchEvent {
        kind: EventKind::Bookmark,
        object: Arc::new(Object::new(object)),
    }
}

/// Label and field selectors together.
struct Selection {
    labels: LabelSelector,
    fields: FieldSelector,
}

impl Selection {
    fn parse(options: &Options, kind: &Kind) -> Result<Self, Status> {
        let labels = LabelSelector::parse(&options.label_selector)?;
        let fields = FieldSelector::parse(&options.field_selector, kind)?;
        Ok(Self { labels, fields })
    }

    fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    fn matches(&self, object: &Object) -> bool {
        self.labels.matches(object.labels()) && self.fields.matches(object.value())
    }
}

/// Where the next page of a list begins.
struct Continue {
    revision: u64,
    namespace: String,
    name: String,
}

impl Continue {
    fn parse(options: &Options) -> Result<Option<Self>, Status> {
        if options.continue_token.is_empty() {
            return Ok(None);
        }
        let refuse = |why: &str| Status::bad_request(format!("invalid continue token: continue key is not valid: {why}"));
        let bytes = URL_SAFE_NO_PAD
            .decode(options.continue_token.trim_end_matches('='))
            .map_err(|_| refuse("illegal base64 data"))?;
        let token: Value = serde_json::from_slice(&bytes).map_err(|_| refuse(&go_json_error(&bytes)))?;
        let (Some(revision), Some(start)) = (token["rv"].as_u64(), token["start"].as_str()) else {
            return Err(refuse("the token does not name a revision and a start"));
        };
        if !["", "0"].contains(&options.resource_version.as_str()) {
            return Err(Status::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let (namespace, name) = start.split_once('/').unwrap_or(("", start));
        Ok(Some(Self {
            revision,
            namespace: namespace.into(),
            name: name.into(),
        }))
    }

    fn after(last: &Object, revision: u64) -> Self {
        Self {
            revision,
            namespace: last.namespace().unwrap_or_default().into(),
            name: last.name().into(),
        }
    }

    fn token(&self) -> String {
        let token = json!({"v": "meta.k8s.io/v1", "rv": self.revision, "start": format!("{}/{}", self.namespace, self.name)});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn is_before(&self, object: &Object) -> bool {
        (object.namespace().unwrap_or_default(), object.name()) > (self.namespace.as_str(), self.name.as_str())
    }
}

/// What Go's decoder says about a token that is not JSON.
fn go_json_error(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut letters = text.chars();
    for literal in ["null", "true", "false"] {
        let wrong = literal.chars().zip(text.chars()).find(|(wanted, found)| wanted != found);
        if text.starts_with(&literal[..1])
            && let Some((wanted, found)) = wrong
        {
            return format!("invalid character '{found}' in literal {literal} (expecting '{wanted}')");
        }
    }
    match letters.next() {
        Some(first) => format!("invalid character '{first}' looking for beginning of value"),
        None => "unexpected end of JSON input".into(),
    }
}

fn revision(text: &str) -> Result<u64, String> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse()
        .map_err(|_| format!("Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"))
}

fn too_large(asked: u64, current: u64) -> Status {
    Status::timeout(format!("Timeout: Too large resource version: {asked}, current: {current}"), 1).cause(
        "ResourceVersionTooLarge",
        "Too large resource version",
        "",
    )
}

fn out_of_range_of_page(_: OutOfRange) -> Status {
    Status::expired(
        "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue \
         parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided \
         token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was \
         returned and now may show up in the list.",
    )
}

/// Which combinations of revision, match and initial events are allowed.
fn check_list(options: &Options, watch: bool) -> Result<(), Status> {
    const MATCH: &str = "resourceVersionMatch";
    let mut causes = vec![];
    let forbidden = |detail: &str| Cause::forbidden(MATCH, detail);
    let matching = options.resource_version_match.as_str();
    if watch {
        if !options.continue_token.is_empty() {
            causes.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
        }
        match options.send_initial_events {
            None if !matching.is_empty() => {
                causes.push(forbidden(
                    "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
                ));
            }
            Some(_) if matching != "NotOlderThan" => {
                causes.push(forbidden("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"));
                if !matching.is_empty() {
                    causes.push(Cause::not_supported(MATCH, &json!(matching), &["NotOlderThan"]));
                }
            }
            _ => {}
        }
    } else {
        if !matching.is_empty() {
            if options.resource_version.is_empty() {
                causes.push(forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided"));
            }
            if !options.continue_token.is_empty() {
                causes.push(forbidden("resourceVersionMatch is forbidden when continue is provided"));
            }
            if !["Exact", "NotOlderThan"].contains(&matching) {
                let message = format!("Unsupported value: {matching:?}: supported values: \"Exact\", \"NotOlderThan\", \"\"");
                causes.push(Cause {
                    reason: "FieldValueNotSupported".into(),
                    message,
                    field: MATCH.into(),
                });
            }
            if matching == "Exact" && options.resource_version == "0" {
                causes.push(forbidden("resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\""));
            }
        }
        if options.send_initial_events.is_some() {
            causes.push(Cause::forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
        }
    }
    if causes.is_empty() {
        Ok(())
    } else {
        Err(Status::invalid("meta.k8s.io", "ListOptions", "", causes))
    }
}
