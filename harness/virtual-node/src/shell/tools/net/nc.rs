//! `nc`

use std::io;
use std::time::Duration;

use bytes::Bytes;
use simnet::Stream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::shell::tools::options::Known;
use crate::shell::tools::{Call, Ended, Failure};

/// How much is read at once.
const PIECE: usize = 16 * 1024;

/// `nc [-zvn] [-w SECONDS] HOST PORT` connects; `nc -l [-k] [-v] [-p] PORT` waits for a connection, with `-k` for one after the other.
pub(crate) async fn nc(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "zvnlk",
        valued: "wp",
        ..Known::default()
    })?;
    let port = |text: &str| text.parse::<u16>().map_err(|_| Failure::Told(format!("bad port '{text}'")));
    if given.has('l') {
        let Some(text) = given.value('p').or(given.operands.last().map(String::as_str)) else {
            return Err(Failure::Told("a port is needed".to_owned()));
        };
        return listen(&call, port(text)?, given.has('k')).await;
    }
    let [host, number] = given.operands.as_slice() else {
        return Err(Failure::Told("a host and a port are needed".to_owned()));
    };
    let number = port(number)?;
    let connect = call.context.host.connect(host, number);
    let connected = match given.number::<u64>('w')? {
        Some(seconds) => tokio::time::timeout(Duration::from_secs(seconds), connect)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
        None => connect.await,
    };
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) => {
            let message = match error.kind() {
                io::ErrorKind::NotFound => format!("bad address '{host}'"),
                io::ErrorKind::TimedOut => format!("{host} ({host}:{number}): Operation timed out"),
                _ => format!("{host} ({host}:{number}): Connection refused"),
            };
            // Without -v, it only says so by its exit code.
            return if given.has('v') || error.kind() == io::ErrorKind::NotFound {
                Err(Failure::Told(message))
            } else {
                Ok(1)
            };
        }
    };
    if given.has('v') {
        call.complain_open(host, number).await;
    }
    if !given.has('z') {
        talk(&call, stream).await?;
    }
    Ok(0)
}

impl Call<'_> {
    async fn complain_open(&self, host: &str, port: u16) {
        // There is no one else to tell.
        let _ = self.streams.stderr.line(format!("{host} ({host}:{port}) open")).await;
    }
}

async fn listen(call: &Call<'_>, port: u16, again: bool) -> Ended {
    let bound = call.context.host.listen(port).await;
    let mut listener = bound.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => "bind: Address already in use".to_owned(),
        _ => error.to_string(),
    })?;
    loop {
        let (stream, _) = listener.accept().await?;
        talk(call, stream).await?;
        if !again {
            return Ok(0);
        }
    }
}

/// Carries standard input to the other side, and what comes from there to standard output, until that side has ended.
async fn talk(call: &Call<'_>, stream: Stream) -> Result<(), Failure> {
    let (mut from, mut to) = tokio::io::split(stream);
    let write = async {
        while let Some(chunk) = call.streams.stdin.chunk().await {
            if to.write_all(&chunk).await.is_err() {
                break;
            }
        }
        // The other side sees that there is no more; it may have gone already.
        let _ = to.shutdown().await;
        std::future::pending::<()>().await;
    };
    let read = async {
        let mut piece = vec![0; PIECE];
        loop {
            match from.read(&mut piece).await {
                Ok(0) | Err(_) => return Ok::<_, Failure>(()),
                Ok(length) => call.print(Bytes::copy_from_slice(&piece[..length])).await?,
            }
        }
    };
    tokio::select! {
        biased;
        read = read => read,
        () = write => Ok(()),
    }
}
