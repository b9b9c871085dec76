//! What backends have in common whose clusters outlive this process: docker, the run's ledger and folder, and the end of it all.
//!
//! A [`Session`] is what one run has outside, `Belongings` what one of its scenarios has. A backend announces to its belongings whatever it
//! is about to make; removing and keeping is the same for all of them.

mod belongings;
#[cfg(feature = "docker")]
mod creations;
mod error;
mod session;

use std::fmt::Debug;

use futures::FutureExt;
use futures::future::BoxFuture;

pub(crate) use belongings::Belongings;
#[cfg(feature = "docker")]
pub(crate) use creations::Creations;
pub use error::OutsideError;
pub use session::{Keep, Session, Settings};
pub(crate) use session::{check_docker, program};

use super::ledger::LedgerError;
use super::{BackendError, World};

/// A run's clusters outside of this process.
pub trait Outside: Debug + Send + Sync {
    /// The world of the run's scenario with this number.
    ///
    /// # Errors
    /// If it cannot be set up.
    fn world(&self, scenario: usize, seed: u64) -> Result<Box<dyn World>, BackendError>;

    /// What the run has outside.
    fn session(&self) -> &Session;

    /// What people should know before anything is made.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// Ends the run, after its worlds. Returns what is left that should have gone.
    ///
    /// # Errors
    /// If the ledger cannot be written.
    fn end(&self) -> BoxFuture<'_, Result<Vec<String>, LedgerError>> {
        self.session().end().boxed()
    }
}
