//! The pods bound to a node: one watch, one worker for each pod.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{Config, Event};
use kube::{Api, ResourceExt};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

use super::NodeContext;
use crate::api::Lean;
use crate::pod::{self, Assigned};

/// Runs the pods bound to the node, for ever.
pub(crate) async fn serve(node: Arc<NodeContext>) {
    let api: Api<Lean<Pod>> = Api::all(node.client.clone());
    let config = Config::default().fields(&format!("spec.nodeName={}", node.name));
    let mut events = std::pin::pin!(crate::api::watch(api, config));
    let mut workers = Workers {
        node: node.clone(),
        by_uid: BTreeMap::new(),
    };
    let mut listed = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => listed.clear(),
            Ok(Event::InitApply(pod)) => {
                listed.push(pod.uid().unwrap_or_default());
                workers.assign(pod);
            }
            Ok(Event::InitDone) => workers.retain(&listed),
            Ok(Event::Apply(pod)) => workers.assign(pod),
            Ok(Event::Delete(pod)) => workers.release(&pod.uid().unwrap_or_default()),
            Err(error) => tracing::warn!(node = %node.name, %error, "watch pods"),
        }
    }
}

struct Workers {
    node: Arc<NodeContext>,
    by_uid: BTreeMap<String, Worker>,
}

struct Worker {
    pod: watch::Sender<Assigned>,
    task: AbortOnDropHandle<()>,
}

impl Workers {
    /// Tells a pod's worker of the pod's new state; a new pod gets a worker.
    fn assign(&mut self, pod: Pod) {
        self.by_uid.retain(|_, worker| !worker.task.is_finished());
        let uid = pod.uid().unwrap_or_default();
        let pod = Assigned::Here(Arc::new(pod));
        if let Some(worker) = self.by_uid.get(&uid) {
            worker.pod.send_replace(pod);
            return;
        }
        let (sender, updates) = watch::channel(pod);
        let task = tokio::spawn(pod::run(self.node.clone(), updates));
        let worker = Worker {
            pod: sender,
            task: AbortOnDropHandle::new(task),
        };
        self.by_uid.insert(uid, worker);
    }

    /// Tells a pod's worker that the pod is gone.
    fn release(&mut self, uid: &str) {
        if let Some(worker) = self.by_uid.get(uid) {
            worker.pod.send_if_modified(Assigned::release);
        }
    }

    /// After a new list: what is not in it is gone.
    fn retain(&mut self, listed: &[String]) {
        let gone: Vec<String> = self.by_uid.keys().filter(|uid| !listed.contains(uid)).cloned().collect();
        for uid in gone {
            self.release(&uid);
        }
    }
}
