//! The pods bound to a node: one watch, one worker for each pod that has not ended.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Pod;
use kube::runtime::watcher::{Config, Event};
use kube::{Api, ResourceExt};
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::NodeContext;
use crate::api::Lean;
use crate::pod::{self, Assigned, Remains};

/// Runs the pods bound to the node, for ever.
pub(crate) async fn serve(node: Arc<NodeContext>) {
    let api: Api<Lean<Pod>> = Api::all(node.client.clone());
    let config = Config::default().fields(&format!("spec.nodeName={}", node.name));
    let mut events = std::pin::pin!(crate::api::watch(api, config));
    let mut pods = Pods::new(node.clone());
    let mut listed = BTreeSet::new();
    loop {
        let event = tokio::select! {
            biased;
            Some(ended) = pods.workers.join_next_with_id() => {
                pods.ended(ended);
                continue;
            }
            event = events.next() => event,
        };
        match event {
            Some(Ok(Event::Init)) => listed.clear(),
            Some(Ok(Event::InitApply(pod))) => {
                listed.insert(pod.uid().unwrap_or_default());
                pods.assign(pod);
            }
            Some(Ok(Event::InitDone)) => pods.retain(&listed),
            Some(Ok(Event::Apply(pod))) => pods.assign(pod),
            Some(Ok(Event::Delete(pod))) => pods.release(&pod.uid().unwrap_or_default()),
            Some(Err(error)) => tracing::warn!(node = %node.name, %error, "watch pods"),
            None => return,
        }
    }
}

struct Pods {
    node: Arc<NodeContext>,
    by_uid: BTreeMap<String, Known>,
    /// One for each pod whose containers have not ended for good.
    workers: JoinSet<()>,
    /// Whose workers they are, by uid.
    at_work: HashMap<Id, String>,
    /// Deletions to be completed.
    deletions: JoinSet<()>,
}

enum Known {
    /// It has a worker, which is told of its changes.
    Runs(watch::Sender<Assigned>),
    Over {
        remains: Remains,
        /// Whether its deletion is being completed.
        going: bool,
    },
}

impl Pods {
    fn new(node: Arc<NodeContext>) -> Self {
        Self {
            node,
            by_uid: BTreeMap::new(),
            workers: JoinSet::new(),
            at_work: HashMap::new(),
            deletions: JoinSet::new(),
        }
    }

    /// Tells a pod's worker of the pod's new state; a new pod gets a worker.
    fn assign(&mut self, pod: Pod) {
        let uid = pod.uid().unwrap_or_default();
        match self.by_uid.get_mut(&uid) {
            Some(Known::Runs(worker)) => drop(worker.send_replace(Assigned::Here(Arc::new(pod)))),
            Some(Known::Over { .. }) => self.bury(&uid, &pod),
            None => {
                let (sender, updates) = watch::channel(Assigned::Here(Arc::new(pod)));
                let worker = self.workers.spawn(pod::run(self.node.clone(), updates));
                self.at_work.insert(worker.id(), uid.clone());
                self.by_uid.insert(uid, Known::Runs(sender));
            }
        }
    }

    /// A worker has nothing left to do. One that panicked has told so; its pod is taken on again with its next change.
    fn ended(&mut self, ended: Result<(Id, ()), JoinError>) {
        let (id, failed) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), true),
        };
        let Some(uid) = self.at_work.remove(&id) else { return };
        let Some(Known::Runs(worker)) = self.by_uid.remove(&uid) else {
            return;
        };
        let last = worker.borrow().clone();
        match last {
            Assigned::Gone(pod) => Remains::of(&pod).forget(&self.node),
            Assigned::Here(_) if failed => {}
            Assigned::Here(pod) => {
                let remains = Remains::of(&pod);
                self.by_uid.insert(uid.clone(), Known::Over { remains, going: false });
                self.bury(&uid, &pod);
            }
        }
    }

    /// Completes the deletion of a pod that has ended, once somebody asks for it.
    fn bury(&mut self, uid: &str, pod: &Pod) {
        if let Some(Known::Over { remains, going }) = self.by_uid.get_mut(uid)
            && pod.metadata.deletion_timestamp.is_some()
            && !*going
        {
            *going = true;
            while self.deletions.try_join_next().is_some() {}
            self.deletions.spawn(remains.clone().delete(self.node.clone()));
        }
    }

    /// A pod is gone: its worker is told; what is left of one that has ended is forgotten.
    fn release(&mut self, uid: &str) {
        match self.by_uid.get(uid) {
            Some(Known::Runs(worker)) => drop(worker.send_if_modified(Assigned::release)),
            Some(Known::Over { .. }) => {
                if let Some(Known::Over { remains, .. }) = self.by_uid.remove(uid) {
                    remains.forget(&self.node);
                }
            }
            None => {}
        }
    }

    /// After a new list: what is not in it is gone.
    fn retain(&mut self, listed: &BTreeSet<String>) {
        let gone: Vec<String> = self.by_uid.keys().filter(|uid| !listed.contains(*uid)).cloned().collect();
        for uid in gone {
            self.release(&uid);
        }
    }
}
