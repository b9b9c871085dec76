//! Signals to the program under test, and waiting for what it does.

use std::process::{Child, Command};
use std::time::Duration;

/// Sends a signal.
#[expect(clippy::disallowed_methods, reason = "signals of the test")]
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &child.id().to_string()]).status();
    assert!(sent.unwrap().success());
}

/// Waits until something is so that other processes do.
pub(crate) fn until(what: &str, look: impl Fn() -> bool) {
    for _ in 0..6000 {
        if look() {
            return;
        }
        pause(Duration::from_millis(5));
    }
    panic!("not there after 30 s: {what}");
}

#[expect(clippy::disallowed_methods, reason = "waits for other processes")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
