//! Events, of both APIs.

use super::Shown;
use super::text::or;
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(event: &Shown<'_>) -> Value {
    // The two APIs name the same things differently.
    let either = |a: &str, b: &str| or(event.str_at(a), event.str_at(b)).to_owned();
    let time = |pointers: &[&str]| {
        let known = pointers.iter().find(|pointer| !event.at(pointer).is_null());
        known.map_or_else(|| "<unknown>".to_owned(), |pointer| event.since(pointer))
    };
    let first = time(&["/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"]);
    let last = time(&[
        "/series/lastObservedTime",
        "/lastTimestamp",
        "/deprecatedLastTimestamp",
        "/firstTimestamp",
        "/deprecatedFirstTimestamp",
        "/eventTime",
    ]);
    let counts = ["/series/count", "/count", "/deprecatedCount"];
    let count = counts
        .iter()
        .map(|pointer| event.int_at(pointer))
        .find(|count| *count > 0)
        .unwrap_or(1);
    let about = if event.at("/involvedObject").is_object() {
        "/involvedObject"
    } else {
        "/regarding"
    };
    json!([
        last,
        event.str_at("/type"),
        event.str_at("/reason"),
        object(event.at(about)),
        event.at(about).str_at("/fieldPath"),
        source(event),
        either("/message", "/note").trim(),
        first,
        count,
        event.name(),
    ])
}

fn object(about: &Value) -> String {
    let (kind, name) = (about.str_at("/kind").to_lowercase(), about.str_at("/name"));
    if kind.is_empty() {
        name.to_owned()
    } else {
        format!("{kind}/{name}")
    }
}

fn source(event: &Shown<'_>) -> String {
    let text = |names: [&str; 3]| {
        names
            .into_iter()
            .map(|name| event.str_at(name))
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    };
    let component = text(["/source/component", "/deprecatedSource/component", "/reportingComponent"]);
    let component = or(component, event.str_at("/reportingController"));
    let host = text(["/source/host", "/deprecatedSource/host", "/reportingInstance"]);
    let parts: Vec<&str> = [component, host].into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(", ")
}
