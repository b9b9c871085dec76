//! Deleting objects of runs that ended long ago.

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use kube::api::{Api, DeleteParams, ListParams, ResourceExt};

use crate::config::PropellerConfig;
use crate::crd::{COMPLETED_TIME, FlyteWorkflow, TERMINATED, TERMINATION_STATUS};

/// Deletes finished objects that are older than the configuration keeps them.
pub(crate) async fn collect(client: &kube::Client, config: &PropellerConfig, now: Timestamp) -> Result<(), kube::Error> {
    let all: Api<FlyteWorkflow> = match &config.namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    };
    let finished = ListParams::default().labels(&format!("{TERMINATION_STATUS}={TERMINATED}"));
    for object in all.list(&finished).await? {
        if !expired(object.labels().get(COMPLETED_TIME), config.max_ttl_hours, now) {
            continue;
        }
        let api: Api<FlyteWorkflow> = Api::namespaced(client.clone(), &object.namespace().unwrap_or_default());
        match api.delete(&object.name_any(), &DeleteParams::background()).await {
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            result => drop(result?),
        }
    }
    Ok(())
}

/// Whether the hour in the label lies more than `hours` back. An unreadable label never expires.
fn expired(completed: Option<&String>, hours: i64, now: Timestamp) -> bool {
    let hour = completed
        .and_then(|text| DateTime::strptime("%Y-%m-%d.%H:%M", format!("{text}:00")).ok())
        .and_then(|hour| hour.to_zoned(jiff::tz::TimeZone::UTC).ok());
    hour.is_some_and(|hour| now.duration_since(hour.timestamp()) > SignedDuration::from_hours(hours))
}

#[cfg(test)]
mod tests {
    use super::expired;

    #[test]
    fn whole_hours_count() {
        let now = "2026-01-02T00:30:00Z".parse().unwrap();
        for (label, gone) in [
            (Some("2026-01-01.01"), true),
            (Some("2026-01-01.02"), false),
            (Some("2026-01-02.00"), false),
            (Some("yesterday"), false),
            (None, false),
        ] {
            let label = label.map(str::to_owned);
            assert_eq!(expired(label.as_ref(), 23, now), gone, "{label:?}");
        }
    }
}
