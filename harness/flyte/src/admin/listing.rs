//! What tasks, workflows and launch plans have in common: lists of versions and refusals.

use prost_types::Timestamp;
use tonic::Code;

use super::error::AdminError;
use super::filter::Filters;
use super::paging::{Page, page};
use crate::proto::admin::sort::Direction;
use crate::proto::admin::{NamedEntityIdentifier, ResourceListRequest};
use crate::stores::{EntityKey, Table};

/// Versions that match a request, the newest first unless it sorts by a field; `updated` is when a row changed last.
pub(crate) fn list<V: Clone>(
    table: &Table<EntityKey, V>,
    request: &ResourceListRequest,
    updated: impl Fn(&V) -> Option<Timestamp>,
) -> Result<Page<V>, AdminError> {
    let id = request.id.as_ref().ok_or_else(|| AdminError::missing("id"))?;
    let filters = Filters::parse(&request.filters)?;
    let mut kept = Vec::new();
    for (key, value) in table.newest_first() {
        let in_scope = key.project == id.project && key.domain == id.domain && (id.name.is_empty() || key.name == id.name);
        if in_scope && filters.matches(|field| field_of(key, field))? {
            kept.push((key, value));
        }
    }
    if let Some(sort) = &request.sort_by {
        match sort.key.as_str() {
            "" | "created_at" => {}
            // A stable sort: of rows that changed at once, the newest first.
            "updated_at" => kept.sort_by_key(|(_, value)| {
                let time = updated(value).unwrap_or_default();
                std::cmp::Reverse((time.seconds, time.nanos))
            }),
            "project" => kept.sort_by_key(|(key, _)| std::cmp::Reverse(&key.project)),
            "domain" => kept.sort_by_key(|(key, _)| std::cmp::Reverse(&key.domain)),
            "name" => kept.sort_by_key(|(key, _)| std::cmp::Reverse(&key.name)),
            "version" => kept.sort_by_key(|(key, _)| std::cmp::Reverse(&key.version)),
            other => return Err(AdminError::invalid(format!("invalid sort key {other}"))),
        }
        if sort.direction == Direction::Ascending as i32 {
            kept.reverse();
        }
    }
    Ok(page(kept, request.limit, &request.token)?.map(|(_, value)| value.clone()))
}

/// The names of a project's and domain's entities, without versions.
pub(crate) fn names<V>(table: &Table<EntityKey, V>, project: &str, domain: &str) -> Vec<NamedEntityIdentifier> {
    let mut names: Vec<&str> = table
        .iter()
        .filter(|(key, _)| key.project == project && key.domain == domain)
        .map(|(key, _)| key.name.as_str())
        .collect();
    names.dedup();
    names
        .into_iter()
        .map(|name| NamedEntityIdentifier {
            project: project.to_owned(),
            domain: domain.to_owned(),
            name: name.to_owned(),
            org: String::new(),
        })
        .collect()
}

/// The answer to a second registration of an identifier: with other content it is a fault of the request.
pub(crate) fn exists(kind: &str, key: &EntityKey, same: bool) -> AdminError {
    if same {
        AdminError::new(
            Code::AlreadyExists,
            format!("identical {kind} already exists with id {}", show(key)),
        )
    } else {
        AdminError::invalid(format!("{kind} with different structure already exists with id {}", show(key)))
    }
}

/// The answer to a reference to nothing.
pub(crate) fn not_found(kind: &str, key: &EntityKey) -> AdminError {
    AdminError::not_found(format!("missing entity of type {kind} with identifier {}", show(key)))
}

fn show(key: &EntityKey) -> String {
    format!("{}:{}:{}:{}", key.project, key.domain, key.name, key.version)
}

fn field_of(key: &EntityKey, field: &str) -> Option<String> {
    match field {
        "project" => Some(key.project.clone()),
        "domain" => Some(key.domain.clone()),
        "name" => Some(key.name.clone()),
        "version" => Some(key.version.clone()),
        _ => None,
    }
}
