//! `wait`: for time, or for a condition of an object.

use std::time::Duration;

use kube::api::DynamicObject;
use kube::runtime::wait::await_condition;
use scenario::verb::{Until, Wait};
use serde_json::Value;

use super::failure::{Failure, within};
use super::joint::on_each;
use crate::run::context::Context;

/// Runs a `wait` step.
pub(crate) async fn run(context: &Context<'_>, step: &Wait) -> Result<(), Failure> {
    if let Some(duration) = step.duration {
        let wait = context.progress.wait();
        wait.sees(format!("{duration} to pass"));
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
        let wait = context.progress.wait();
        let met = await_condition(api, &until.name, |object: Option<&DynamicObject>| {
            let condition = object.and_then(|object| condition_of(object, &until.condition));
            let seen = match (object, condition) {
                (None, _) => "there is no such object".to_owned(),
                (_, None) => "it has no such condition".to_owned(),
                (_, Some(condition)) => status(condition),
            };
            wait.sees(format!("{what} on {cluster}: {seen}"));
            condition.is_some_and(|condition| condition["status"] == "True")
        });
        within(limit, &what, met).await??;
        Ok(())
    })
    .await
}

fn condition_of<'o>(object: &'o DynamicObject, condition: &str) -> Option<&'o Value> {
    let conditions = object.data["status"]["conditions"].as_array();
    conditions.into_iter().flatten().find(|entry| entry["type"] == condition)
}

/// A condition's status, with why.
fn status(condition: &Value) -> String {
    let parts = ["status", "reason", "message"].map(|field| condition[field].as_str().unwrap_or_default());
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join(": ")
}
