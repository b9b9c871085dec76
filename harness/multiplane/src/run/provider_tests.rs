//! What becomes of the logs that a world leaves.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use simnet::{Clock, Host};
use tokio_util::sync::CancellationToken;

use super::{Plan, Provider, Suite, suite};
use crate::backend::outside::{Outside, Session};
use crate::backend::{BackendError, Capabilities, Cluster, ClusterSpec, Embedded, End, Ended, Time, World};
use crate::journal::{Journal, Outcome};
use flyte::stores::Stores;

/// What clusters write down of themselves.
const LOG: &str = "began with s3cret-of-a-cluster and ended";

/// Worlds that keep a log when their scenario failed.
#[derive(Debug)]
struct Logging(PathBuf);

impl Outside for Logging {
    fn world(&self, _: usize, seed: u64) -> Result<Box<dyn World>, BackendError> {
        Ok(Box::new(Logged {
            world: Embedded::new(Time::Real, seed, &Stores::new())?,
            folder: self.0.clone(),
        }))
    }

    fn session(&self) -> &Session {
        unreachable!("there is nothing outside")
    }
}

struct Logged {
    world: Embedded,
    folder: PathBuf,
}

impl World for Logged {
    fn capabilities(&self) -> Capabilities {
        self.world.capabilities()
    }

    fn clock(&self) -> &Clock {
        self.world.clock()
    }

    fn operator(&self) -> Host {
        self.world.operator()
    }

    fn trust(&self) -> &str {
        self.world.trust()
    }

    fn create<'a>(&'a self, spec: &'a ClusterSpec) -> BoxFuture<'a, Result<Arc<dyn Cluster>, BackendError>> {
        self.world.create(spec)
    }

    fn end(&self, end: End) -> BoxFuture<'_, Ended> {
        async move {
            let kept = end == End::Failed && std::fs::write(self.folder.join("a.log"), LOG).is_ok();
            Ended {
                logs: kept.then(|| self.folder.clone()),
                ..Ended::default()
            }
        }
        .boxed()
    }
}

#[test]
fn logs_of_clusters_lose_their_secrets() {
    let folder = tempfile::tempdir().unwrap();
    let secret = "{apiVersion: v1, kind: Secret, metadata: {name: s}, stringData: {word: s3cret-of-a-cluster}}";
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {{name: s}}\nclusters: {{a: {{role: other}}}}\nsteps:\n\
         - apply: {{on: a, namespace: default, objects: [{secret}]}}\n\
         - expect: {{resources: {{on: a, apiVersion: v1, kind: Namespace, name: default, absent: true, within: 10ms}}}}\n"
    );
    let plan = Plan::of_text(Path::new("s.yaml"), &text, None, "test").unwrap_or_else(|invalid| panic!("{invalid}"));
    let journal = Journal::new("test".into(), None, Vec::new()).unwrap();
    let settings = Suite {
        provider: Provider::Outside(Arc::new(Logging(folder.path().to_owned()))),
        ..Suite::embedded(CancellationToken::new())
    };
    assert_eq!(suite(&[plan], &settings, &journal).outcomes, [Outcome::Failed]);
    let log = std::fs::read_to_string(folder.path().join("a.log")).unwrap();
    assert_eq!(log, "began with <secret: a default/s:word> and ended");
}
