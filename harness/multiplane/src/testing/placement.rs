//! Demands on placements, in Rust.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{World, WorldError};

/// A demand on where the executions of a `submit` run; awaiting it gives the verdict. It is the step `expect: placement` of the scenario language,
/// with the same defaults: nowhere else, within two minutes.
#[must_use = "nothing is demanded until it is awaited"]
#[derive(Clone)]
pub struct ExpectPlacement<'w> {
    world: &'w World,
    fields: Map<String, Value>,
}

impl<'w> ExpectPlacement<'w> {
    pub(super) fn new(world: &'w World, submit: &str) -> Self {
        let fields = Map::from_iter([("of".to_owned(), submit.into())]);
        Self { world, fields }
    }

    fn with(mut self, field: &str, value: Value) -> Self {
        self.fields.insert(field.to_owned(), value);
        self
    }

    /// All of them on this cluster.
    pub fn on(self, cluster: &str) -> Self {
        self.with("on", cluster.into())
    }

    /// All of them on these clusters, and some on each.
    pub fn on_each<'a>(self, clusters: impl IntoIterator<Item = &'a str>) -> Self {
        self.with("on", clusters.into_iter().collect())
    }

    /// Some on each of these clusters; others may have some, too.
    pub fn at_least<'a>(self, clusters: impl IntoIterator<Item = &'a str>) -> Self {
        self.with("atLeast", clusters.into_iter().collect())
    }

    /// The clusters that have some are one of these sets.
    pub fn one_of<'a>(self, sets: impl IntoIterator<Item = &'a [&'a str]>) -> Self {
        self.with("oneOf", sets.into_iter().collect())
    }

    /// So many on each of these clusters.
    pub fn counts<'a>(self, counts: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let counts: Map<String, Value> = counts
            .into_iter()
            .map(|(cluster, count)| (cluster.to_owned(), json!({"count": count})))
            .collect();
        self.with("distribution", counts.into())
    }

    /// On no cluster: Flyte took them, and failed to create them.
    pub fn nowhere(self) -> Self {
        self.with("nowhere", true.into())
    }

    /// The phase that the admin API must report, as `SUCCEEDED`.
    pub fn phase(self, phase: &str) -> Self {
        self.with("phase", phase.into())
    }

    /// How long it may take to come true; of the world's time.
    pub fn within(self, time: Duration) -> Self {
        self.with("within", seconds(time))
    }

    /// How long it must stay true from then on; of the world's time.
    pub fn hold(mut self, time: Duration) -> Self {
        if !self.fields.contains_key("within") {
            self = self.within(Duration::from_secs(120));
        }
        self.with("hold", seconds(time))
    }
}

fn seconds(time: Duration) -> Value {
    format!("{}ms", time.as_millis()).into()
}

impl<'w> IntoFuture for ExpectPlacement<'w> {
    type Output = Result<(), WorldError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'w>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.world.perform(json!({"expect": {"placement": self.fields}})).await })
    }
}
