//! Where a run's clusters come from: the arguments, and what they lead to.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
#[cfg(feature = "docker")]
use multiplane::backend::container::{self, ContainerBackend};
use multiplane::backend::kind::{self, Configs, KindBackend, NodeImage, needs_planes};
use multiplane::backend::ledger::State;
use multiplane::backend::outside::{self, Keep, Outside};
use multiplane::run::{Plan, Provider};
use tokio::runtime::{Builder, Runtime};

use super::exit::Failure;
use super::output::complain;
use super::signals::Signals;

/// Where a run's clusters come from.
#[derive(Args)]
pub(crate) struct BackendArgs {
    /// Where the clusters come from.
    #[arg(long, value_enum, default_value_t = Backend::Embedded)]
    backend: Backend,
    /// When clusters outside of this process outlive their scenario; `multiplane gc --all` removes them.
    #[arg(long, value_enum, value_name = "WHEN")]
    keep: Option<KeepArg>,
    /// Node image of kind's clusters, for one Kubernetes version (1.36=IMAGE) or for clusters that name none. May be repeated.
    #[arg(long, value_name = "[VERSION=]IMAGE")]
    node_image: Vec<NodeImage>,
    /// Image that every cluster of kind gets: an archive, or a local image's name. May be repeated. Images of Flyte's planes that are not
    /// among them are the reference planes', from multiplane:dev (MULTIPLANE_IMAGE names another).
    #[arg(long, value_name = "IMAGE")]
    load: Vec<String>,
    /// Folder with configurations for kind, in place of those compiled in.
    #[arg(long, value_name = "DIR")]
    kind_configs: Option<PathBuf>,
}

/// Where clusters come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// In this process, in virtual time.
    Embedded,
    /// Embedded clusters in docker containers of their own, in real time; needs the image of `make images`.
    Container,
    /// Made by the `kind` command, in docker containers.
    Kind,
}

/// When clusters outlive their scenario.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KeepArg {
    /// Never; the default.
    Never,
    /// If it did not pass.
    Failed,
    /// Always.
    Always,
}

impl Backend {
    /// Whether this build of multiplane has it.
    pub(crate) fn is_built(self) -> bool {
        self != Self::Container || cfg!(feature = "docker")
    }

    /// Refuses a backend that this build does not have.
    pub(crate) fn require(self) -> Result<(), Failure> {
        if self.is_built() {
            return Ok(());
        }
        Err(Failure::invalid(format!(
            "error: this multiplane was built without the backend {}; `cargo build -p multiplane --features docker` builds it in, and \
             `make images` its image",
            self.name()
        )))
    }

    /// As `--backend` has it.
    pub(crate) fn name(self) -> String {
        let value = self.to_possible_value();
        value.map_or_else(String::new, |value| value.get_name().to_owned())
    }
}

impl BackendArgs {
    /// Whether clusters are outside of this process.
    pub(crate) fn is_outside(&self) -> bool {
        self.backend != Backend::Embedded
    }

    /// Scenarios that run at the same time unless told otherwise: kind's clusters are heavy.
    pub(crate) fn jobs(&self) -> NonZeroUsize {
        match self.backend {
            Backend::Kind => NonZeroUsize::MIN,
            Backend::Embedded | Backend::Container => std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
        }
    }

    /// Refuses what the backend cannot do, before anything is made.
    pub(crate) fn refuse(&self, plans: &[Plan]) -> Result<(), Failure> {
        self.refuse_options()?;
        self.backend.require()?;
        let faults = plans.iter().flat_map(|plan| {
            let refused = self.refusals(plan).into_iter();
            refused.map(|refused| format!("error: {} cannot run on {}: {refused}", plan.name(), self.backend.name()))
        });
        let faults: Vec<String> = faults.collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::invalid(faults.join("\n")))
        }
    }

    /// Options that mean nothing to the backend.
    fn refuse_options(&self) -> Result<(), Failure> {
        let kind = self.backend == Backend::Kind;
        let given = [
            (
                "--keep",
                self.keep.is_some() && !self.is_outside(),
                "--backend container or --backend kind",
            ),
            ("--node-image", !self.node_image.is_empty() && !kind, "--backend kind"),
            ("--load", !self.load.is_empty() && !kind, "--backend kind"),
            ("--kind-configs", self.kind_configs.is_some() && !kind, "--backend kind"),
        ];
        if let Some((option, _, backend)) = given.iter().find(|(_, given, _)| *given) {
            let clusters = match self.backend {
                Backend::Container => "clusters in containers",
                _ => "embedded clusters",
            };
            return Err(Failure::invalid(format!(
                "error: {option} means nothing to {clusters}; add {backend}"
            )));
        }
        match self.kind_configs.as_ref().filter(|folder| !folder.is_dir()) {
            Some(folder) => Err(Failure::invalid(format!(
                "error: --kind-configs: {} is no folder",
                folder.display()
            ))),
            None => Ok(()),
        }
    }

    fn refusals(&self, plan: &Plan) -> Vec<String> {
        match self.backend {
            Backend::Embedded => Vec::new(),
            #[cfg(feature = "docker")]
            Backend::Container => container::refusals(&plan.loaded.scenario),
            #[cfg(not(feature = "docker"))]
            Backend::Container => Vec::new(),
            Backend::Kind => kind::refusals(&plan.loaded.scenario, &self.configs()),
        }
    }

    fn configs(&self) -> Configs {
        Configs {
            folder: self.kind_configs.clone(),
            images: self.node_image.clone(),
        }
    }

    fn keep(&self) -> Keep {
        match self.keep {
            None | Some(KeepArg::Never) => Keep::Never,
            Some(KeepArg::Failed) => Keep::Failed,
            Some(KeepArg::Always) => Keep::Always,
        }
    }

    /// Sets the backend up.
    pub(crate) fn begin(&self, run: &str, plans: &[Plan], signals: &Signals) -> Result<Begun, Failure> {
        if !self.is_outside() {
            return Ok(Begun(None));
        }
        let state = State::from_env().map_err(|error| environment(&error))?;
        signals.outside();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let backend = runtime.block_on(self.outside(state, run, plans))?;
        Ok(Begun(Some((runtime, backend))))
    }

    async fn outside(&self, state: State, run: &str, plans: &[Plan]) -> Result<Arc<dyn Outside>, Failure> {
        let outside = outside::Settings {
            keep: self.keep(),
            ..outside::Settings::new(state.clone())
        };
        match self.backend {
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
                    images: self.load.clone(),
                    needs_planes: plans.iter().map(|plan| needs_planes(&plan.loaded.scenario)).collect(),
                    ..kind::Settings::new(state)
                };
                let backend = KindBackend::begin(settings, run).await;
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            _ => Err(Failure::fault("error: this backend is not outside of this process")),
        }
    }
}

fn environment(error: &dyn std::fmt::Display) -> Failure {
    Failure::environment(format!("error: {error}"))
}

/// A backend that is set up.
pub(crate) struct Begun(Option<(Runtime, Arc<dyn Outside>)>);

impl Begun {
    pub(crate) fn provider(&self) -> Provider {
        self.0
            .as_ref()
            .map_or(Provider::Embedded, |(_, backend)| Provider::Outside(backend.clone()))
    }

    /// Ends the backend; tells whether nothing is left that should have gone.
    pub(crate) fn end(self) -> Result<bool, Failure> {
        let Some((runtime, backend)) = self.0 else { return Ok(true) };
        let left = runtime.block_on(backend.end()).map_err(|error| environment(&error))?;
        left.iter().for_each(|left| complain(&format!("error: {left}")));
        Ok(left.is_empty())
    }
}
