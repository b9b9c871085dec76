//! Calls of a data plane that are tried again where they did not reach the other side.

use std::time::Duration;

use tonic::{Code, Response, Status};

/// How a call is tried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    /// Tries in all, at least one.
    pub(super) tries: u32,
    /// Pause after the first; it doubles.
    pub(super) pause: Duration,
    /// Refusals after which there is another.
    pub(super) codes: &'static [Code],
}

impl Retry {
    /// Calls until there is an answer, or a refusal that repetition does not help against.
    pub(super) async fn call<T, F>(self, mut attempt: impl FnMut() -> F) -> Result<T, Status>
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut pause = self.pause;
        for _ in 1..self.tries {
            match attempt().await {
                Err(status) if self.codes.contains(&status.code()) => tokio::time::sleep(pause).await,
                result => return result.map(Response::into_inner),
            }
            pause *= 2;
        }
        attempt().await.map(Response::into_inner)
    }
}
