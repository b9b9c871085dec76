//! A command that runs for long and is listened to.

use std::process::ExitStatus;

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio_util::sync::CancellationToken;

use super::{Command, DRAIN, Line, ProcessError, Told, begin, end_group, stop};

/// Starts a command and sees it through; output that is not UTF-8 is told as far as it is.
pub(super) async fn follow(
    command: &Command,
    told: Option<&Told>,
    line: &Line,
    asked: &CancellationToken,
    cancel: &CancellationToken,
) -> Result<ExitStatus, ProcessError> {
    let mut child = begin(command, told)?;
    let group = child.id();
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let talk = async { tokio::join!(lines(stdout, line), lines(stderr, line)) };
    tokio::pin!(talk);
    let asked = async {
        asked.cancelled().await;
        if let Some(group) = group {
            end_group(group, "TERM").await;
        }
        std::future::pending::<()>().await;
    };
    tokio::pin!(asked);
    let mut silent = false;
    let ended = loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => break None,
            status = child.wait() => break Some(status),
            () = &mut asked => {}
            _ = &mut talk, if !silent => silent = true,
        }
    };
    let Some(status) = ended else {
        stop(&mut child, group).await;
        return Err(ProcessError::cancelled(command));
    };
    if !silent {
        let _ = tokio::time::timeout(DRAIN, talk).await;
    }
    if let Some(group) = group {
        // What it left behind.
        end_group(group, "KILL").await;
    }
    status.map_err(|error| ProcessError::start(command, &error))
}

async fn lines(pipe: Option<impl AsyncRead + Unpin>, line: &Line) {
    let Some(pipe) = pipe else { return };
    let mut pipe = BufReader::new(pipe);
    let mut text = Vec::new();
    while let Ok(read) = pipe.read_until(b'\n', &mut text).await {
        if read == 0 {
            return;
        }
        line(String::from_utf8_lossy(&text).trim_end_matches(['\r', '\n']));
        text.clear();
    }
}
