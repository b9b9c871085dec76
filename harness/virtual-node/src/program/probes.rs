//! A program's answers to exec probes and exec hooks.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::BoxFuture;

type Handler = Arc<dyn Fn(Vec<String>) -> BoxFuture<'static, Result<(), String>> + Send + Sync>;

/// A program's answers to exec probes and exec hooks.
///
/// There is no process to execute a command in, so the program answers in its place.
#[derive(Clone, Default)]
pub struct Probes {
    handler: Arc<Mutex<Option<Handler>>>,
}

impl Probes {
    /// From now on `handler` answers: `Ok` for exit code 0, else the command's output.
    ///
    /// It gets the command as the pod's spec gives it.
    pub fn set_exec<F, R>(&self, handler: F)
    where
        F: Fn(Vec<String>) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), String>> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |command| handler(command).boxed());
        *self.handler.lock().unwrap_or_else(PoisonError::into_inner) = Some(handler);
    }

    /// Asks the program. Without a handler the answer is that the command was not found.
    pub(crate) async fn exec(&self, command: &[String]) -> Result<(), String> {
        let handler = self.handler.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match handler {
            Some(handler) => handler(command.to_vec()).await,
            None => Err(format!("{}: the program answers no exec commands", command.join(" "))),
        }
    }
}
