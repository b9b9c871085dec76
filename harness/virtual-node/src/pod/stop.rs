//! Stopping containers: a request, and the moment at which it turns into a kill.

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

/// Asks a group of containers to stop.
pub(crate) struct Stopper(watch::Sender<Option<Instant>>);

/// A container's view of the request.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<Option<Instant>>);

impl Stopper {
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), Stop(receiver))
    }

    /// Asks to stop, and kills at `deadline`. A second request may only shorten the first.
    pub(crate) fn stop(&self, deadline: Instant) {
        self.0.send_if_modified(|present| {
            let sooner = present.is_none_or(|present| deadline < present);
            if sooner {
                *present = Some(deadline);
            }
            sooner
        });
    }
}

impl Stop {
    pub(crate) fn is_requested(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns once a stop is requested.
    pub(crate) async fn requested(&self) {
        let mut deadline = self.0.clone();
        if deadline.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Returns at the deadline, be it shortened meanwhile. Without a request it waits for one.
    pub(crate) async fn overdue(&self) {
        self.requested().await;
        let mut deadline = self.0.clone();
        loop {
            let Some(at) = *deadline.borrow_and_update() else { return };
            tokio::select! {
                biased;
                () = sleep_until(at) => return,
                Ok(()) = deadline.changed() => {}
            }
        }
    }
}
