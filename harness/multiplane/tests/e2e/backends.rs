//! Which backends this machine has, as `multiplane doctor` says.

use std::process::{Command, Stdio};

use ::binaries::Binaries;
use multiplane::backend::k3s::{self, Tags};
use multiplane::backend::kind::{self, Configs};
use multiplane::backend::{binaries, container};
use scenario::Scenario;
use serde_json::Value;

use crate::patience::too_long;

/// All backends.
pub(crate) struct Backends(Vec<Backend>);

/// One of them.
pub(crate) struct Backend {
    pub(crate) name: String,
    /// Why it cannot run here.
    against: Option<Against>,
}

#[derive(Clone)]
struct Against {
    /// The same on every look, since it is part of what is listed.
    short: String,
    /// With what mends it.
    long: String,
}

/// Whether a scenario can run here.
pub(crate) enum Here {
    /// It can.
    Yes,
    /// It can, but takes long.
    Long(String),
    /// It cannot, in few words and in many.
    No { short: String, long: String },
}

impl Backends {
    /// Asks the command that is under test.
    #[expect(clippy::disallowed_methods, reason = "the program under test")]
    pub(crate) fn ask() -> Self {
        let doctor = Command::new(env!("CARGO_BIN_EXE_multiplane"))
            .args(["doctor", "--json"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let report: Value = serde_json::from_slice(&doctor.stdout).unwrap();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let backends = list(&report["backends"]).into_iter().map(|backend| {
            let ids = list(&backend["because"]);
            let checks = list(&report["checks"]);
            let failed: Vec<&Value> = checks
                .iter()
                .filter(|check| {
                    check["level"] == "fail" && ids.contains(&check["id"]) && list(&check["backends"]).contains(&backend["backend"])
                })
                .collect();
            Backend {
                name: text(&backend["backend"]),
                against: (backend["usable"] != true).then(|| Against::of(&failed)),
            }
        });
        Self(backends.collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Backend> {
        self.0.iter()
    }

    /// Says what keeps backends from running here.
    #[expect(clippy::print_stderr, reason = "beside the tests' own output")]
    pub(crate) fn tell(&self) {
        for backend in &self.0 {
            if let Some(against) = &backend.against {
                eprintln!("{}: ignored: {}", backend.name, against.long);
            }
        }
    }
}

impl Against {
    fn of(failed: &[&Value]) -> Self {
        let ids: Vec<String> = failed.iter().map(|check| text(&check["id"])).collect();
        let long = failed.iter().map(|check| match check["mend"].as_str() {
            Some(mend) => format!("{}; mend: {mend}", text(&check["found"])),
            None => text(&check["found"]),
        });
        Self {
            short: format!("cannot run here: {}", ids.join(", ")),
            long: long.collect::<Vec<_>>().join("; "),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Backend {
    /// Whether this scenario can run on it here.
    pub(crate) fn runs(&self, scenario: &Scenario) -> Here {
        if let Some(Against { short, long }) = self.against.clone() {
            return Here::No { short, long };
        }
        let refusals = match self.name.as_str() {
            "binaries" => binaries::refusals(scenario, Binaries::find().ok().as_ref()),
            "container" => container::refusals(scenario),
            "kind" => kind::refusals(scenario, &Configs::default()),
            "k3s" => k3s::refusals(scenario, &Tags::default()),
            "existing" => vec!["clusters of a user's own are named by --kubeconfig and --context".to_owned()],
            _ => Vec::new(),
        };
        if refusals.is_empty() {
            // Time is not real in embedded clusters.
            let long = too_long(scenario).filter(|_| self.name != "embedded");
            return long.map_or(Here::Yes, |wait| Here::Long(format!("waits up to {wait}")));
        }
        let long = refusals.join("\n");
        let short = format!("refused by {}", self.name);
        Here::No { short, long }
    }
}
