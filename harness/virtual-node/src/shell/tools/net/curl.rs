//! `curl`

use std::time::Duration;

use ::http::{Method, Response, Uri};
use bytes::Bytes;

use super::http::{Asked, Failed, Trust, ask, followed, port, url};
use crate::shell::tools::options::{Given, Known};
use crate::shell::tools::{Call, Ended, Failure};

/// How many times `-L` is led on.
const REDIRECTS: usize = 50;

/// `curl [-sSfkiIL] [-o FILE] [-X METHOD] [-d DATA] [-H HEADER] [-w FORMAT] [-m SECONDS] [--cacert FILE] URL`
pub(crate) async fn curl(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "sSfkiIL",
        valued: "oXdHwmCT",
        long: &[
            ("silent", 's'),
            ("show-error", 'S'),
            ("fail", 'f'),
            ("insecure", 'k'),
            ("include", 'i'),
            ("head", 'I'),
            ("location", 'L'),
            ("output", 'o'),
            ("request", 'X'),
            ("data", 'd'),
            ("data-raw", 'd'),
            ("header", 'H'),
            ("write-out", 'w'),
            ("max-time", 'm'),
            ("cacert", 'C'),
            ("connect-timeout", 'T'),
        ],
        leading: false,
    })?;
    let [address] = given.operands.as_slice() else {
        return Err(Failure::Code(2, "one URL is needed".to_owned()));
    };
    let format = given.value('w').unwrap_or_default();
    check(format)?;
    let target = url(address).ok_or_else(|| Failure::Code(3, format!("URL rejected: {address}")))?;
    let patience: Option<f64> = given.number('m')?.or(given.number('T')?);
    let answered = async {
        match patience.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
            Some(patience) => tokio::time::timeout(patience, answer(&call, &given, target))
                .await
                .unwrap_or_else(|_| {
                    let milliseconds = patience.as_millis();
                    Err(Failure::Code(
                        28,
                        format!("(28) Operation timed out after {milliseconds} milliseconds"),
                    ))
                }),
            None => answer(&call, &given, target).await,
        }
    };
    let (answer, failure) = match answered.await {
        Ok(answer) if given.has('f') && answer.status().as_u16() >= 400 => {
            let code = answer.status().as_u16();
            (
                Some(answer),
                Some(Failure::Code(22, format!("(22) The requested URL returned error: {code}"))),
            )
        }
        Ok(answer) => {
            show(&call, &given, &answer).await?;
            (Some(answer), None)
        }
        Err(failure) => (None, Some(failure)),
    };
    call.print(written(format, answer.as_ref(), address)).await?;
    match failure {
        Some(Failure::Code(code, _)) if given.has('s') && !given.has('S') => Ok(code),
        Some(failure) => Err(failure),
        None => Ok(0),
    }
}

/// The answer's head and body, as they were asked for.
async fn show(call: &Call<'_>, given: &Given, answer: &Response<Bytes>) -> Result<(), Failure> {
    let mut shown = Vec::new();
    if given.has('i') || given.has('I') {
        let status = answer.status();
        shown.extend(format!("HTTP/1.1 {} {}\r\n", status.as_u16(), status.canonical_reason().unwrap_or_default()).bytes());
        for (name, value) in answer.headers() {
            shown.extend(format!("{name}: ").bytes());
            shown.extend(value.as_bytes());
            shown.extend(b"\r\n");
        }
        shown.extend(b"\r\n");
    }
    if !given.has('I') {
        shown.extend_from_slice(answer.body());
    }
    match given.value('o') {
        None | Some("-") => call.print(shown).await,
        Some(file) => call.write(file, shown),
    }
}

async fn answer(call: &Call<'_>, given: &Given, mut target: Uri) -> Result<Response<Bytes>, Failure> {
    let trust = match given.value('C') {
        _ if given.has('k') => Trust::Anybody,
        None => Trust::System,
        Some(file) => match call.read(file).await {
            Ok(pem) => Trust::Authorities(String::from_utf8_lossy(&pem).into_owned()),
            Err(_) => return Err(Failure::Code(77, format!("(77) error setting certificate file: {file}"))),
        },
    };
    let mut headers = Vec::new();
    for header in given.values('H') {
        let (name, value) = header
            .split_once(':')
            .ok_or_else(|| Failure::Code(2, format!("bad header '{header}'")))?;
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    let mut data = Vec::new();
    for part in given.values('d') {
        if !data.is_empty() {
            data.push(b'&');
        }
        match part.strip_prefix('@') {
            Some(file) => data.extend(call.read(file).await?.iter().filter(|byte| !b"\r\n".contains(byte))),
            None => data.extend(part.bytes()),
        }
    }
    let sends = given.has('d');
    if sends && !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        headers.push(("Content-Type".to_owned(), "application/x-www-form-urlencoded".to_owned()));
    }
    let method = match given.value('X') {
        Some(name) => Method::from_bytes(name.as_bytes()).map_err(|_| Failure::Code(2, format!("bad method '{name}'")))?,
        None if given.has('I') => Method::HEAD,
        None if sends => Method::POST,
        None => Method::GET,
    };
    let mut asked = Asked {
        method,
        url: target.clone(),
        headers,
        body: data.into(),
        agent: "curl/8.5.0",
    };
    for _ in 0..REDIRECTS {
        let host = target.host().unwrap_or_default().to_owned();
        let answer = ask(call.context, &asked, &trust).await.map_err(|failed| match failed {
            Failed::Name => Failure::Code(6, format!("(6) Could not resolve host: {host}")),
            Failed::Connect(_) => Failure::Code(
                7,
                format!("(7) Failed to connect to {host} port {}: Connection refused", port(&target)),
            ),
            Failed::Tls(why) => Failure::Code(60, format!("(60) SSL certificate problem: {why}")),
            Failed::Broken(why) => Failure::Code(56, format!("(56) Recv failure: {why}")),
            Failed::Invalid(why) => Failure::Code(3, format!("(3) {why}")),
        })?;
        let Some(next) = followed(&target, &answer).filter(|_| given.has('L')) else {
            return Ok(answer);
        };
        if matches!(answer.status().as_u16(), 301..=303) && asked.method == Method::POST {
            (asked.method, asked.body) = (Method::GET, Bytes::new());
        }
        (target, asked.url) = (next.clone(), next);
    }
    Err(Failure::Code(47, "(47) Maximum (50) redirects followed".to_owned()))
}

/// What `-w` may name.
const VARIABLES: [&str; 4] = ["http_code", "response_code", "size_download", "url_effective"];

fn check(format: &str) -> Result<(), Failure> {
    for part in format.split("%{").skip(1) {
        let name = part.split_once('}').map_or(part, |(name, _)| name);
        if !VARIABLES.contains(&name) {
            return Err(Failure::Code(2, format!("-w: %{{{name}}} is not supported here")));
        }
    }
    Ok(())
}

fn written(format: &str, answer: Option<&Response<Bytes>>, address: &str) -> String {
    let code = format!("{:03}", answer.map_or(0, |answer| answer.status().as_u16()));
    let size = answer.map_or(0, |answer| answer.body().len()).to_string();
    let text = format.replace("\\n", "\n").replace("\\t", "\t");
    let text = text.replace("%{http_code}", &code).replace("%{response_code}", &code);
    text.replace("%{size_download}", &size).replace("%{url_effective}", address)
}
