//! Signals to a process group, by the shell's own `kill`: no `unsafe`, and no program that may be missing.

use std::process::Stdio;

/// Sends a signal to every process of a group. One that is gone already needs none.
#[expect(clippy::disallowed_methods, reason = "the one runner")]
pub(crate) async fn end_group(group: u32, signal: &str) {
    let kill = tokio::process::Command::new("sh")
        .args(["-c", r#"kill -s "$0" -- "-$1""#, signal, &group.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    let _ = kill.await;
}
