//! `wget`, as busybox has it. It verifies no certificates, as that does not.

use std::time::Duration;

use ::http::{Method, Uri};
use bytes::Bytes;

use super::http::{Asked, Failed, Trust, ask, followed, port, url};
use crate::shell::tools::options::{Given, Known};
use crate::shell::tools::{Call, Ended, Failure, paths};

/// How many times it is led on.
const REDIRECTS: usize = 20;
/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(900);

/// `wget [-qS] [--spider] [--no-check-certificate] [-O FILE] [-T SECONDS] [--header H] [--post-data D] URL`
pub(crate) async fn wget(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "qSsk",
        valued: "OThd",
        long: &[
            ("quiet", 'q'),
            ("spider", 's'),
            ("no-check-certificate", 'k'),
            ("server-response", 'S'),
            ("output-document", 'O'),
            ("timeout", 'T'),
            ("header", 'h'),
            ("post-data", 'd'),
        ],
        leading: false,
    })?;
    let [address] = given.operands.as_slice() else {
        return Err(Failure::Told("one URL is needed".to_owned()));
    };
    let target = url(address).ok_or_else(|| format!("bad address '{address}'"))?;
    let patience = given.number::<u64>('T')?.map_or(PATIENCE, Duration::from_secs);
    let answer = match tokio::time::timeout(patience, get(&call, &given, target.clone())).await {
        Ok(answer) => answer?,
        Err(_) => return Err(Failure::Told("download timed out".to_owned())),
    };
    if given.has('s') {
        return Ok(0);
    }
    let name = match paths::base(target.path()) {
        "/" => "index.html",
        name => name,
    };
    match given.value('O') {
        Some("-") => call.print(answer).await?,
        Some(file) => call.write(file, answer)?,
        None => call.write(name, answer)?,
    }
    Ok(0)
}

/// The answer's body, wherever it leads.
async fn get(call: &Call<'_>, given: &Given, mut target: Uri) -> Result<Bytes, Failure> {
    let headers = given.values('h').filter_map(|header| header.split_once(':'));
    let body = given.value('d');
    let mut asked = Asked {
        method: if body.is_some() { Method::POST } else { Method::GET },
        url: target.clone(),
        headers: headers
            .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
            .collect(),
        body: Bytes::from(body.unwrap_or_default().to_owned()),
        agent: "Wget",
    };
    if body.is_some() {
        asked
            .headers
            .push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    for _ in 0..REDIRECTS {
        let host = target.host().unwrap_or_default().to_owned();
        let address = call
            .context
            .host
            .addresses(&host)
            .ok()
            .and_then(|(_, addresses)| addresses.into_iter().next())
            .unwrap_or_else(|| host.clone());
        if !given.has('q') {
            call.streams
                .stderr
                .line(format!("Connecting to {host} ({address}:{})", port(&target)))
                .await?;
        }
        let answer = match ask(call.context, &asked, &Trust::Anybody).await {
            Ok(answer) => answer,
            Err(Failed::Name) => return Err(Failure::Told(format!("bad address '{host}'"))),
            Err(Failed::Connect(why)) if why.ends_with("refused") => {
                return Err(Failure::Told(format!(
                    "can't connect to remote host ({address}): Connection refused"
                )));
            }
            Err(Failed::Connect(why) | Failed::Tls(why) | Failed::Invalid(why)) => return Err(Failure::Told(why)),
            Err(Failed::Broken(_)) => return Err(Failure::Told("error getting response".to_owned())),
        };
        let status = format!(
            "HTTP/1.1 {} {}",
            answer.status().as_u16(),
            answer.status().canonical_reason().unwrap_or_default()
        );
        if given.has('S') {
            call.streams.stderr.line(format!("  {status}")).await?;
            for (name, value) in answer.headers() {
                call.streams
                    .stderr
                    .line(format!("  {name}: {}", String::from_utf8_lossy(value.as_bytes())))
                    .await?;
            }
        }
        if let Some(next) = followed(&target, &answer) {
            (target, asked.url) = (next.clone(), next);
            continue;
        }
        if !answer.status().is_success() {
            return Err(Failure::Told(format!("server returned error: {status}")));
        }
        return Ok(answer.into_body());
    }
    Err(Failure::Told("too many redirections".to_owned()))
}
