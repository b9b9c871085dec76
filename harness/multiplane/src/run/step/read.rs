//! `read`: parts of an object, for later steps.

use scenario::verb::Read;
use serde_json::Value;

use super::expect::resources::Selection;
use super::expect::{Demand, condition, patience};
use super::failure::Failure;
use super::joint::of_each;
use crate::journal::Level;
use crate::run::context::Context;
use crate::secrets::masked;

/// Runs a `read` step: waits until the object has all that is asked for, of the types that are asked for.
pub(crate) async fn read(context: &mut Context<'_>, step: &Read) -> Result<(), Failure> {
    let outputs = step
        .outputs
        .iter()
        .map(|(name, output)| Ok((name.clone(), condition(&output.cel.value)?, output.of)));
    let demand = Demand::Has(outputs.collect::<Result<_, Failure>>()?);
    let patience = patience(context, step.within, None);
    let selection = Selection::from(step);
    let found = of_each(&step.on, async |cluster| {
        let object = selection.expect(&context.kinds(cluster)?, cluster, &demand, &patience).await?;
        let object = object
            .into_iter()
            .next()
            .map(|object| serde_json::to_value(object.as_ref()).unwrap_or_default());
        Ok(demand.values(cluster, &object.unwrap_or_default()))
    })
    .await?;
    context.names.secrets.learn().await;
    for (cluster, values) in found {
        for (name, value) in values {
            let shown = match &value {
                Value::String(text) => masked(text),
                other => masked(&other.to_string()),
            };
            let emitter = context.emitter.cluster(cluster);
            emitter.note(Level::Detail, format!("{cluster}: {name} is {shown}"));
            context.names.found.on(cluster, &step.id.value, &name, value);
        }
    }
    Ok(())
}
