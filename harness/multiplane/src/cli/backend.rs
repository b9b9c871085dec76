//! Where a run's clusters come from: the arguments, and what they lead to.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use binaries::Binaries;
use clap::{Args, ValueEnum};
use multiplane::backend::binaries::{self as programs, BinariesBackend};
#[cfg(feature = "docker")]
use multiplane::backend::container::{self, ContainerBackend};
use multiplane::backend::existing::{self, Address, Contexts, ExistingBackend, Mapping};
use multiplane::backend::faults::{self, Makes};
#[cfg(feature = "docker")]
use multiplane::backend::k3s::{self, K3sBackend};
use multiplane::backend::kind::{self, Configs, KindBackend, NodeImage, needs_planes};
use multiplane::backend::ledger::State;
use multiplane::backend::outside::{self, Keep, Outside, Session};
use multiplane::backend::{NodeImages, Placer};
use multiplane::local::{Flytekit, Locals, SpaceError, check};
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
    /// Node image of kind's or k3s's clusters, for one Kubernetes version (1.36=IMAGE) or for clusters that name none. May be repeated.
    #[arg(long, value_name = "[VERSION=]IMAGE")]
    node_image: Vec<NodeImage>,
    /// Image that every cluster of kind or k3s gets: an archive, or a local image's name. May be repeated. Images of Flyte's planes that are not
    /// among them are the reference planes', from multiplane:dev (MULTIPLANE_IMAGE names another), unless `--planes` says otherwise.
    #[arg(long, value_name = "IMAGE")]
    load: Vec<String>,
    /// Whose programs the images of Flyte's planes are on clusters of kind or k3s. Verdicts say so: `placed by: upstream`.
    #[arg(long, value_enum, value_name = "WHOSE")]
    planes: Option<PlanesArg>,
    /// Folder with configurations for kind, in place of those compiled in.
    #[arg(long, value_name = "DIR")]
    kind_configs: Option<PathBuf>,
    /// The kubeconfig of existing clusters. No other is ever read, also not the one that KUBECONFIG names.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// The context that is a scenario's cluster. Contexts that are not named are not used. May be repeated.
    #[arg(long, value_name = "CLUSTER=CONTEXT")]
    context: Vec<Mapping>,
    /// Where pods of other clusters reach an existing cluster's API server, if not where the kubeconfig says. May be repeated.
    #[arg(long, value_name = "CLUSTER=URL")]
    api: Vec<Address>,
    /// A flyteadmin of yours, which runs as a process of this computer in the place of the reference: with the files of its pod at their
    /// paths (Linux namespaces), and in real time. Verdicts then say `placed by: upstream`. Its database and store are yours to provide.
    #[arg(long, value_name = "PATH")]
    flyteadmin: Option<PathBuf>,
    /// A virtual environment with flytekit, whose pyflyte-execute runs the tasks of Python projects as processes of this computer, in real time
    /// and in namespaces of their own. Tasks then really compute; without it a stand-in answers for them with empty outputs.
    #[arg(long, value_name = "PATH")]
    flytekit: Option<PathBuf>,
}

/// Where clusters come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// In this process, in virtual time.
    Embedded,
    /// Real etcd and kube-apiserver processes of this computer with virtual nodes, in real time; from KUBEBUILDER_ASSETS, PATH or envtest's folders.
    Binaries,
    /// Embedded clusters in docker containers of their own, in real time; needs the image of `make images`.
    Container,
    /// Made by the `kind` command, in docker containers.
    Kind,
    /// Clusters of k3s in privileged docker containers.
    K3s,
    /// Clusters that are there already, and stay: contexts of a kubeconfig that are named one by one and marked for tests.
    Existing,
}

/// Whose programs the images of Flyte's planes are.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PlanesArg {
    /// The reference planes' under the names that charts give to images; the default.
    Reference,
    /// Flyte's own, which nodes pull or `--load` brings. Their database and object store are for the scenario to deploy.
    Upstream,
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
        !matches!(self, Self::Container | Self::K3s) || cfg!(feature = "docker")
    }

    /// Refuses a backend that this build does not have.
    pub(crate) fn require(self) -> Result<(), Failure> {
        if self.is_built() {
            return Ok(());
        }
        Err(Failure::invalid(format!(
            "error: this multiplane was built without the backend {}; `cargo build -p multiplane --features docker` builds it in, and \
             `make images` the image of clusters in containers and of the reference planes",
            self.name()
        )))
    }

    /// What it makes of faults.
    pub(crate) fn makes(self) -> Makes {
        match self {
            Self::Embedded => Makes::Traffic,
            Self::Binaries => Makes::Links,
            Self::Container => Makes::Machines,
            Self::Kind | Self::K3s | Self::Existing => Makes::Nothing,
        }
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

    /// Whether time is the computer's.
    pub(crate) fn is_real(&self) -> bool {
        self.is_outside() || self.flyteadmin.is_some() || self.flytekit.is_some()
    }

    /// Scenarios that run at the same time; kind's clusters are heavy unless told otherwise.
    pub(crate) fn jobs(&self, asked: Option<NonZeroUsize>) -> Result<NonZeroUsize, Failure> {
        match (self.backend, asked) {
            (Backend::Existing, Some(jobs)) if jobs > NonZeroUsize::MIN => Err(Failure::invalid(
                "error: --jobs: existing clusters serve one scenario at a time; leave it out",
            )),
            (Backend::Embedded, Some(jobs)) if self.flyteadmin.is_some() && jobs > NonZeroUsize::MIN => Err(Failure::invalid(
                "error: --jobs: a flyteadmin of yours has this computer's ports for one scenario at a time; leave it out",
            )),
            (Backend::Embedded, None) if self.flyteadmin.is_some() => Ok(NonZeroUsize::MIN),
            (_, Some(jobs)) => Ok(jobs),
            (Backend::Binaries | Backend::Kind | Backend::K3s | Backend::Existing, None) => Ok(NonZeroUsize::MIN),
            (Backend::Embedded | Backend::Container, None) => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        }
    }

    /// Refuses what the backend cannot do, before anything is made.
    pub(crate) fn refuse(&self, plans: &[Plan]) -> Result<(), Failure> {
        self.refuse_options()?;
        self.backend.require()?;
        let contexts = self.contexts()?;
        // Where there are none, the set-up says so.
        let found = (self.backend == Backend::Binaries).then(Binaries::find).and_then(Result::ok);
        let faults = plans.iter().flat_map(|plan| {
            let refused = self.refusals(plan, &contexts, found.as_ref()).into_iter();
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
        let (kind, existing) = (self.backend == Backend::Kind, self.backend == Backend::Existing);
        let nodes = kind || self.backend == Backend::K3s;
        let given = [
            (
                "--keep",
                self.keep.is_some() && matches!(self.backend, Backend::Embedded | Backend::Binaries),
                "--backend container, kind, k3s or existing",
            ),
            ("--flyteadmin", self.flyteadmin.is_some() && self.is_outside(), "--backend embedded"),
            ("--flytekit", self.flytekit.is_some() && self.is_outside(), "--backend embedded"),
            ("--kubeconfig", self.kubeconfig.is_some() && !existing, "--backend existing"),
            ("--context", !self.context.is_empty() && !existing, "--backend existing"),
            ("--api", !self.api.is_empty() && !existing, "--backend existing"),
            ("--node-image", !self.node_image.is_empty() && !nodes, "--backend kind or k3s"),
            ("--planes", self.planes.is_some() && !nodes, "--backend kind or k3s"),
            ("--load", !self.load.is_empty() && !nodes, "--backend kind or k3s"),
            ("--kind-configs", self.kind_configs.is_some() && !kind, "--backend kind"),
        ];
        if let Some((option, _, backend)) = given.iter().find(|(_, given, _)| *given) {
            let clusters = match self.backend {
                Backend::Binaries => "clusters that end with this process",
                Backend::Container => "clusters in containers",
                Backend::Kind => "clusters of kind",
                Backend::K3s => "clusters of k3s",
                Backend::Existing => "existing clusters",
                Backend::Embedded => "embedded clusters",
            };
            return Err(Failure::invalid(format!(
                "error: {option} means nothing to {clusters}; add {backend}"
            )));
        }
        if existing && (self.kubeconfig.is_none() || self.context.is_empty()) {
            return Err(Failure::invalid(
                "error: --backend existing uses no clusters but those that are named: add --kubeconfig FILE and, for each cluster of the \
                 scenarios, --context CLUSTER=CONTEXT",
            ));
        }
        match self.kind_configs.as_ref().filter(|folder| !folder.is_dir()) {
            Some(folder) => Err(Failure::invalid(format!(
                "error: --kind-configs: {} is no folder",
                folder.display()
            ))),
            None => Ok(()),
        }
    }

    /// The contexts that are named; none for other backends.
    fn contexts(&self) -> Result<Contexts, Failure> {
        let Some(file) = &self.kubeconfig else {
            return Ok(Contexts::default());
        };
        Contexts::read(file, &self.context, &self.api).map_err(|error| Failure::invalid(format!("error: {error}")))
    }

    fn refusals(&self, plan: &Plan, contexts: &Contexts, found: Option<&Binaries>) -> Vec<String> {
        match self.backend {
            Backend::Embedded => faults::refusals(&plan.loaded.scenario, self.backend.makes()),
            Backend::Binaries => programs::refusals(&plan.loaded.scenario, found),
            #[cfg(feature = "docker")]
            Backend::Container => container::refusals(&plan.loaded.scenario),
            #[cfg(feature = "docker")]
            Backend::K3s => k3s::refusals(&plan.loaded.scenario, &self.tags()),
            #[cfg(not(feature = "docker"))]
            Backend::Container | Backend::K3s => Vec::new(),
            Backend::Kind => kind::refusals(&plan.loaded.scenario, &self.configs()),
            Backend::Existing => existing::refusals(&plan.loaded.scenario, contexts),
        }
    }

    fn configs(&self) -> Configs {
        Configs {
            folder: self.kind_configs.clone(),
            images: self.node_image.clone(),
        }
    }

    #[cfg(feature = "docker")]
    fn tags(&self) -> k3s::Tags {
        k3s::Tags {
            images: self.node_image.clone(),
        }
    }

    fn images(&self, plans: &[Plan]) -> NodeImages {
        NodeImages {
            given: self.load.clone(),
            needs_planes: plans.iter().map(|plan| needs_planes(&plan.loaded.scenario)).collect(),
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
                    scenarios: plans.iter().map(|plan| plan.loaded.scenario.clone()).collect(),
                };
                let backend = ExistingBackend::begin(settings, run).await;
                Ok(Arc::new(backend.map_err(|error| environment(&error))?))
            }
            _ => Err(Failure::fault("error: this backend is not outside of this process")),
        }
    }
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
