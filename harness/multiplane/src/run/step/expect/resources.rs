//! `expect: resources`.

use std::sync::Arc;
use std::time::Duration;

use kube::Api;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::{reflector, watcher};
use scenario::verb::{Invariant, Read, Resources};
use tokio::time::{Instant, sleep};
use virtual_node::Pause;

use super::demand::Demand;
use super::settle::{Patience, settle_in};
use crate::run::objects::Kinds;
use crate::run::step::failure::{Failure, UNREACHABLE};

/// Objects of one kind.
pub(crate) struct Selection<'s> {
    api_version: &'s str,
    kind: &'s str,
    namespace: Option<&'s str>,
    name: Option<&'s str>,
    selector: Option<&'s str>,
}

/// Steps select objects by fields of the same names.
macro_rules! selects {
    ($step:ty) => {
        impl<'s> From<&'s $step> for Selection<'s> {
            fn from(step: &'s $step) -> Self {
                Self {
                    selector: step.selector.as_ref().map(|selector| selector.value.as_str()),
                    ..selects!(step, step.name.as_ref())
                }
            }
        }
    };
    ($step:ident, $name:expr) => {
        Self {
            api_version: &$step.api_version,
            kind: &$step.kind,
            namespace: $step.namespace.as_deref(),
            name: $name.map(|name| name.value.as_str()),
            selector: None,
        }
    };
}

selects!(Resources);
selects!(Invariant);

impl<'s> From<&'s Read> for Selection<'s> {
    fn from(step: &'s Read) -> Self {
        selects!(step, Some(&step.name))
    }
}

/// How the objects of a selection are watched.
pub(crate) struct Watched {
    pub(crate) api: Api<DynamicObject>,
    pub(crate) config: watcher::Config,
    kind: ApiResource,
}

impl Watched {
    /// An empty store for them.
    pub(crate) fn store(&self) -> (reflector::Store<DynamicObject>, reflector::store::Writer<DynamicObject>) {
        let writer = reflector::store::Writer::new(self.kind.clone());
        (writer.as_reader(), writer)
    }
}

impl Selection<'_> {
    /// In a cluster.
    ///
    /// # Errors
    /// If the cluster does not serve the kind.
    pub(crate) async fn watched(&self, kinds: &Kinds) -> Result<Watched, Failure> {
        let (api, kind) = kinds.api(self.api_version, self.kind, self.namespace).await?;
        let config = match (self.name, self.selector) {
            (Some(name), _) => watcher::Config::default().fields(&format!("metadata.name={name}")),
            (None, Some(selector)) => watcher::Config::default().labels(selector),
            (None, None) => watcher::Config::default(),
        };
        Ok(Watched { api, config, kind })
    }

    /// As [`watched`](Self::watched); an API server that is not reached may be until then, as it may later, when it is watched.
    async fn reached(&self, kinds: &Kinds, within: Duration) -> Result<Watched, Failure> {
        let end = Instant::now() + within;
        for pause in Pause::default() {
            match self.watched(kinds).await {
                Err(failure) if failure.code == UNREACHABLE && Instant::now() + pause < end => sleep(pause).await,
                result => return result,
            }
        }
        self.watched(kinds).await
    }

    /// Waits until the objects of one cluster are as demanded; gives them as they were then.
    pub(crate) async fn expect(
        &self,
        kinds: &Kinds,
        cluster: &str,
        demand: &Demand,
        patience: &Patience,
    ) -> Result<Vec<Arc<DynamicObject>>, Failure> {
        let watched = self.reached(kinds, patience.within).await?;
        let store = watched.store();
        let objects = store.0.clone();
        let result = settle_in(
            store,
            watched.api,
            watched.config,
            patience.of(format!("{cluster}: {}", self.what())),
            |objects| demand.check(cluster, objects),
        )
        .await;
        result.map(|()| objects.state()).map_err(|failure| Failure {
            message: format!("{} {}", self.what(), failure.message),
            ..failure
        })
    }

    /// For messages.
    pub(crate) fn what(&self) -> String {
        let place = self.namespace.map_or(String::new(), |namespace| format!("{namespace}/"));
        format!("{} {place}{}", self.kind, self.name.unwrap_or("*"))
    }
}
