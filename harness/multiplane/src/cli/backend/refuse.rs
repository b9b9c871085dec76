//! What a backend cannot do for the scenarios, told before anything is made.

use binaries::Binaries;
use multiplane::backend::binaries as programs;
#[cfg(feature = "docker")]
use multiplane::backend::container;
use multiplane::backend::existing::{self, Contexts};
use multiplane::backend::faults;
#[cfg(feature = "docker")]
use multiplane::backend::k3s;
use multiplane::backend::kind;
use multiplane::run::{Plan, Skip};
use scenario::Scenario;

use super::super::exit::Failure;
use super::{Backend, BackendArgs};

impl BackendArgs {
    /// Refuses what the backend cannot do, before anything is made.
    pub(crate) fn refuse(&self, plans: &[Plan]) -> Result<(), Failure> {
        self.refuse_options()?;
        self.backend.require()?;
        let contexts = self.contexts()?;
        let found = self.programs();
        let faults = plans.iter().filter(|plan| plan.skip.is_none()).flat_map(|plan| {
            let refused = self.refusals(&plan.loaded.scenario, &contexts, found.as_ref()).into_iter();
            refused.map(|refused| format!("error: {} cannot run on {}: {refused}", plan.name(), self.backend.name()))
        });
        let faults: Vec<String> = faults.collect();
        if faults.is_empty() {
            Ok(())
        } else {
            Err(Failure::invalid(faults.join("\n")))
        }
    }

    /// Marks what the backend cannot run, so that the run leaves it out.
    ///
    /// # Errors
    /// If nothing is left.
    pub(crate) fn skip_unsupported(&self, plans: &mut [Plan]) -> Result<(), Failure> {
        self.refuse_options()?;
        self.backend.require()?;
        let contexts = self.contexts()?;
        let found = self.programs();
        for plan in plans.iter_mut() {
            let refused = self.refusals(&plan.loaded.scenario, &contexts, found.as_ref());
            plan.skip = (!refused.is_empty()).then(|| Skip {
                backend: self.backend.name(),
                why: refused.join("\n"),
            });
        }
        if plans.iter().any(|plan| plan.skip.is_none()) {
            return Ok(());
        }
        plans.iter_mut().for_each(|plan| plan.skip = None);
        self.refuse(plans)
    }

    /// The programs of the backend `binaries`. Where there are none, the set-up says so.
    fn programs(&self) -> Option<Binaries> {
        (self.backend == Backend::Binaries).then(Binaries::find).and_then(Result::ok)
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

    /// Why the backend cannot run a scenario; empty if it can. Of `binaries`, versions are looked at where the programs are `found`.
    pub(crate) fn refusals(&self, scenario: &Scenario, contexts: &Contexts, found: Option<&Binaries>) -> Vec<String> {
        match self.backend {
            Backend::Embedded => faults::refusals(scenario, self.backend.makes()),
            Backend::Binaries => programs::refusals(scenario, found),
            #[cfg(feature = "docker")]
            Backend::Container => container::refusals(scenario),
            #[cfg(feature = "docker")]
            Backend::K3s => k3s::refusals(scenario, &self.tags()),
            #[cfg(not(feature = "docker"))]
            Backend::Container | Backend::K3s => Vec::new(),
            Backend::Kind => kind::refusals(scenario, &self.configs()),
            Backend::Existing => existing::refusals(scenario, contexts),
        }
    }
}
