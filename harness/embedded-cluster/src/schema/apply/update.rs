//! Every write but apply.

use crate::value::Value;

use super::bookkeeping::{author, book, stripped, track};
use super::fieldset::FieldSet;
use super::managers::{self, Managers};
use super::operation::Writer;
use super::{fields_v1, typed};
use crate::schema::Node;

/// Keeps the managed fields of `new`, which replaces `live` (`None` on create) by a write other than apply. Managed
/// fields that `new` carries itself are taken, unless the write goes through a subresource; `[{}]` resets them.
pub(crate) fn update(schema: &Node, live: Option<&Value>, new: &mut Value, writer: Writer<'_>) {
    match live.and_then(|live| Some((live, entries_of(live, new, writer)?))) {
        Some((live, entries)) => touch(schema, live, new, entries, writer),
        None => rebuild(schema, live, new, writer),
    }
}

/// The entries to go on from, if they are those of `live` as it is: the usual case. They are taken out of `new` where it has them.
fn entries_of(live: &Value, new: &mut Value, writer: Writer<'_>) -> Option<Vec<Value>> {
    let before = live
        .pointer("/metadata/managedFields")?
        .as_array()
        .filter(|entries| !entries.is_empty())?;
    if managers::is_full(before) {
        return None;
    }
    let carried = new.pointer_mut("/metadata/managedFields");
    match carried {
        Some(Value::Array(carried)) if **carried == *before => Some(std::mem::take(carried).into()),
        Some(Value::Array(_)) if writer.subresource.is_empty() => None,
        _ => Some(before.clone()),
    }
}

/// Reads and writes only the entries whose fields changed.
fn touch(schema: &Node, live: &Value, new: &mut Value, mut entries: Vec<Value>, writer: Writer<'_>) {
    let comparison = typed::compare(schema, live, new).without(writer.reset);
    let (changed, author) = (comparison.changed(), author(writer));
    let booked = stripped(changed.clone());
    let (mut touched, mut is_booked) = (Managers::new(), false);
    entries.retain_mut(|entry| {
        let fields = &entry["fieldsV1"];
        let loses = fields_v1::meets(fields, &comparison.removed);
        let concerned = loses || fields_v1::meets(fields, &changed);
        let Some((manager, managed)) = managers::decode_entry(entry) else {
            return true;
        };
        if manager == author && !loses && fields_v1::covers(fields, &booked) {
            // Most writes change what their author has set before.
            drop(managed);
            is_booked = true;
            if !booked.is_empty() {
                entry["time"] = writer.time.into();
            }
            return true;
        }
        let is_touched = concerned || manager == author;
        if is_touched {
            touched.insert(manager, managed());
        }
        !is_touched
    });
    let news = if is_booked { FieldSet::default() } else { changed };
    book(&mut touched, &comparison, news, writer);
    entries.extend(managers::entries(touched, writer.shared));
    managers::store(new, entries);
}

/// Reads all entries, which may be the client's own.
fn rebuild(schema: &Node, live: Option<&Value>, new: &mut Value, writer: Writer<'_>) {
    let mut managers = match new.pointer("/metadata/managedFields").and_then(Value::as_array) {
        Some(entries) if writer.subresource.is_empty() => match entries.as_slice() {
            [Value::Object(entry)] if entry.values().all(Value::is_null) => {
                managers::encode(new, Managers::new(), writer.shared);
                return;
            }
            _ => managers::decode(new),
        },
        _ => Managers::new(),
    };
    if managers.is_empty() {
        managers = live.map(managers::decode).unwrap_or_default();
    }
    if live.is_some() && managers.is_empty() {
        // Nobody tracked the object so far, so an update does not start it.
        managers::encode(new, managers, writer.shared);
        return;
    }
    let empty = schema.empty();
    track(schema, live.unwrap_or(&empty), new, &mut managers, writer);
    managers::cap(&mut managers);
    managers::encode(new, managers, writer.shared);
}
