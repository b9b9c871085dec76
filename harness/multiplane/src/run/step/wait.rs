//! `wait`: for time, or for a condition of an object.

use std::time::Duration;

use kube::api::DynamicObject;
use kube::runtime::wait::await_condition;
use scenario::verb::{Until, Wait};

use super::failure::{Failure, within};
use super::joint::on_each;
use crate::run::context::Context;

/// Runs a `wait` step.
pub(crate) async fn run(context: &Context<'_>, step: &Wait) -> Result<(), Failure> {
    if let Some(duration) = step.duration {
        tokio::time::sleep(duration.get()).await;
    }
    match &step.until {
        Some(until) => condition(context, until).await,
        None => Ok(()),
    }
}

async fn condition(context: &Context<'_>, until: &Until) -> Result<(), Failure> {
    let limit: Duration = until.within.unwrap_or(context.scenario().settings.within).get();
    let what = format!("condition {} of {} {}", until.condition, until.kind, until.name);
    on_each(&until.on, async |cluster| {
        let kinds = context.kinds(cluster)?;
        let (api, _) = kinds.api(&until.api_version, &until.kind, until.namespace.as_deref()).await?;
        let met = await_condition(api, &until.name, |object: Option<&DynamicObject>| {
            object.is_some_and(|object| is_true(object, &until.condition))
        });
        within(limit, &what, met).await??;
        Ok(())
    })
    .await
}

fn is_true(object: &DynamicObject, condition: &str) -> bool {
    let conditions = object.data["status"]["conditions"].as_array();
    conditions
        .into_iter()
        .flatten()
        .any(|entry| entry["type"] == condition && entry["status"] == "True")
}
