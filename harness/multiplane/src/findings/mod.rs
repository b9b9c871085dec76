//! What a failed scenario's clusters hold at the moment of the failure: objects, events, logs, releases; and facts about the machine.
//!
//! They go into a capsule ([`crate::capsule`]), beside the scenario. Everything that a Secret of any of the clusters holds is taken out of
//! every text (`secrets`), so that a capsule can be given away.

mod logs;
mod objects;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;

use crate::backend::Cluster;
use crate::secrets::Secrets;

/// How long collecting may take: a cluster that does not answer must not keep a run.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was found, by scenario. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct Findings(Arc<Mutex<BTreeMap<String, Vec<Finding>>>>);

/// One text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Where it belongs, with `/` between the parts: `clusters/dataplane_1/events.txt`.
    pub path: String,
    /// The text, without secrets.
    pub text: String,
}

/// What one cluster holds, with its secrets.
#[derive(Default)]
struct Found {
    findings: Vec<Finding>,
}

impl Found {
    fn add(&mut self, path: impl Into<String>, text: String) {
        self.findings.push(Finding { path: path.into(), text });
    }
}

impl Findings {
    /// Looks at all clusters of a scenario. What cannot be had is told in the place where it would be.
    pub(crate) async fn collect(&self, scenario: &str, clusters: impl Iterator<Item = &Arc<dyn Cluster>>, secrets: &Secrets) {
        secrets.learn().await;
        let found = join_all(clusters.map(async |cluster| {
            let client = cluster.client();
            let whole = async {
                let mut found = objects::objects(&client).await;
                logs::logs(&client, &mut found).await;
                found
            };
            let found = tokio::time::timeout(PATIENCE, whole).await.unwrap_or_else(|_| {
                let mut found = Found::default();
                found.add("unreachable.txt", format!("not all was told within {} s", PATIENCE.as_secs()));
                found
            });
            (cluster.id().to_owned(), found)
        }))
        .await;
        // Also those that came while it was looked.
        secrets.learn().await;
        let texts = found.iter().flat_map(|(id, found)| {
            found.findings.iter().map(move |finding| Finding {
                path: format!("clusters/{id}/{}", finding.path),
                text: secrets.redact(&finding.text).into_owned(),
            })
        });
        let texts = texts.collect();
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(scenario.to_owned(), texts);
    }

    /// What was found for a scenario; empty if it passed.
    pub fn of(&self, scenario: &str) -> Vec<Finding> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(scenario)
            .cloned()
            .unwrap_or_default()
    }
}
