//! Finished jobs, of which only the last few are kept.

use std::sync::Arc;

use super::{delete, finished};
use crate::controllers::fields::Fields;
use crate::controllers::runtime::Context;
use crate::object::Object;
use crate::status::Status;

/// Deletes the oldest finished jobs beyond the limits for successful and failed ones.
pub(super) async fn clean(context: &Context, cron_job: &Object, jobs: &[Arc<Object>]) -> Result<(), Status> {
    for (end, limit) in [
        ("Complete", "/spec/successfulJobsHistoryLimit"),
        ("Failed", "/spec/failedJobsHistoryLimit"),
    ] {
        let Some(limit) = cron_job.number_at(limit) else { continue };
        let mut ended: Vec<&Arc<Object>> = jobs
            .iter()
            .filter(|job| finished(job) == Some(end) && job.deletion_timestamp().is_none())
            .collect();
        ended.sort_by_key(|job| (job.time_at("/status/startTime"), job.name().to_owned()));
        let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for job in &ended[..surplus] {
            delete(context, job).await?;
            let message = format!("Deleted job {}", job.name());
            context.events.normal(cron_job, "SuccessfulDelete", &message).await;
        }
    }
    Ok(())
}
