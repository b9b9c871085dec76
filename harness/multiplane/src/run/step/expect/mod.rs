//! `expect`: something must be so, within a time and for a time.

mod demand;
mod identity;
mod placement;
mod pod_status;
mod pods;
pub(super) mod resources;
mod settle;
mod spread;
mod subset;

use scenario::Duration;
use scenario::condition::Condition;
use scenario::verb::{Expect, Resources};
use serde_json::Value;

use super::apply::resolve;
use super::failure::Failure;
use super::joint::on_each;
use crate::run::context::Context;
use resources::Selection;

pub(super) use demand::Demand;
use settle::Patience;

/// Runs an `expect` step.
pub(crate) async fn run(context: &mut Context<'_>, expect: &Expect) -> Result<(), Failure> {
    match expect {
        Expect::Placement(placement) => {
            let patience = patience(context, placement.within, placement.hold);
            placement::expect(context, placement, patience).await
        }
        Expect::Pods(demand) => {
            let patience = patience(context, demand.within, demand.hold);
            on_each(&demand.on, async |cluster| {
                pods::expect(&context.client(cluster)?, demand, patience.of(format!("{cluster}:"))).await
            })
            .await
        }
        Expect::Resources(demand) => resources(context, demand).await,
        Expect::AssumeRole(expected) => {
            on_each(&expected.on, async |cluster| {
                identity::assume_role(context, cluster, expected).await
            })
            .await
        }
        Expect::ObjectAccess(expected) => {
            on_each(&expected.on, async |cluster| {
                identity::object_access(context, cluster, expected).await
            })
            .await
        }
    }
}

async fn resources(context: &Context<'_>, demand: &Resources) -> Result<(), Failure> {
    let patience = patience(context, demand.within, demand.hold);
    let wanted = match (&demand.matches, &demand.cel, demand.count) {
        (Some(fields), ..) => Demand::Matches(resolve(&Value::Object(fields.clone()), &context.names)?),
        (None, Some(text), _) => Demand::Holds(condition(text)?),
        (None, None, Some(count)) => Demand::Count(count as usize),
        (None, None, None) => Demand::Absent,
    };
    let selection = Selection::from(demand);
    on_each(&demand.on, async |cluster| {
        selection
            .expect(&context.kinds(cluster)?, cluster, &wanted, &patience)
            .await
            .map(drop)
    })
    .await
}

/// A condition, which the scenario's check has seen already.
pub(super) fn condition(text: &str) -> Result<Condition, Failure> {
    Condition::compile(text).map_err(|error| Failure::invalid("condition", error.to_string()))
}

pub(super) fn patience(context: &Context<'_>, within: Option<Duration>, hold: Option<Duration>) -> Patience {
    let within = within.unwrap_or(context.scenario().settings.within);
    Patience {
        within: within.get(),
        hold: hold.map(Duration::get).unwrap_or_default(),
        what: String::new(),
        progress: context.progress.clone(),
    }
}
