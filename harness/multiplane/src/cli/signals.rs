//! SIGINT, SIGTERM and the time limit: what ends a run early.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use multiplane::exit::Exit;
use multiplane::report::Live;
use multiplane::run::Overtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use super::output::complain;

const RUNNING: u8 = 0;
const TIMED_OUT: u8 = 1;

/// Watches for what ends a run early. A second signal ends the process at once.
pub(crate) struct Signals {
    stop: CancellationToken,
    cause: Arc<AtomicU8>,
    outside: Arc<AtomicBool>,
    overtime: Overtime,
    live: Arc<Mutex<Option<Live>>>,
}

impl Signals {
    /// Starts to watch, on a thread of its own: a run's runtimes live in virtual time.
    pub(crate) fn watch(limit: Duration) -> Result<Self, Failure> {
        let signals = Self {
            stop: CancellationToken::new(),
            cause: Arc::new(AtomicU8::new(RUNNING)),
            outside: Arc::new(AtomicBool::new(false)),
            overtime: Overtime::default(),
            live: Arc::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, cause, outside) = (signals.stop.clone(), signals.cause.clone(), signals.outside.clone());
        let (overtime, live) = (signals.overtime(), signals.live.clone());
        let live = move || live.lock().unwrap_or_else(PoisonError::into_inner).clone();
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
                        live().iter().for_each(Live::end);
                        if outside {
                            complain("left at once; `multiplane gc` removes what is still there");
                        }
                        std::process::exit(i32::from(why));
                    }
                    first = false;
                    if outside && why != TIMED_OUT {
                        let tell = || complain("cleaning up; once more leaves at once");
                        live().map_or_else(tell, |live| live.above(tell));
                    }
                    if why == TIMED_OUT {
                        overtime.tell(format!("the run took longer than --timeout {}", limit.as_secs()));
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

    /// Knows why, once the time limit ended the run.
    pub(crate) fn overtime(&self) -> Overtime {
        self.overtime.clone()
    }

    /// Tells of what is shown on the terminal, for messages to go above it.
    pub(crate) fn tell_above(&self, live: &Live) {
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = Some(live.clone());
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
