//! `multiplane-task`: a task whose course is in its arguments.

use futures::FutureExt;
use futures::future::BoxFuture;
use prost::Message;
use virtual_node::{ContainerContext, ExitStatus};

use super::{Failure, Stores};
use crate::propeller::OBJECT_STORE;
use crate::proto::core::LiteralMap;
use crate::stores::ObjectUri;
use crate::task::{Arguments, untyped};

pub(super) fn run(context: ContainerContext, stores: Stores) -> BoxFuture<'static, Result<ExitStatus, Failure>> {
    async move {
        let arguments = Arguments::read(context.arguments()).map_err(Failure::new)?;
        tokio::select! {
            biased;
            () = context.stop.cancelled() => return Ok(ExitStatus::Exited(143)),
            () = tokio::time::sleep(arguments.duration) => {}
        }
        let attempt = context.env.get("FLYTE_ATTEMPT_NUMBER");
        let attempt: u32 = attempt.and_then(|number| number.parse().ok()).unwrap_or(0);
        if attempt < arguments.failures {
            context.log.line(format!("attempt {attempt} fails as asked"));
            return Ok(ExitStatus::Exited(1));
        }
        if arguments.exit_code == 0 {
            let outputs = arguments.outputs.iter();
            let literals = outputs.map(|(name, value)| (name.clone(), untyped(value))).collect();
            write_outputs(&context, &stores, &arguments.output_prefix, &LiteralMap { literals })?;
        }
        Ok(ExitStatus::Exited(arguments.exit_code))
    }
    .boxed()
}

/// Writes a task's outputs into the folder that propeller gave it; without one there is nowhere to write.
pub(super) fn write_outputs(context: &ContainerContext, stores: &Stores, prefix: &str, outputs: &LiteralMap) -> Result<(), Failure> {
    if prefix.is_empty() {
        return Ok(());
    }
    let store = context
        .env
        .get(OBJECT_STORE)
        .ok_or_else(|| Failure(format!("environment variable {OBJECT_STORE} is not set")))?;
    let uri: ObjectUri = format!("{prefix}/outputs.pb").parse().map_err(Failure::new)?;
    let put = stores
        .object_store_for(store, context)
        .put_uri(&uri, outputs.encode_to_vec().into());
    put.map_err(|error| Failure(format!("failed to write {uri}: {error}")))
}
