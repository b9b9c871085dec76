//! Setting a backend up, and ending it.

use std::path::Path;
use std::sync::Arc;

use multiplane::backend::binaries::{self as programs, BinariesBackend};
#[cfg(feature = "docker")]
use multiplane::backend::container::{self, ContainerBackend};
use multiplane::backend::existing::{self, ExistingBackend};
#[cfg(feature = "docker")]
use multiplane::backend::k3s::{self, K3sBackend};
use multiplane::backend::kind::{self, KindBackend, needs_planes};
use multiplane::backend::ledger::State;
use multiplane::backend::outside::{self, Keep, Outside, Session};
use multiplane::backend::{NodeImages, Placer};
use multiplane::local::{Flytekit, Locals, SpaceError, check};
use multiplane::run::{Plan, Provider};
use scenario::Scenario;
use tokio::runtime::{Builder, Runtime};

use super::super::exit::Failure;
use super::super::output::complain;
use super::super::signals::Signals;
use super::{Backend, BackendArgs, KeepArg, PlanesArg};

impl BackendArgs {
    /// Sets the backend up.
    pub(crate) fn begin(&self, run: &str, plans: &[Plan], signals: &Signals) -> Result<Begun, Failure> {
        if self.flyteadmin.is_some() || self.flytekit.is_some() {
            return self.locals(run, signals);
        }
        if !self.is_outside() {
            return Ok(Begun::Embedded);
        }
        let state = State::from_env().map_err(|error| environment(&error))?;
        signals.outside();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let backend = runtime.block_on(self.outside(state, run, plans))?;
        backend.notes().iter().for_each(|note| complain(note));
        Ok(Begun::Outside(runtime, backend))
    }

    /// The user's own programs, as soon as it is sure that they can run here.
    fn locals(&self, run: &str, signals: &Signals) -> Result<Begun, Failure> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let usable = |option: &str, file: &Path| runtime.block_on(check(file)).map_err(|error| unusable(option, error));
        if let Some(file) = &self.flyteadmin {
            usable("--flyteadmin", file)?;
        }
        let absolute = self.flyteadmin.as_ref().map(|file| file.canonicalize()).transpose()?;
        let flytekit = self.flytekit.as_deref().map(Flytekit::at).transpose();
        let flytekit = flytekit.map_err(|error| unusable("--flytekit", error))?;
        if let Some(flytekit) = &flytekit {
            usable("--flytekit", &flytekit.executable("pyflyte-execute"))?;
        }
        let state = State::from_env().map_err(|error| environment(&error))?;
        signals.outside();
        let session = Session::begin(outside::Settings::new(state), run).map_err(|error| environment(&error))?;
        Ok(Begun::Local(runtime, Locals::new(absolute, flytekit, session)))
    }

    async fn outside(&self, state: State, run: &str, plans: &[Plan]) -> Result<Arc<dyn Outside>, Failure> {
        let outside = outside::Settings {
            keep: self.keep(),
            ..outside::Settings::new(state.clone())
        };
        match self.backend {
            Backend::Binaries => {
                let backend = BinariesBackend::begin(programs::Settings { outside }, run);
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            #[cfg(feature = "docker")]
            Backend::Container => {
                let settings = container::Settings {
                    outside,
                    ..container::Settings::new(state)
                };
                let backend = ContainerBackend::begin(settings, run).await;
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            Backend::Kind => {
                let settings = kind::Settings {
                    outside,
                    configs: self.configs(),
                    images: self.images(plans),
                    ..kind::Settings::new(state)
                };
                let backend = KindBackend::begin(settings, run).await;
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            #[cfg(feature = "docker")]
            Backend::K3s => {
                let settings = k3s::Settings {
                    outside,
                    tags: self.tags(),
                    images: self.images(plans),
                };
                let backend = K3sBackend::begin(settings, run).await;
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            Backend::Existing => {
                let settings = existing::Settings {
                    outside,
                    contexts: self.contexts()?,
                    scenarios: plans.iter().map(to_run).collect(),
                };
                let backend = ExistingBackend::begin(settings, run).await;
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            _ => Err(Failure::fault("error: this backend is not outside of this process")),
        }
    }

    fn images(&self, plans: &[Plan]) -> NodeImages {
        NodeImages {
            given: self.load.clone(),
            needs_planes: plans
                .iter()
                .map(|plan| plan.skip.is_none() && needs_planes(&plan.loaded.scenario))
                .collect(),
            placer: match self.planes {
                None | Some(PlanesArg::Reference) => Placer::Reference,
                Some(PlanesArg::Upstream) => Placer::Upstream,
            },
            ..NodeImages::default()
        }
    }

    fn keep(&self) -> Keep {
        match self.keep {
            None | Some(KeepArg::Never) => Keep::Never,
            Some(KeepArg::Failed) => Keep::Failed,
            Some(KeepArg::Always) => Keep::Always,
        }
    }
}

/// The scenario, as far as it is run: nothing is asked of a cluster for one that is left out.
fn to_run(plan: &Plan) -> Scenario {
    let mut scenario = plan.loaded.scenario.clone();
    if plan.skip.is_some() {
        scenario.clusters.clear();
        scenario.steps.clear();
    }
    scenario
}

/// Why a program of the user's own cannot be used.
fn unusable(option: &str, error: SpaceError) -> Failure {
    match error {
        SpaceError::Program(_) => Failure::invalid(format!("error: {option}: {error}")),
        SpaceError::Computer(_) => Failure::environment(format!("error: {option}: {error}")),
    }
}

fn environment(error: &dyn std::fmt::Display) -> Failure {
    Failure::environment(format!("error: {error}"))
}

/// A backend that is set up.
pub(crate) enum Begun {
    Embedded,
    Local(Runtime, Locals),
    Outside(Runtime, Arc<dyn Outside>),
}

impl Begun {
    pub(crate) fn provider(&self) -> Provider {
        match self {
            Self::Embedded => Provider::Embedded,
            Self::Local(_, locals) => Provider::Local(locals.clone()),
            Self::Outside(_, backend) => Provider::Outside(backend.clone()),
        }
    }

    /// Ends the backend; tells whether nothing is left that should have gone.
    pub(crate) fn end(self) -> Result<bool, Failure> {
        let left = match self {
            Self::Embedded => return Ok(true),
            Self::Local(runtime, locals) => runtime.block_on(locals.end_run()),
            Self::Outside(runtime, backend) => runtime.block_on(backend.end()),
        };
        let left = left.map_err(|error| environment(&error))?;
        left.iter().for_each(|left| complain(&format!("error: {left}")));
        Ok(left.is_empty())
    }
}
