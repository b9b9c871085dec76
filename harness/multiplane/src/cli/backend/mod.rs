//! Where a run's clusters come from: the arguments, and what they lead to.

mod begin;
mod refuse;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use multiplane::backend::existing::{Address, Contexts, Mapping};
use multiplane::backend::faults::Makes;
#[cfg(feature = "docker")]
use multiplane::backend::k3s;
use multiplane::backend::kind::{Configs, NodeImage};

use super::exit::Failure;

/// Where a run's clusters come from.
#[derive(Args, Default)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// In this process, in virtual time.
    #[default]
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
    /// A backend, and nothing that is said of it.
    pub(crate) fn plain(backend: Backend) -> Self {
        Self {
            backend,
            ..Self::default()
        }
    }

    /// Whether clusters are outside of this process.
    pub(crate) fn is_outside(&self) -> bool {
        self.backend != Backend::Embedded
    }

    /// What was said of the clusters but for the backend's name, as options of a command that runs on them again.
    pub(crate) fn options(&self) -> Vec<String> {
        let path = |name: &'static str, path: &Option<PathBuf>| path.as_ref().map(|path| [name.to_owned(), path.display().to_string()]);
        let planes = self.planes.as_ref().and_then(ValueEnum::to_possible_value);
        let planes = planes.map(|planes| ["--planes".to_owned(), planes.get_name().to_owned()]);
        let named = [
            path("--kubeconfig", &self.kubeconfig),
            path("--kind-configs", &self.kind_configs),
            path("--flyteadmin", &self.flyteadmin),
            path("--flytekit", &self.flytekit),
            planes,
        ];
        fn each<'a>(name: &'static str, values: &'a [impl ToString]) -> impl Iterator<Item = [String; 2]> + 'a {
            values.iter().map(move |value| [name.to_owned(), value.to_string()])
        }
        let listed = each("--context", &self.context)
            .chain(each("--api", &self.api))
            .chain(each("--node-image", &self.node_image))
            .chain(each("--load", &self.load));
        named.into_iter().flatten().chain(listed).flatten().collect()
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

    /// The contexts that are named; none for other backends.
    fn contexts(&self) -> Result<Contexts, Failure> {
        let Some(file) = &self.kubeconfig else {
            return Ok(Contexts::default());
        };
        Contexts::read(file, &self.context, &self.api).map_err(|error| Failure::invalid(format!("error: {error}")))
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
}
