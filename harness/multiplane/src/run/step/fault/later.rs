//! Faults that bite when somebody comes their way, not at once.

use tokio_util::task::AbortOnDropHandle;

use crate::journal::Level;
use crate::run::context::Context;

/// Tells that a fault has bitten, as soon as it has; nothing more once this is dropped.
pub(super) struct Announced {
    _task: AbortOnDropHandle<()>,
}

/// Tells that a fault is in force and has not bitten yet; then, when `bitten` is there, what was seen.
pub(super) fn announce(context: &Context<'_>, when: &str, bitten: impl Future<Output = String> + Send + 'static) -> Announced {
    let emitter = context.emitter.clone();
    let text = format!("in force, and not seen to bite yet: it bites {when}; `heal` fails if that never happened");
    emitter.note(Level::Info, text);
    let task = tokio::spawn(async move {
        let seen = bitten.await;
        emitter.note(Level::Info, format!("bites: {seen}"));
    });
    Announced {
        _task: AbortOnDropHandle::new(task),
    }
}
