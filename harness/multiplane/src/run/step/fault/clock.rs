//! A cluster whose clock is wrong.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use scenario::verb::{Fault, Verdict};

use super::{bites, hold, without_effect};
use crate::backend::faults::Undo;
use crate::report::duration;
use crate::run::context::Context;
use crate::run::step::failure::Failure;

/// By how much a clock may differ for other reasons.
const EXACT: SignedDuration = SignedDuration::from_secs(2);

/// Makes a cluster's clock wrong, and asks it for the time.
pub(super) async fn skew(context: &Context<'_>, step: &Fault, id: &str) -> Result<(), Failure> {
    let by = match step.verdict {
        Verdict::Ahead(by) => SignedDuration::try_from(by.get()),
        Verdict::Behind(by) => SignedDuration::try_from(by.get()).map(|by| -by),
        _ => return Err(Failure::invalid("fault", "this is nothing that befalls clocks")),
    };
    let by = by.map_err(|error| Failure::invalid("fault", error.to_string()))?;
    let cluster = context.cluster(id)?.clone();
    let clock = cluster.clock().cloned();
    let clock = clock.ok_or_else(|| Failure::invalid("fault", "this backend's clocks are not to be changed"))?;
    let undo: Undo = {
        let clock = clock.clone();
        let what = format!("the clock of {id} is right");
        Box::pin(async move {
            clock.set_skew(SignedDuration::ZERO);
            Ok(what)
        })
    };
    hold(context, step, undo).await;
    clock.set_skew(by);
    let told = now(&cluster.client()).await?;
    let off = told.duration_since(context.world.clock().now());
    if (off - by).abs() > EXACT {
        return Err(without_effect(format!("{id} says that it is {told}, as it is")));
    }
    let text = duration(off.unsigned_abs());
    let sense = if off.is_negative() { "behind" } else { "ahead of" };
    bites(context, &format!("{id} says that it is {told}, {text} {sense} the others"));
    Ok(())
}

/// The time as a cluster writes it into a new object; nothing is stored.
async fn now(client: &Client) -> Result<Timestamp, Failure> {
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "default");
    let map = ConfigMap {
        metadata: ObjectMeta {
            name: Some("multiplane-time".to_owned()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    };
    let dry = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    let made = maps.create(&dry, &map).await?;
    let time = made.metadata.creation_timestamp.map(|time| time.0);
    time.ok_or_else(|| without_effect("the cluster does not tell the time"))
}
