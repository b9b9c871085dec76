//! The bodies, by what they are about.

mod access;
mod controllers;
mod definitions;
mod deletion;
mod errors;
mod limits;
mod lists;
mod objects;
mod patches;
mod tokens;
mod validation;
mod watch;

use binaries::Binaries;
use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::world::World;

/// A test of what every cluster answers alike.
pub(crate) struct Body {
    pub(crate) name: &'static str,
    run: Box<dyn Fn(World) -> LocalBoxFuture<'static, ()> + Send + Sync>,
    /// The first version of Kubernetes that answers so: 25 of 1.25.
    since: u32,
    controllers: bool,
}

impl Body {
    fn new<F: Future<Output = ()> + 'static>(name: &'static str, run: fn(World) -> F) -> Self {
        Self {
            name,
            run: Box::new(move |world| run(world).boxed_local()),
            since: 0,
            controllers: false,
        }
    }

    fn since(mut self, minor: u32) -> Self {
        self.since = minor;
        self
    }

    /// Of what controllers do.
    fn with_controllers(mut self) -> Self {
        self.controllers = true;
        self
    }

    /// Whether it is about what controllers do.
    pub(crate) fn is_of_controllers(&self) -> bool {
        self.controllers
    }

    /// Why it cannot run on these, with `ours` controllers or Kubernetes' own.
    pub(crate) fn against(&self, binaries: &Binaries, ours: bool) -> Option<String> {
        if binaries.minor < self.since {
            return Some(format!("needs 1.{}", self.since));
        }
        (self.controllers && !ours && binaries.controller_manager.is_none()).then(|| "needs kube-controller-manager".to_owned())
    }

    pub(crate) async fn run(&self, world: World) {
        (self.run)(world).await;
    }
}

/// All of them.
pub(crate) fn all() -> Vec<Body> {
    let lists = [
        objects::all(),
        patches::all(),
        lists::all(),
        watch::all(),
        deletion::all(),
        access::all(),
        controllers::all(),
        limits::all(),
        tokens::all(),
        definitions::all(),
        errors::all(),
        validation::all(),
    ];
    lists.into_iter().flatten().collect()
}
