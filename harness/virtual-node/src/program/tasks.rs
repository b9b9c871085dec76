//! The tasks of one container run.

use std::future::Future;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where a program spawns: everything in it ends with the container's run.
///
/// It is also an executor for hyper, so that the tasks of servers and HTTP/2 connections belong to the container too.
#[derive(Clone, Debug, Default)]
pub struct Tasks {
    ended: CancellationToken,
    running: TaskTracker,
}

impl Tasks {
    /// Runs `future` beside the program. It is dropped when the container's run ends; then the handle yields `None`.
    pub fn spawn<F>(&self, future: F) -> JoinHandle<Option<F::Output>>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.running.spawn(self.ended.clone().run_until_cancelled_owned(future))
    }

    /// Drops every task and waits until all are gone.
    pub(crate) async fn end(&self) {
        self.ended.cancel();
        self.running.close();
        self.running.wait().await;
    }

    /// Cancelled as soon as the run has ended.
    pub(crate) fn ended(&self) -> &CancellationToken {
        &self.ended
    }
}

impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, future: F) {
        drop(self.spawn(future));
    }
}

#[cfg(test)]
mod tests {
    use super::Tasks;

    #[tokio::test(start_paused = true)]
    async fn a_task_ends_with_its_scope() {
        let tasks = Tasks::default();
        let forever = tasks.spawn(std::future::pending::<()>());
        let done = tasks.spawn(async { 7 });
        assert_eq!(done.await.unwrap(), Some(7));
        tasks.end().await;
        assert_eq!(forever.await.unwrap(), None);
    }
}
