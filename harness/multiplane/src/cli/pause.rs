//! `--pause-on-failure`.

use std::io::BufRead;

use futures::FutureExt;
use multiplane::run::Pause;
use tokio::sync::oneshot;

use super::output::complain;

/// Tells on standard error, and goes on at the next line of standard input, or at its end.
pub(super) fn pause() -> Pause {
    Pause::new(|text| {
        complain(&text);
        complain("Enter goes on and removes them; Ctrl-C ends the run.");
        let (done, line) = oneshot::channel();
        // No task of the runtime: an interrupt does not wait for a line.
        std::thread::spawn(move || {
            let _ = std::io::stdin().lock().read_line(&mut String::new());
            let _ = done.send(());
        });
        line.map(drop).boxed()
    })
}
