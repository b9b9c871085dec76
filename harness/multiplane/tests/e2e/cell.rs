//! One scenario on one backend.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use libtest_mimic::Failed;
use multiplane::run::Plan;
use scenario::Verb;

/// The release whose flyteadmin brings namespaces into data planes, and how often.
const ADMIN: &str = "flyte-core";
const REFRESH: &str = "set.flyte-core.cluster_resource_manager.config.cluster_resources.refreshInterval=5s";

/// One scenario on one backend.
pub(crate) struct Cell {
    backend: String,
    file: PathBuf,
    pins: Vec<String>,
}

impl Cell {
    pub(crate) fn new(backend: &str, plan: &Plan) -> Self {
        let mut pins = Vec::new();
        let hold = std::env::var("MULTIPLANE_E2E_HOLD").unwrap_or_else(|_| "30s".to_owned());
        if backend != "embedded" && hold != "full" {
            pins.push(format!("longest-hold={hold}"));
            let deploys = |verb: &Verb| matches!(verb, Verb::Deploy(deploy) | Verb::Upgrade(deploy) if deploy.release.value == ADMIN);
            if plan.loaded.scenario.steps.iter().any(|step| deploys(&step.verb)) {
                pins.push(REFRESH.to_owned());
            }
        }
        Self {
            backend: backend.to_owned(),
            file: plan.loaded.scenario.file.clone(),
            pins,
        }
    }

    /// Runs it. What it says is shown if it fails.
    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    pub(crate) fn run(&self) -> Result<(), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_multiplane"));
        command.arg("run").arg(&self.file).args(["--backend", &self.backend, "--verbose"]);
        for pin in &self.pins {
            command.args(["--matrix", pin]);
        }
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(());
        }
        let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        Err(format!("{command:?}: {}\n{told}{complained}", output.status).into())
    }
}
