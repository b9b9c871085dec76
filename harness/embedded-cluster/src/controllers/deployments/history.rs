//! Old replica sets beyond `revisionHistoryLimit`.

use std::sync::Arc;

use super::sets::{self, REVISION};
use crate::client::DeleteOptions;
use crate::controllers::fields::Fields;
use crate::controllers::resources::REPLICA_SETS;
use crate::controllers::runtime::Context;
use crate::object::Object;
use crate::status::Status;

/// Deletes the oldest of the old sets that have no pods any more.
pub(super) async fn clean_up(context: &Context, deployment: &Object, old: &[Arc<Object>]) -> Result<(), Status> {
    let Some(limit) = deployment.number_at("/spec/revisionHistoryLimit") else {
        return Ok(());
    };
    let mut old: Vec<&Arc<Object>> = old.iter().filter(|set| set.deletion_timestamp().is_none()).collect();
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    old.sort_by_key(|set| sets::number(set, REVISION).unwrap_or(0));
    for set in old.into_iter().take(surplus).filter(|set| is_unused(set)) {
        let options = DeleteOptions::of_uid(set.uid());
        match context.client.delete(&REPLICA_SETS, set.namespace(), set.name(), &options).await {
            Err(error) if !error.is_not_found() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

fn is_unused(set: &Object) -> bool {
    set.int_at("/spec/replicas") == 0 && set.int_at("/status/replicas") == 0 && set.generation() <= set.int_at("/status/observedGeneration")
}
