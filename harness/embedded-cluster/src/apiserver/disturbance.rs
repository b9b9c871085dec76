//! Requests that are treated badly on purpose, so that one sees how their senders cope.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::{ApiServer, Request};
use crate::status::Status;

/// Which requests are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disturbed {
    /// Name of the user that asks.
    pub user: String,
    /// Verbs as RBAC names them; empty: all.
    pub verbs: Vec<String>,
    /// Plural names of resources, without group; empty: all.
    pub resources: Vec<String>,
}

/// What becomes of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Disturbance {
    /// They are answered with this code, as often as `rate` says (0 to 1): evenly spread, the same ones in every run.
    Error {
        /// HTTP status code.
        code: u16,
        /// Part of the requests.
        rate: f64,
    },
    /// Watches that are open end, once.
    EndWatches,
}

/// A disturbance in force; it ends when this is dropped.
#[derive(Debug)]
pub struct Disturbing {
    server: Arc<ApiServer>,
    id: u64,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    seen: AtomicU64,
    disturbed: watch::Sender<u64>,
}

impl Counts {
    fn disturbed(&self) {
        self.disturbed.send_modify(|count| *count += 1);
    }
}

impl Disturbing {
    /// How many such requests (or watches) there were, and how many of them were disturbed.
    pub fn counts(&self) -> (u64, u64) {
        (self.counts.seen.load(Ordering::Relaxed), *self.counts.disturbed.borrow())
    }

    /// Waits until one was disturbed.
    pub fn first(&self) -> impl Future<Output = ()> + Send + use<> {
        let counts = self.counts.clone();
        async move {
            // It ends only with what is waited on.
            let _ = counts.disturbed.subscribe().wait_for(|count| *count > 0).await;
        }
    }
}

impl Drop for Disturbing {
    fn drop(&mut self) {
        let disturbances = &self.server.disturbances;
        let mut rules = disturbances.rules.lock().unwrap_or_else(PoisonError::into_inner);
        rules.remove(&self.id);
        disturbances.count.store(rules.len(), Ordering::Relaxed);
    }
}

/// All disturbances of one server.
#[derive(Debug)]
pub(crate) struct Disturbances {
    rules: Mutex<BTreeMap<u64, Rule>>,
    /// Number of rules, so that a server without any pays one load a request.
    count: AtomicUsize,
    cuts: watch::Sender<Option<Cut>>,
    next: AtomicU64,
}

impl Default for Disturbances {
    fn default() -> Self {
        Self {
            rules: Mutex::default(),
            count: AtomicUsize::default(),
            cuts: watch::Sender::new(None),
            next: AtomicU64::default(),
        }
    }
}

#[derive(Debug)]
struct Rule {
    which: Disturbed,
    code: u16,
    rate: f64,
    counts: Arc<Counts>,
}

#[derive(Clone, Debug)]
struct Cut {
    which: Disturbed,
    counts: Arc<Counts>,
}

impl Disturbed {
    fn matches(&self, user: &str, verb: &str, resource: &str) -> bool {
        let among = |names: &[String], name: &str| names.is_empty() || names.iter().any(|other| other == name);
        self.user == user && among(&self.verbs, verb) && among(&self.resources, resource)
    }
}

impl ApiServer {
    pub(crate) fn disturb(self: &Arc<Self>, which: Disturbed, how: Disturbance) -> Disturbing {
        let disturbances = &self.disturbances;
        let id = disturbances.next.fetch_add(1, Ordering::Relaxed);
        let counts: Arc<Counts> = Arc::default();
        match how {
            Disturbance::Error { code, rate } => {
                let counts = counts.clone();
                let rule = Rule { which, code, rate, counts };
                let mut rules = disturbances.rules.lock().unwrap_or_else(PoisonError::into_inner);
                rules.insert(id, rule);
                disturbances.count.store(rules.len(), Ordering::Relaxed);
            }
            Disturbance::EndWatches => {
                let counts = counts.clone();
                disturbances.cuts.send_replace(Some(Cut { which, counts }));
            }
        }
        Disturbing {
            server: self.clone(),
            id,
            counts,
        }
    }
}

impl Disturbances {
    /// Refuses a request whose turn it is.
    pub(super) fn check(&self, request: &Request) -> Result<(), Status> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return Ok(());
        }
        let rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let (user, verb, resource) = (&request.identity.user, request.verb.name(), request.target.resource.plural());
        match rules.values().find(|rule| rule.which.matches(user, verb, resource)) {
            Some(rule) => rule.check(),
            None => Ok(()),
        }
    }

    /// For a watch that begins: tells it when it is to end.
    pub(super) fn cuts(&self, request: &Request) -> Cuts {
        Cuts {
            orders: self.cuts.subscribe(),
            user: request.identity.user.clone(),
            resource: request.target.resource.plural().to_owned(),
        }
    }
}

impl Rule {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "counts of requests, times a rate of 0 to 1"
    )]
    fn check(&self) -> Result<(), Status> {
        let seen = self.counts.seen.fetch_add(1, Ordering::Relaxed);
        let due = |requests: u64| (requests as f64 * self.rate).floor() as u64;
        if due(seen + 1) == due(seen) {
            return Ok(());
        }
        self.counts.disturbed();
        Err(error(self.code))
    }
}

/// What real API servers, and what stands before them, say.
fn error(code: u16) -> Status {
    match code {
        429 => Status::too_many_requests("Too many requests, please try again later.", 1),
        500 => Status::internal("etcdserver: request timed out"),
        504 => Status::timeout("Timeout: request did not complete within the allotted timeout", 1),
        503 => Status::shutting_down(),
        code => Status::plain(code, format!("error {code}")),
    }
}

/// Orders to end watches, as one of them sees them.
#[derive(Debug)]
pub(crate) struct Cuts {
    orders: watch::Receiver<Option<Cut>>,
    user: String,
    resource: String,
}

impl Cuts {
    /// Waits until the watch is to end.
    pub(crate) async fn ordered(&mut self) {
        while self.orders.changed().await.is_ok() {
            let order = self.orders.borrow_and_update();
            if let Some(cut) = order.as_ref().filter(|cut| cut.which.matches(&self.user, "watch", &self.resource)) {
                cut.counts.seen.fetch_add(1, Ordering::Relaxed);
                cut.counts.disturbed();
                return;
            }
        }
        std::future::pending().await
    }
}
