//! What pods ask of nodes, in resources.

use std::collections::BTreeMap;

use crate::value::{Map, Text, Value};

use crate::controllers::fields::Fields;
use crate::object::Object;
use crate::schema::quantity::Quantity;

/// CPU counted for a container that asks for none, when nodes are compared. In thousandths.
const DEFAULT_CPU: i64 = 100;
/// Memory counted for a container that asks for none, when nodes are compared. In bytes.
const DEFAULT_MEMORY: i64 = 200 * 1024 * 1024;

/// Amounts by resource name: CPU in thousandths, everything else in units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts(BTreeMap<String, i64>);

impl Amounts {
    /// Reads a `ResourceList`.
    pub(super) fn read(list: Option<&Map>) -> Self {
        let amount = |(name, value): (&Text, &Value)| {
            let quantity = value
                .as_str()
                .map_or_else(|| Quantity::parse(&value.to_string()), Quantity::parse)
                .ok()?;
            Some((
                name.to_string(),
                rounded_up(quantity, if name == "cpu" { 1_000_000 } else { 1_000_000_000 }),
            ))
        };
        Self(list.into_iter().flatten().filter_map(amount).collect())
    }

    /// The amount of one resource.
    pub(super) fn get(&self, name: &str) -> i64 {
        self.0.get(name).copied().unwrap_or(0)
    }

    /// All amounts, by name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i64)> {
        self.0.iter().map(|(name, amount)| (name.as_str(), *amount))
    }

    /// Adds `times` the other amounts.
    pub(super) fn add(&mut self, other: &Self, times: i64) {
        for (name, amount) in &other.0 {
            *self.0.entry(name.clone()).or_default() += amount * times;
        }
    }

    fn raise_to(&mut self, other: &Self) {
        for (name, amount) in &other.0 {
            let own = self.0.entry(name.clone()).or_default();
            *own = (*own).max(*amount);
        }
    }

    fn or_default(mut self) -> Self {
        self.0.entry("cpu".into()).or_insert(DEFAULT_CPU);
        self.0.entry("memory".into()).or_insert(DEFAULT_MEMORY);
        self
    }
}

/// A quantity in units of `nano` billionths.
fn rounded_up(quantity: Quantity, nano: i128) -> i64 {
    let units = quantity.nano.div_euclid(nano) + i128::from(quantity.nano.rem_euclid(nano) != 0);
    i64::try_from(units).unwrap_or(i64::MAX)
}

/// What a pod asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// As written.
    pub(super) exact: Amounts,
    /// With a guess for containers that ask for nothing.
    pub(super) guessed: Amounts,
}

impl Request {
    /// The request of a pod: its containers together, or its init containers one by one (each
    /// with the sidecars started before it), whichever is more.
    pub(super) fn of(pod: &Object) -> Self {
        let exact = total(pod, |amounts| amounts);
        let guessed = total(pod, Amounts::or_default);
        Self { exact, guessed }
    }
}

fn total(pod: &Object, each: impl Fn(Amounts) -> Amounts) -> Amounts {
    let of = |container: &Value| each(Amounts::read(container.map_at("/resources/requests")));
    let mut sidecars = Amounts::default();
    let mut peak = Amounts::default();
    for container in pod.list_at("/spec/initContainers") {
        let mut now = of(container);
        now.add(&sidecars, 1);
        if container["restartPolicy"] == "Always" {
            sidecars = now.clone();
        }
        peak.raise_to(&now);
    }
    let mut sum = sidecars;
    for container in pod.list_at("/spec/containers") {
        sum.add(&of(container), 1);
    }
    sum.raise_to(&peak);
    // Requests of the pod as a whole stand instead of its containers'.
    let whole = Amounts::read(pod.map_at("/spec/resources/requests"));
    sum.0.extend(whole.0);
    sum.add(&Amounts::read(pod.map_at("/spec/overhead")), 1);
    sum
}

#[cfg(test)]
mod tests {
    use crate::value::json;
    use rstest::rstest;

    use super::*;

    fn container(cpu: &str, policy: Option<&str>) -> Value {
        json!({"resources": {"requests": {"cpu": cpu}}, "restartPolicy": policy})
    }

    #[rstest]
    #[case::sum(&[], &["1", "500m"], 1500)]
    #[case::init_is_more(&[("2", false)], &["1"], 2000)]
    #[case::init_is_less(&[("500m", false)], &["1"], 1000)]
    #[case::sidecar(&[("1", true), ("2", false)], &["1"], 3000)]
    #[case::sidecar_runs_on(&[("1", true)], &["1"], 2000)]
    fn cpu(#[case] init: &[(&str, bool)], #[case] containers: &[&str], #[case] expected: i64) {
        let init: Vec<Value> = init
            .iter()
            .map(|(cpu, sidecar)| container(cpu, sidecar.then_some("Always")))
            .collect();
        let containers: Vec<Value> = containers.iter().map(|cpu| container(cpu, None)).collect();
        let pod = Object::new(json!({"spec": {"initContainers": init, "containers": containers}}));
        assert_eq!(Request::of(&pod).exact.get("cpu"), expected);
    }

    #[test]
    fn a_container_without_requests_counts_for_something() {
        let request = Request::of(&Object::new(json!({"spec": {"containers": [{}]}})));
        assert_eq!((request.exact.get("cpu"), request.guessed.get("cpu")), (0, DEFAULT_CPU));
    }
}
