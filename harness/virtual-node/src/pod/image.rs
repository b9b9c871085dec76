//! Images: nothing is pulled, but a script may say that it would fail or take time.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::backoff::Backoff;
use super::container::Supervisor;
use crate::lifecycle::Script;
use crate::node::Severity;

/// How long `ErrImagePull` stands before `ImagePullBackOff`: a kubelet's next look at the pod.
const LOOK: Duration = Duration::from_secs(1);

/// Returns once the image is there: at once, after the script's delay, or never if it says that pulling fails.
pub(crate) async fn pull(of: &Supervisor, script: &Script) {
    let image = of.container.image.clone().unwrap_or_default();
    if let Some(error) = script.pull_error() {
        return fail(of, &image, error).await;
    }
    if !script.start_delay().is_zero() && !of.pulled.swap(true, Ordering::Relaxed) {
        event(of, Severity::Normal, "Pulling", format!("Pulling image \"{image}\""));
        sleep(script.start_delay()).await;
    }
    let message = format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
    event(of, Severity::Normal, "Pulled", message);
}

/// Fails to pull for ever, as a kubelet does: an attempt, a growing pause, another attempt.
async fn fail(of: &Supervisor, image: &str, error: &str) {
    let mut pauses = Backoff::default();
    // The first pause is that of the second attempt: a kubelet never pulls twice at once.
    pauses.next(Instant::now());
    loop {
        event(of, Severity::Normal, "Pulling", format!("Pulling image \"{image}\""));
        let message = format!("failed to pull and unpack image \"{image}\": {error}");
        event(
            of,
            Severity::Warning,
            "Failed",
            format!("Failed to pull image \"{image}\": {message}"),
        );
        event(of, Severity::Warning, "Failed", "Error: ErrImagePull".to_owned());
        of.ctx.board.waiting(&of.container.name, "ErrImagePull", Some(message.clone()));
        let pause = pauses.next(Instant::now());
        sleep(LOOK).await;
        event(of, Severity::Normal, "BackOff", format!("Back-off pulling image \"{image}\""));
        event(of, Severity::Warning, "Failed", "Error: ImagePullBackOff".to_owned());
        let message = format!("Back-off pulling image \"{image}\": ErrImagePull: {message}");
        of.ctx.board.waiting(&of.container.name, "ImagePullBackOff", Some(message));
        sleep(pause.saturating_sub(LOOK)).await;
    }
}

fn event(of: &Supervisor, severity: Severity, reason: &'static str, message: String) {
    of.ctx.container_event(&of.container, severity, reason, message);
}
