//! SIGINT, SIGTERM and the time limit: what ends a run early.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use multiplane::exit::Exit;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Failure;

const RUNNING: u8 = 0;
const TIMED_OUT: u8 = 1;

/// Watches for what ends a run early. A second signal ends the process at once.
pub(crate) struct Signals {
    stop: CancellationToken,
    cause: Arc<AtomicU8>,
    outside: Arc<AtomicBool>,
}

impl Signals {
    /// Starts to watch, on a thread of its own: a run's runtimes live in virtual time.
    pub(crate) fn watch(limit: Duration) -> Result<Self, Failure> {
        let signals = Self {
            stop: CancellationToken::new(),
            cause: Arc::new(AtomicU8::new(RUNNING)),
            outside: Arc::new(AtomicBool::new(false)),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, cause, outside) = (signals.stop.clone(), signals.cause.clone(), signals.outside.clone());
        let _guard = runtime.enter();
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        drop(_guard);
        std::thread::spawn(move || {
            runtime.block_on(async {
                let mut first = true;
                loop {
                    let why = tokio::select! {
                        biased;
                        _ = interrupt.recv() => Exit::Interrupted as u8,
                        _ = terminate.recv() => Exit::Terminated as u8,
                        () = tokio::time::sleep(limit), if first => TIMED_OUT,
                    };
                    let outside = outside.load(Ordering::Acquire);
                    if !first {
                        if outside {
                            super::output::complain("left at once; `multiplane gc` removes what is still there");
                        }
                        std::process::exit(i32::from(why));
                    }
                    first = false;
                    if outside && why != TIMED_OUT {
                        super::output::complain("cleaning up; once more leaves at once");
                    }
                    cause.store(why, Ordering::Release);
                    stop.cancel();
                }
            });
        });
        Ok(signals)
    }

    /// Cancelled when the run is to end.
    pub(crate) fn stop(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells that the run makes things outside of this process, which a user who is in a hurry leaves behind.
    pub(crate) fn outside(&self) {
        self.outside.store(true, Ordering::Release);
    }

    /// The exit code of a signal, if one came.
    pub(crate) fn exit(&self) -> Option<Exit> {
        match self.cause.load(Ordering::Acquire) {
            cause if cause == Exit::Interrupted as u8 => Some(Exit::Interrupted),
            cause if cause == Exit::Terminated as u8 => Some(Exit::Terminated),
            _ => None,
        }
    }

    /// Whether the time limit ended the run.
    pub(crate) fn timed_out(&self) -> bool {
        self.cause.load(Ordering::Acquire) == TIMED_OUT
    }
}
