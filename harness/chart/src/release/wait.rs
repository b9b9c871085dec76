//! Waiting for objects, by watches.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kube::Client;
use kube::api::DynamicObject;
use kube::runtime::wait::await_condition;
use tokio::time::{Instant, timeout_at};

use super::ReleaseError;
use super::objects::Target;
use super::ready::{Readiness, readiness};

/// Waits until all objects are ready.
///
/// # Errors
/// One has failed for good, or is not ready when the time is over.
pub(super) async fn ready(client: &Client, targets: &[Target], limit: Duration) -> Result<(), ReleaseError> {
    let deadline = Instant::now() + limit;
    for target in targets {
        let last = Arc::new(Mutex::new(Readiness::InProgress("not found".into())));
        let (seen, kind) = (Arc::clone(&last), target.kind.clone());
        let condition = move |object: Option<&DynamicObject>| {
            let Some(object) = object.and_then(|object| serde_json::to_value(object).ok()) else {
                return false;
            };
            let now = readiness(&kind, &object);
            let settled = !matches!(now, Readiness::InProgress(_));
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = now;
            settled
        };
        let waited = timeout_at(deadline, await_condition(target.api(client), &target.name, condition)).await;
        if let Ok(result) = waited {
            result?;
        }
        let last = last.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (status, message) = match last {
            Readiness::Ready => continue,
            Readiness::InProgress(message) => ("InProgress", message),
            Readiness::Failed(message) => ("Failed", message),
        };
        return Err(ReleaseError::NotReady {
            object: target.path(),
            status,
            message,
        });
    }
    Ok(())
}

/// Waits until all objects are gone.
///
/// # Errors
/// One is still there when the time is over.
pub(super) async fn gone(client: &Client, targets: &[Target], limit: Duration) -> Result<(), ReleaseError> {
    let deadline = Instant::now() + limit;
    for target in targets.iter().filter(|target| !Target::is_kept(&target.object)) {
        let absent = |object: Option<&DynamicObject>| object.is_none();
        match timeout_at(deadline, await_condition(target.api(client), &target.name, absent)).await {
            Ok(result) => drop(result?),
            Err(_) => {
                let message = "Resource scheduled for deletion".to_owned();
                return Err(ReleaseError::NotReady {
                    object: target.path(),
                    status: "InProgress",
                    message,
                });
            }
        }
    }
    Ok(())
}
