//! Where a run's clusters come from: the arguments, and what they lead to.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use multiplane::backend::kind::{Configs, Keep, KindBackend, NodeImage, Settings, refusals};
use multiplane::backend::ledger::State;
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
    /// Image that every cluster of kind gets: an archive, or a local image's name. May be repeated.
    #[arg(long, value_name = "IMAGE")]
    load: Vec<String>,
    /// Folder with configurations for kind, in place of those compiled in.
    #[arg(long, value_name = "DIR")]
    kind_configs: Option<PathBuf>,
}

/// Where clusters come from.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Backend {
    /// In this process, in virtual time.
    Embedded,
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

impl BackendArgs {
    /// Whether clusters are outside of this process.
    pub(crate) fn is_outside(&self) -> bool {
        self.backend != Backend::Embedded
    }

    /// Refuses what the backend cannot do, before anything is made.
    pub(crate) fn refuse(&self, plans: &[Plan]) -> Result<(), Failure> {
        let given = [
            ("--keep", self.keep.is_some()),
            ("--node-image", !self.node_image.is_empty()),
            ("--load", !self.load.is_empty()),
            ("--kind-configs", self.kind_configs.is_some()),
        ];
        if self.backend == Backend::Embedded {
            return match given.iter().find(|(_, given)| *given) {
                Some((option, _)) => Err(Failure::invalid(format!(
                    "error: {option} means nothing to embedded clusters; add --backend kind"
                ))),
                None => Ok(()),
            };
        }
        if let Some(folder) = self.kind_configs.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(Failure::invalid(format!(
                "error: --kind-configs: {} is no folder",
                folder.display()
            )));
        }
        let configs = self.configs();
        let faults = plans.iter().flat_map(|plan| {
            let refused = refusals(&plan.loaded.scenario, &configs);
            refused
                .into_iter()
                .map(|refused| format!("error: {} cannot run on kind: {refused}", plan.name()))
        });
        let faults: Vec<String> = faults.collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::invalid(faults.join("\n")))
        }
    }

    fn configs(&self) -> Configs {
        Configs {
            folder: self.kind_configs.clone(),
            images: self.node_image.clone(),
        }
    }

    /// Sets the backend up.
    pub(crate) fn begin(&self, run: &str, signals: &Signals) -> Result<Begun, Failure> {
        if self.backend == Backend::Embedded {
            return Ok(Begun(None));
        }
        let failed = |error: &dyn std::fmt::Display| Failure::environment(format!("error: {error}"));
        let state = State::from_env().map_err(|error| failed(&error))?;
        let settings = Settings {
            configs: self.configs(),
            images: self.load.clone(),
            keep: match self.keep {
                None | Some(KeepArg::Never) => Keep::Never,
                Some(KeepArg::Failed) => Keep::Failed,
                Some(KeepArg::Always) => Keep::Always,
            },
            ..Settings::new(state)
        };
        signals.outside();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let backend = runtime
            .block_on(KindBackend::begin(settings, run))
            .map_err(|error| failed(&error))?;
        Ok(Begun(Some((runtime, backend))))
    }
}

/// A backend that is set up.
pub(crate) struct Begun(Option<(Runtime, KindBackend)>);

impl Begun {
    pub(crate) fn provider(&self) -> Provider {
        self.0
            .as_ref()
            .map_or(Provider::Embedded, |(_, backend)| Provider::Kind(backend.clone()))
    }

    /// Ends the backend; tells whether nothing is left that should have gone.
    pub(crate) fn end(self) -> Result<bool, Failure> {
        let Some((runtime, backend)) = self.0 else { return Ok(true) };
        let left = runtime
            .block_on(backend.end())
            .map_err(|error| Failure::environment(format!("error: {error}")))?;
        left.iter().for_each(|left| complain(&format!("error: {left}")));
        Ok(left.is_empty())
    }
}
