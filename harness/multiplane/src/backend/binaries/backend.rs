//! What a run on this machine's programs shares.

use std::sync::Arc;

use ::binaries::Binaries;

use super::{BinariesError, BinariesWorld};
use crate::backend::outside::{self, Outside, Session};
use crate::backend::{BackendError, World};

/// How a run on this machine's programs is set up.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What it shares with other backends.
    pub outside: outside::Settings,
}

/// What a run on this machine's programs shares. Clones are one backend.
#[derive(Clone, Debug)]
pub struct BinariesBackend(pub(super) Arc<Shared>);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) binaries: Binaries,
}

impl BinariesBackend {
    /// Looks for the programs, and begins the run's ledger.
    ///
    /// # Errors
    /// If one is missing, or nothing can be written down.
    pub fn begin(settings: Settings, run: &str) -> Result<Self, BinariesError> {
        let binaries = Binaries::find()?;
        Ok(Self(Arc::new(Shared {
            session: Session::begin(settings.outside, run)?,
            binaries,
        })))
    }
}

impl Outside for BinariesBackend {
    fn world(&self, scenario: usize, seed: u64) -> Result<Box<dyn World>, BackendError> {
        let world = BinariesWorld::new(self, scenario, seed).map_err(|error| BackendError::World(error.to_string()))?;
        Ok(Box::new(world))
    }

    fn session(&self) -> &Session {
        &self.0.session
    }

    fn notes(&self) -> Vec<String> {
        let controllers = match self.0.binaries.controller_manager {
            Some(_) => "",
            None => "; the embedded cluster's controllers do its work",
        };
        vec![format!("{}{controllers}", self.0.binaries)]
    }
}
