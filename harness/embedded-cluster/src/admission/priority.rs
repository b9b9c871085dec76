//! Pods get the value of their priority class.

use crate::value::Value;

use super::{Attempt, Plugin};
use crate::status::Status;

pub(super) struct Priority;

impl Plugin for Priority {
    fn mutate(&self, attempt: &mut Attempt<'_>) -> Result<(), Status> {
        if !attempt.is("", "pods") || !attempt.is_create() {
            return Ok(());
        }
        let key = "priorityclasses.scheduling.k8s.io".into();
        let store = &attempt.server.store;
        let name = attempt.object["spec"]["priorityClassName"].as_str().unwrap_or_default().to_owned();
        let class = if name.is_empty() {
            store
                .snapshot(&key, None)
                .items
                .into_iter()
                .find(|class| class.value()["globalDefault"] == true)
        } else {
            let class = store.get(&key, "", &name);
            Some(class.ok_or_else(|| attempt.forbid(&format!("no PriorityClass with name {name} was found")))?)
        };
        let (value, policy) = match &class {
            Some(class) => (
                class.value()["value"].as_i64().unwrap_or(0),
                class.value()["preemptionPolicy"].clone(),
            ),
            None => (0, Value::Null),
        };
        let spec = &mut attempt.object["spec"];
        if let Some(asked) = spec["priority"].as_i64().filter(|asked| *asked != value) {
            let because = format!(
                "the integer value of priority ({asked}) must not be provided in pod spec; priority admission controller computed {value} \
                 from the given PriorityClass name"
            );
            return Err(attempt.forbid(&because));
        }
        spec["priority"] = value.into();
        if let Some(class) = class.filter(|_| name.is_empty()) {
            spec["priorityClassName"] = class.name().into();
        }
        let policy = policy.as_str().unwrap_or("PreemptLowerPriority");
        if let Some(asked) = spec["preemptionPolicy"].as_str().filter(|asked| *asked != policy) {
            let because = format!(
                "the string value of PreemptionPolicy ({asked}) must not be provided in pod spec; priority admission controller computed \
                 {policy} from the given PriorityClass name"
            );
            return Err(attempt.forbid(&because));
        }
        spec["preemptionPolicy"] = policy.into();
        Ok(())
    }
}
