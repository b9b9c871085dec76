//! Which machines of a world are slow, and who has to know.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::try_join_all;
use kube::Client;

use crate::backend::dns_name;
use crate::node::links::{Delays, ask};

/// How long a machine may take to put a delay in force. One that is paused never does.
const LIMIT: Duration = Duration::from_secs(20);

/// The machines of a world with their delays, in milliseconds.
#[derive(Default)]
pub(super) struct Slow(Mutex<BTreeMap<String, (Client, u64)>>);

impl Slow {
    /// A machine that is up.
    pub(super) fn know(&self, id: &str, client: &Client) {
        self.machines().insert(id.to_owned(), (client.clone(), 0));
    }

    /// A machine that is no more.
    pub(super) fn forget(&self, id: &str) {
        self.machines().remove(id);
    }

    /// Slows a machine down, and waits until all of them know.
    pub(super) async fn delay(&self, id: &str, by: Duration) -> Result<(), String> {
        let machines = {
            let mut machines = self.machines();
            if let Some((_, millis)) = machines.get_mut(id) {
                *millis = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
            }
            machines.clone()
        };
        let asked = machines.iter().map(async |(own, (client, millis))| {
            let others = machines.iter().filter(|(other, _)| *other != own);
            let delays = Delays {
                all: *millis,
                to: others.map(|(other, (_, millis))| (dns_name(other), *millis)).collect(),
            };
            match tokio::time::timeout(LIMIT, ask(client, &delays)).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(error)) => Err(format!("{own}: {error}")),
                Err(_) => Err(format!("{own} does not answer")),
            }
        });
        try_join_all(asked).await.map(drop)
    }

    fn machines(&self) -> MutexGuard<'_, BTreeMap<String, (Client, u64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
