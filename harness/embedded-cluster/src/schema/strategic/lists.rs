//! The merge of lists, and the order of what comes out.

use crate::value::{Map, Value};

use super::PatchError;
use super::directives::{self, Directive};
use super::merge::{self, merge_key, merges};
use crate::schema::{Node, go_format};

/// Merges the items of `patch` into `current`, by `key` or, for lists of scalars, by value.
pub(super) fn merge(list: &Node, key: Option<&str>, current: Vec<Value>, patch: Vec<Value>) -> Result<Vec<Value>, PatchError> {
    let server_order = current.clone();
    let Some(first) = current.first().or(patch.first()) else {
        return Ok(current);
    };
    let merged = if !first.is_object() {
        let mut both = current;
        both.extend(patch.iter().cloned());
        let mut unique: Vec<Value> = Vec::with_capacity(both.len());
        for item in both {
            if !unique.contains(&item) {
                unique.push(item);
            }
        }
        return Ok(in_order(unique, &patch, &server_order, None));
    } else {
        let Some(key) = key else {
            return Err(PatchError::BadDirective(format!(
                "cannot merge lists without merge key for {}",
                list.go_type()
            )));
        };
        let (mut current, patch) = match special(current, patch, key)? {
            Special::Replaced(items) => return Ok(items),
            Special::Remaining(current, patch) => (current, patch),
        };
        let items = match list.resolve() {
            Node::List(list) => &*list.items,
            _ => &Node::Any,
        };
        for item in &patch {
            let id = id(item, key)?;
            let (Value::Object(new), position) = (item.clone(), position(&current, key, id)) else {
                continue;
            };
            match position {
                Some(at) => {
                    if let Value::Object(old) = current[at].take() {
                        current[at] = Value::Object(merge::objects(items, old, new)?);
                    }
                }
                None => {
                    let mut new = Value::Object(new);
                    directives::drop_from(&mut new);
                    current.push(new);
                }
            }
        }
        in_order(current, &patch, &server_order, Some(key))
    };
    Ok(merged)
}

/// `$setElementOrder/LIST`: merges the list and puts it into the order the directive names.
pub(super) fn set_element_order(schema: &Node, current: &mut Map, patch: &mut Map) -> Result<(), PatchError> {
    let directives: Vec<String> = patch
        .keys()
        .filter(|key| key.starts_with(directives::SET_ELEMENT_ORDER))
        .map(ToString::to_string)
        .collect();
    for directive in directives {
        let Some(Value::Array(order)) = patch.remove(&directive) else {
            return Err(PatchError::BadDirective(format!("expecting list for key: {directive}")));
        };
        let name = directive[directives::SET_ELEMENT_ORDER.len()..].to_owned();
        let (node, field) = schema.field(&name);
        let key = merge_key(field);
        // A null deletes the list, which the main merge does.
        if patch.get(&name).is_some_and(|value| !value.is_array()) {
            continue;
        }
        let old = current.get(&name).and_then(Value::as_array).cloned();
        let new = patch.remove(&name);
        check_order(new.as_ref().and_then(Value::as_array), &order, key)?;
        let server_order = old.clone().unwrap_or_default();
        let merged = match (old, new) {
            (Some(old), Some(Value::Array(new))) if merges(field) => merge(node, key, old, new.into())?,
            (_, Some(mut new)) => {
                directives::drop_from(&mut new);
                match new {
                    Value::Array(new) => new.into(),
                    _ => continue,
                }
            }
            (Some(old), None) => old,
            (None, None) => continue,
        };
        current.insert(name, in_order(merged, &order, &server_order, key).into());
    }
    Ok(())
}

/// Whether a patch's items, but for those to be deleted, come in the order that the directive names.
fn check_order(patch: Option<&Vec<Value>>, order: &[Value], key: Option<&str>) -> Result<(), PatchError> {
    let Some(patch) = patch else { return Ok(()) };
    let identity = |item: &'_ Value| key.map_or_else(|| item.clone(), |key| item[key].clone());
    let mut named = order.iter().map(identity);
    let mut stays = patch
        .iter()
        .filter(|item| key.is_none() || item["$patch"] != "delete")
        .map(identity);
    if stays.all(|item| named.any(|place| place == item)) {
        return Ok(());
    }
    let list = |items: &[Value]| go_format(&items.to_vec().into());
    Err(PatchError::BadDirective(format!(
        "The order in patch list:\n{}\n doesn't match $setElementOrder list:\n{}\n",
        list(patch),
        list(order)
    )))
}

/// `$deleteFromPrimitiveList/LIST`.
pub(super) fn delete_from(current: &mut Map, list: &str, deleted: &Value) {
    if let (Some(Value::Array(items)), Value::Array(deleted)) = (current.get_mut(list), deleted) {
        items.retain(|item| !deleted.contains(item));
    }
}

enum Special {
    Replaced(Vec<Value>),
    Remaining(Vec<Value>, Vec<Value>),
}

/// Carries out the items of `patch` with a `$patch` directive and returns the rest.
fn special(mut current: Vec<Value>, patch: Vec<Value>, key: &str) -> Result<Special, PatchError> {
    let mut rest = Vec::with_capacity(patch.len());
    let mut replaced = false;
    for mut item in patch {
        let directive = match item.as_object_mut() {
            Some(item) => directives::take(item)?,
            None => None,
        };
        match directive {
            None => rest.push(item),
            Some(Directive::Delete) => {
                let deleted = id(&item, key)?.clone();
                current.retain(|item| item.get(key) != Some(&deleted));
            }
            Some(Directive::Replace) => replaced = true,
            Some(Directive::Merge) => {
                return Err(PatchError::BadDirective(
                    "merging lists cannot yet be specified in the patch".to_owned(),
                ));
            }
        }
    }
    Ok(if replaced {
        Special::Replaced(rest)
    } else {
        Special::Remaining(current, rest)
    })
}

fn id<'v>(item: &'v Value, key: &str) -> Result<&'v Value, PatchError> {
    item.get(key).ok_or_else(|| PatchError::NoMergeKey {
        element: go_format(item),
        key: key.to_owned(),
    })
}

fn position(items: &[Value], key: &str, id: &Value) -> Option<usize> {
    items.iter().position(|item| item.get(key) == Some(id))
}

/// Items that `order` names come in its order; the others keep their place relative to what stood behind them.
fn in_order(merged: Vec<Value>, order: &[Value], server_order: &[Value], key: Option<&str>) -> Vec<Value> {
    let index = |list: &[Value], item: &Value| match key {
        Some(key) => item.get(key).and_then(|id| position(list, key, id)),
        None => list.iter().position(|other| other == item),
    };
    let (mut named, mut others): (Vec<Value>, Vec<Value>) = merged.into_iter().partition(|item| index(order, item).is_some());
    named.sort_by_key(|item| index(order, item));
    others.sort_by_key(|item| index(server_order, item).unwrap_or(usize::MAX));
    let mut result = Vec::with_capacity(named.len() + others.len());
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    loop {
        let other_first = match (others.peek(), named.peek()) {
            (Some(other), Some(item)) => {
                let places = (index(server_order, other), index(server_order, item));
                matches!(places, (Some(other), Some(item)) if other < item)
            }
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (None, None) => return result,
        };
        result.extend(if other_first { others.next() } else { named.next() });
    }
}
