//! `expect: resources`.

use std::sync::Arc;

use kube::api::{ApiResource, DynamicObject};
use kube::runtime::{reflector, watcher};
use scenario::verb::Resources;
use serde_json::Value;

use super::settle::{Patience, settle_in};
use super::subset::difference;
use crate::run::objects::Kinds;
use crate::run::step::failure::Failure;

/// What is asked of the objects, expressions resolved.
pub(crate) enum Demand {
    /// Every object has at least these fields, and there is one.
    Matches(Value),
    /// There is none.
    Absent,
    /// There are so many.
    Count(usize),
}

/// Waits until the objects of one cluster are as expected.
pub(crate) async fn expect(
    kinds: &Kinds,
    cluster: &str,
    resources: &Resources,
    demand: &Demand,
    patience: Patience,
) -> Result<(), Failure> {
    let (api, kind) = kinds
        .api(&resources.api_version, &resources.kind, resources.namespace.as_deref())
        .await?;
    let mut config = watcher::Config::default();
    if let Some(name) = &resources.name {
        config = config.fields(&format!("metadata.name={}", name.value));
    } else if let Some(selector) = &resources.selector {
        config = config.labels(&selector.value);
    }
    let result = settle_in(store(kind), api, config, patience, |objects| check(demand, objects)).await;
    result.map_err(|failure| Failure {
        message: format!("{cluster}: {} {}", what(resources), failure.message),
        ..failure
    })
}

fn store(kind: ApiResource) -> (reflector::Store<DynamicObject>, reflector::store::Writer<DynamicObject>) {
    let writer = reflector::store::Writer::new(kind);
    (writer.as_reader(), writer)
}

fn check(demand: &Demand, objects: &[Arc<DynamicObject>]) -> Result<(), String> {
    match demand {
        Demand::Absent if objects.is_empty() => Ok(()),
        Demand::Absent => Err(format!("there is {}", names(objects))),
        Demand::Count(count) if objects.len() == *count => Ok(()),
        Demand::Count(count) => Err(format!("there are {}, expected {count}", objects.len())),
        Demand::Matches(_) if objects.is_empty() => Err("there is none".to_owned()),
        Demand::Matches(fields) => {
            let mut differences: Vec<String> = objects.iter().filter_map(|object| differs(fields, object)).collect();
            differences.sort();
            if differences.is_empty() {
                Ok(())
            } else {
                Err(differences.join("; "))
            }
        }
    }
}

fn differs(fields: &Value, object: &DynamicObject) -> Option<String> {
    let value = serde_json::to_value(object).unwrap_or_default();
    difference(fields, &value).map(|difference| format!("{}: {difference}", name(object)))
}

fn names(objects: &[Arc<DynamicObject>]) -> String {
    let mut names: Vec<String> = objects.iter().map(|object| name(object)).collect();
    names.sort();
    names.join(", ")
}

fn name(object: &DynamicObject) -> String {
    let name = object.metadata.name.as_deref().unwrap_or_default();
    object
        .metadata
        .namespace
        .as_ref()
        .map_or_else(|| name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

fn what(resources: &Resources) -> String {
    let place = resources
        .namespace
        .as_ref()
        .map_or(String::new(), |namespace| format!("{namespace}/"));
    let name = resources.name.as_ref().map_or("*", |name| name.value.as_str());
    format!("{} {place}{name}", resources.kind)
}
