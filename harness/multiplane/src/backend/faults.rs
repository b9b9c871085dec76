//! What can be done to a cluster's machine, where its backend can.

use std::time::Duration;

use futures::future::BoxFuture;

use super::BackendError;

/// Faults of a cluster's machine.
pub trait Faults: Send + Sync {
    /// Cuts the machine off from the other clusters. The harness still reaches it.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn disconnect(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Brings the machine back.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn reconnect(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Stops everything on the machine where it is: connections stay open, and nobody answers.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn pause(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Lets it go on.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn resume(&self) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Lets all that goes between the machine and the other clusters arrive this much later, in each direction. Zero mends it. The harness
    /// sees no delay.
    ///
    /// # Errors
    /// If the backend cannot do so, or a machine cannot be told.
    fn delay(&self, by: Duration) -> BoxFuture<'_, Result<(), BackendError>>;

    /// Destroys the machine, and all that was on it, at once.
    ///
    /// # Errors
    /// If the backend cannot do so.
    fn delete(&self) -> BoxFuture<'_, Result<(), BackendError>>;
}
