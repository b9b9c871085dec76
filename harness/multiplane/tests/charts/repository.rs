//! A Helm repository on loopback, with or without TLS.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use data_encoding::{BASE64, HEXLOWER};
use flate2::write::GzEncoder;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use sha2::{Digest, Sha256};

const VERSIONS: [&str; 3] = ["1.16.0", "1.16.8", "1.17.0-b1"];

/// Who may read what is below `/private`.
pub(crate) const LOGIN: (&str, &str) = ("reader", "s3cret words");

/// A repository, with what was asked for.
pub(crate) struct Repository {
    pub(crate) at: SocketAddr,
    /// Its address without TLS.
    pub(crate) address: String,
    asked: Arc<Mutex<Vec<String>>>,
    pub(crate) up: Arc<AtomicBool>,
}

/// The packed chart.
pub(crate) fn archive(version: &str) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let manifest = format!("apiVersion: v2\nname: small\nversion: {version}\n");
    let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {version: \"{{ .Chart.Version }}\"}\n";
    for (name, content) in [("small/Chart.yaml", manifest.as_str()), ("small/templates/made.yaml", template)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

fn index(digest: impl Fn(&str) -> String, folder: &str) -> Vec<u8> {
    let offer = |version: &&str| {
        let digest = digest(version);
        format!("  - {{name: small, version: {version}, digest: {digest}, urls: ['{folder}/small-{version}.tgz']}}\n")
    };
    let offers: String = VERSIONS.iter().map(offer).collect();
    format!("apiVersion: v1\nentries:\n  small:\n{offers}").into_bytes()
}

/// Status and body for a path. Archives are elsewhere, as those on GitHub: `elsewhere` is where those of `/private` are.
fn answer(path: &str, login: Option<&str>, elsewhere: &str) -> (String, Vec<u8>) {
    let ok = |body| ("200 OK".to_owned(), body);
    let right = |version: &str| HEXLOWER.encode(&Sha256::digest(archive(version)));
    let packed = path.strip_prefix("/store/small-").and_then(|rest| rest.strip_suffix(".tgz"));
    let wanted = format!("Basic {}", BASE64.encode(format!("{}:{}", LOGIN.0, LOGIN.1).as_bytes()));
    match (path, packed) {
        ("/charts/index.yaml", _) => ok(index(right, "packed")),
        ("/broken/index.yaml", _) => ok(index(|_| "ab".repeat(32), "packed")),
        ("/private/index.yaml", _) if login == Some(&wanted) => ok(index(right, &format!("{elsewhere}/store"))),
        ("/private/index.yaml", _) => ("401 Unauthorized".to_owned(), Vec::new()),
        // Whoever is elsewhere has no business with the login.
        (_, Some(_)) if login.is_some() => ("400 Bad Request".to_owned(), Vec::new()),
        (_, Some(version)) => ok(archive(version)),
        _ => match path.rsplit_once("/packed/") {
            Some((_, file)) => (format!("302 Found\r\nlocation: /store/{file}"), Vec::new()),
            None => ("404 Not Found".to_owned(), Vec::new()),
        },
    }
}

/// The head of a request, and then the answer.
pub(crate) fn head(stream: &mut impl Read) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        request.push(byte[0]);
    }
    String::from_utf8(request).unwrap()
}

/// A header's value in a head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

impl Repository {
    /// Without TLS.
    pub(crate) fn start() -> Self {
        Self::with(None, "")
    }

    /// With TLS, if configured; archives of `/private` are at `elsewhere`.
    pub(crate) fn with(tls: Option<Arc<ServerConfig>>, elsewhere: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let at = listener.local_addr().unwrap();
        let (asked, up) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
        let (log, here, elsewhere) = (asked.clone(), up.clone(), elsewhere.to_owned());
        let serve = move |stream: &mut dyn ReadWrite| {
            let request = head(&mut &mut *stream);
            let Some(path) = request.split(' ').nth(1) else { return };
            // A proxy names the host, too.
            let path = path.strip_prefix("http://charts.example").unwrap_or(path);
            log.lock().unwrap().push(path.to_owned());
            let (status, body) = match here.load(Ordering::SeqCst) {
                true => answer(path, header(&request, "authorization"), &elsewhere),
                false => ("503 Service Unavailable".to_owned(), Vec::new()),
            };
            let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            // A client that is gone is none of the server's business.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
        };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                match &tls {
                    None => serve(&mut stream),
                    Some(tls) => {
                        let mut stream = StreamOwned::new(ServerConnection::new(tls.clone()).unwrap(), stream);
                        serve(&mut stream);
                        stream.conn.send_close_notify();
                        let _ = stream.flush();
                    }
                }
            }
        });
        let address = format!("http://{at}");
        Self { at, address, asked, up }
    }

    /// What was asked for since the last time.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

trait ReadWrite: Read + Write {}
impl<T: Read + Write> ReadWrite for T {}
