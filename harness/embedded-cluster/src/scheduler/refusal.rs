//! What a pod is told that has no place, and what is done so that it gets one.

use super::cycle::{NAME, Scheduler, lock};
use super::preemption::{REASON, Room, priority};
use super::recorder::What;
use super::verdict::{Nomination, Refusal, told};
use crate::client::{DeleteOptions, Patch};
use crate::controllers::fields::{Fields, seconds};
use crate::controllers::resources::PODS;
use crate::controllers::runtime::Key;
use crate::object::Object;
use crate::status::Status;
use crate::value::{Value, json};

impl Scheduler {
    /// Says why a pod has no place, and makes room for it where others have to go.
    pub(super) async fn refuse(&self, pod: &Object, refusal: &Refusal) -> Result<(), Status> {
        self.events
            .record(
                pod,
                What {
                    kind: "Warning",
                    reason: "FailedScheduling",
                    action: "Scheduling",
                    note: &refusal.message,
                    related: None,
                },
            )
            .await;
        self.mark(pod, refusal).await?;
        match &refusal.nomination {
            Nomination::Make(room) => self.make_room(pod, room).await,
            Nomination::Keep | Nomination::Clear => Ok(()),
        }
    }

    async fn mark(&self, pod: &Object, refusal: &Refusal) -> Result<(), Status> {
        let (message, before) = (refusal.message.as_str(), pod.str_at("/status/nominatedNodeName"));
        let nominated = match &refusal.nomination {
            Nomination::Keep => before,
            Nomination::Clear => "",
            Nomination::Make(room) => &room.node,
        };
        let known = told(pod);
        let mut status = json!({});
        if known.is_none_or(|known| known["message"] != message) {
            let since = known.map(|known| known["lastTransitionTime"].clone());
            status["conditions"] = json!([{
                "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message, "lastProbeTime": null,
                "lastTransitionTime": since.unwrap_or_else(|| Value::from(seconds(self.clock.now()))),
            }]);
        }
        if nominated != before {
            status["nominatedNodeName"] = if nominated.is_empty() { Value::Null } else { nominated.into() };
        }
        if status == json!({}) {
            Ok(())
        } else {
            self.set_status(pod, status).await
        }
    }

    /// Deletes the pods that have to go from a node, with their grace. Less important ones that waited for that node wait no longer.
    async fn make_room(&self, pod: &Object, room: &Room) -> Result<(), Status> {
        let outranked: Vec<Key> = {
            let nodes = lock(&self.nodes);
            let waiting = nodes.nominated();
            let outranked = waiting.filter(|(node, other)| *node == room.node && priority(other) < priority(pod));
            outranked.map(|(_, other)| Key::of(other)).collect()
        };
        for key in outranked {
            if let Some(other) = self.cache.get(&PODS, &key) {
                self.set_status(&other, json!({"nominatedNodeName": null})).await?;
            }
        }
        for victim in room.victims.iter().filter(|victim| victim.deletion_timestamp().is_none()) {
            let message = format!("{NAME}: preempting to accommodate a higher priority pod");
            let condition = json!({
                "type": "DisruptionTarget", "status": "True", "reason": REASON, "message": message,
                "lastTransitionTime": seconds(self.clock.now()),
            });
            self.set_status(victim, json!({"conditions": [condition]})).await?;
            let options = DeleteOptions::of_uid(victim.uid());
            match self.client.delete(&PODS, victim.namespace(), victim.name(), &options).await {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => {}
            }
            let note = format!("Preempted by pod {} on node {}", pod.uid(), room.node);
            self.events
                .record(
                    victim,
                    What {
                        kind: "Normal",
                        reason: "Preempted",
                        action: "Preempting",
                        note: &note,
                        related: Some(pod),
                    },
                )
                .await;
        }
        Ok(())
    }

    async fn set_status(&self, pod: &Object, status: Value) -> Result<(), Status> {
        let patch = Patch::Strategic(json!({"metadata": {"uid": pod.uid()}, "status": status}));
        match self.client.patch(&PODS, pod.namespace(), pod.name(), Some("status"), patch).await {
            Err(error) if !error.is_not_found() => Err(error),
            _ => Ok(()),
        }
    }
}
