//! A program that is killed at a named moment of its work.

use std::collections::BTreeMap;

use kube::Api;
use kube::api::DynamicObject;
use scenario::verb::{Crash, Fault, WorkloadOf};

use super::insert;
use super::later::announce;
use super::workload::{labels, up};
use crate::backend::faults::InForce;
use crate::run::context::Context;
use crate::run::step::failure::Failure;

/// Asks for kills of a workload's pods.
pub(super) async fn crash(
    context: &Context<'_>,
    step: &Fault,
    workload: &WorkloadOf,
    crash: Crash,
    (api, found): (Api<DynamicObject>, &DynamicObject),
) -> Result<(), Failure> {
    let cluster = context.cluster(&workload.cluster.value)?;
    let point = crash.at.as_str();
    let labels: BTreeMap<String, String> = labels(found).collect();
    let points = cluster
        .crash_points()
        .ok_or_else(|| Failure::invalid("fault", "this backend's programs are not to be killed at a moment"))?;
    let crashing = points.arm(virtual_node::Crash {
        namespace: workload.namespace.clone(),
        labels,
        point: point.to_owned(),
        times: crash.times,
    });
    let mut kills = crashing.watch();
    let name = format!("{}/{}", workload.namespace, workload.name);
    let text = format!("a pod of {name} was killed at {point}");
    let told = announce(context, &format!("when {name} comes to {point}"), async move {
        // An end without a kill is told by who mends it.
        if kills.wait_for(|kills| *kills > 0).await.is_err() {
            std::future::pending::<()>().await;
        }
        text
    });
    let point = point.to_owned();
    let seen = move || {
        drop(told);
        match crashing.kills() {
            0 => Err(format!("the fault never bit: nothing came to {point}")),
            1 => Ok(format!("killed once at {point}")),
            kills => Ok(format!("killed {kills} times at {point}")),
        }
    };
    let made = InForce::Later(Box::new(seen), up(api, workload.clone(), None));
    insert(context, step, made).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    /// A moment that flyteadmin does not know would never come.
    #[test]
    fn the_moments_of_scenarios_are_flyteadmins() {
        let written = scenario::verb::CrashPoint::ALL.map(scenario::verb::CrashPoint::as_str);
        assert_eq!(written, flyte::crash::CrashPoint::ALL.map(flyte::crash::CrashPoint::as_str));
    }
}
