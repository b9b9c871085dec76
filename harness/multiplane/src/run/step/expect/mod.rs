//! `expect`: something must be so, within a time and for a time.

mod placement;
mod pod_status;
mod pods;
mod resources;
mod settle;
mod subset;

use futures::future::try_join_all;
use scenario::Duration;
use scenario::verb::{Expect, Resources};
use serde_json::Value;

use super::apply::resolve;
use super::failure::Failure;
use crate::run::context::Context;
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
            let clients: Result<Vec<_>, Failure> = demand.on.iter().map(|id| Ok((&id.value, context.client(&id.value)?))).collect();
            let clients = clients?;
            try_join_all(
                clients
                    .iter()
                    .map(|(cluster, client)| pods::expect(client, cluster, demand, patience)),
            )
            .await?;
            Ok(())
        }
        Expect::Resources(demand) => resources(context, demand).await,
    }
}

async fn resources(context: &Context<'_>, demand: &Resources) -> Result<(), Failure> {
    let patience = patience(context, demand.within, demand.hold);
    let wanted = match (&demand.matches, demand.count) {
        (Some(fields), _) => resources::Demand::Matches(resolve(&Value::Object(fields.clone()), &context.names)?),
        (None, Some(count)) => resources::Demand::Count(count as usize),
        (None, None) => resources::Demand::Absent,
    };
    let clusters: Result<Vec<_>, Failure> = demand.on.iter().map(|id| Ok((&id.value, context.kinds(&id.value)?))).collect();
    let clusters = clusters?;
    try_join_all(
        clusters
            .iter()
            .map(|(cluster, kinds)| resources::expect(kinds, cluster, demand, &wanted, patience)),
    )
    .await?;
    Ok(())
}

fn patience(context: &Context<'_>, within: Option<Duration>, hold: Option<Duration>) -> Patience {
    let within = within.unwrap_or(context.scenario().settings.within);
    Patience {
        within: within.get(),
        hold: hold.map(Duration::get).unwrap_or_default(),
    }
}
