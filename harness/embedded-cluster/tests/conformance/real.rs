//! A real control plane on loopback: etcd and kube-apiserver, with Kubernetes' own controllers where they are, or with this crate's.

use binaries::{Binaries, ControlPlane, Credentials, Settings};
use embedded_cluster::{Components, Keys};
use simnet::Clock;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::session::{Session, Who};

/// A control plane that runs, and ends when dropped.
pub(crate) struct Real {
    // Before the folder goes.
    components: Option<Components>,
    plane: ControlPlane,
    _folder: TempDir,
    /// The components' tasks.
    _runtime: Runtime,
}

impl Real {
    /// Starts one, with `ours` controllers or with Kubernetes' own.
    pub(crate) fn start(binaries: &Binaries, ours: bool) -> Result<Self, String> {
        let mut binaries = binaries.clone();
        if ours {
            binaries.controller_manager = None;
        }
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(text)?;
        let folder = tempfile::Builder::new().prefix("conformance-").tempdir().map_err(text)?;
        let (plane, components) = runtime.block_on(async {
            let settings = Settings {
                folder: folder.path(),
                names: &[],
                egress: None,
                told: &|_| {},
            };
            let plane = ControlPlane::start(&binaries, &settings).await.map_err(text)?;
            let components = ours.then(|| own(&plane)).transpose()?;
            Ok::<_, String>((plane, components))
        })?;
        Ok(Self {
            components,
            plane,
            _folder: folder,
            _runtime: runtime,
        })
    }

    /// Whether it has controllers.
    pub(crate) fn has_controllers(&self) -> bool {
        self.components.is_some() || self.plane.has_controllers()
    }

    /// A session of somebody.
    pub(crate) fn session(&self, who: &Who) -> Session {
        let credentials = match who {
            Who::Admin => Credentials::Admin,
            Who::User(name) => Credentials::User {
                name: name.clone(),
                group: None,
            },
            Who::Token(token) => Credentials::Token(token.clone()),
            Who::Nobody => Credentials::Nobody,
        };
        Session::new(self.plane.client(&credentials).unwrap())
    }
}

/// This crate's controllers.
fn own(plane: &ControlPlane) -> Result<Components, String> {
    let client = plane.client(&Credentials::Admin).map_err(text)?;
    let keys = Keys {
        authority: plane.authority().clone(),
        token_key_pem: plane.token_key_pem().to_owned(),
    };
    Components::start(client, &Clock::real(), Some(keys)).map_err(text)
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
