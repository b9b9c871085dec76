//! Requests that an API server treats badly.

use std::time::Duration;

use embedded_cluster::{Disturbance, Disturbed};
use scenario::verb::{Fault, Requests, Verdict};

use super::later::announce;
use super::{bites, insert, on_nothing};
use crate::backend::faults::InForce;
use crate::run::context::Context;
use crate::run::step::failure::Failure;

/// How long watches may take to end.
const ENDING: Duration = Duration::from_millis(100);

/// Disturbs requests. Errors are seen when such requests come, which `heal` tells of; ended watches at once.
pub(super) async fn disturb(context: &Context<'_>, step: &Fault, requests: &Requests) -> Result<(), Failure> {
    let cluster = context.cluster(&requests.to.value)?;
    let which = Disturbed {
        user: format!("system:serviceaccount:{}:{}", requests.by.namespace, requests.by.name),
        verbs: requests.verbs.clone(),
        resources: requests.resources.clone(),
    };
    let how = match step.verdict {
        Verdict::Status(status) => Disturbance::Error {
            code: status.code,
            rate: status.rate,
        },
        _ => Disturbance::EndWatches,
    };
    let none = || Failure::invalid("fault", "this backend's API servers are not to be disturbed");
    let disturbing = cluster.disturb(which, how).ok_or_else(none)?;
    if how == Disturbance::EndWatches {
        tokio::time::sleep(ENDING).await;
        let (_, ended) = disturbing.counts();
        if ended == 0 {
            return Err(on_nothing(format!("{} has no open watch on {}", requests.by, requests.to.value)));
        }
        bites(
            context,
            &format!("{ended} watches of {} on {} ended", requests.by, requests.to.value),
        );
    }
    let told = match step.verdict {
        Verdict::Status(status) => {
            let first = disturbing.first();
            let text = format!(
                "a request of {} to {} was answered with {}",
                requests.by, requests.to.value, status.code
            );
            Some(announce(context, "with the first such request", async move {
                first.await;
                text
            }))
        }
        _ => None,
    };
    let seen = move || {
        drop(told);
        match disturbing.counts() {
            (seen, 0) => Err(format!("the fault never bit: none of {seen} such requests was disturbed")),
            (seen, disturbed) => Ok(format!("{disturbed} of {seen} such requests were disturbed")),
        }
    };
    let nothing_more = Box::pin(std::future::ready(Ok(String::new())));
    insert(context, step, InForce::Later(Box::new(seen), nothing_more)).await;
    Ok(())
}
