//! Charts of a Helm repository: fetched, kept, recorded, refused.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "starts the program under test")]

use std::fs;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use data_encoding::HEXLOWER;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const VERSIONS: [&str; 3] = ["1.16.0", "1.16.8", "1.17.0-b1"];

/// A repository on loopback, at `/charts`, with what was asked for.
struct Repository {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    up: Arc<AtomicBool>,
}

fn archive(version: &str) -> Vec<u8> {
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

fn index(broken: bool) -> String {
    let offers: String = VERSIONS
        .iter()
        .map(|version| {
            let digest = if broken {
                "ab".repeat(32)
            } else {
                HEXLOWER.encode(&Sha256::digest(archive(version)))
            };
            format!("  - {{name: small, version: {version}, digest: {digest}, urls: [packed/small-{version}.tgz]}}\n")
        })
        .collect();
    format!("apiVersion: v1\nentries:\n  small:\n{offers}")
}

impl Repository {
    fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, up) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(true)));
        let (log, here) = (asked.clone(), up.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    request.push(byte[0]);
                }
                let request = String::from_utf8(request).unwrap();
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                log.lock().unwrap().push(path.clone());
                let packed = path.strip_prefix("/store/small-").and_then(|rest| rest.strip_suffix(".tgz"));
                let (status, body) = match path.as_str() {
                    _ if !here.load(Ordering::SeqCst) => ("503 Service Unavailable".to_owned(), Vec::new()),
                    "/charts/index.yaml" => ("200 OK".to_owned(), index(false).into_bytes()),
                    "/broken/index.yaml" => ("200 OK".to_owned(), index(true).into_bytes()),
                    _ if packed.is_some() => ("200 OK".to_owned(), archive(packed.unwrap())),
                    // Archives are elsewhere, as those on GitHub.
                    path => match path.rsplit_once("/packed/") {
                        Some((_, file)) => (format!("302 Found\r\nlocation: /store/{file}"), Vec::new()),
                        None => ("404 Not Found".to_owned(), Vec::new()),
                    },
                };
                let head = format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                // A client that is gone is none of the server's business.
                let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
            }
        });
        Self { address, asked, up }
    }

    /// What was asked for since the last time.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn scenario(folder: &Path, chart: &str, expected: &str) {
    let text = format!(
        "apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {{name: fetched}}
clusters:
  a: {{role: other, nodes: 1}}
steps:
  - deploy: {{release: small, on: a, {chart}}}
  - expect:
      resources:
        on: a
        apiVersion: v1
        kind: ConfigMap
        name: made
        matches: {{data: {{version: \"{expected}\"}}}}
        within: 10s
"
    );
    fs::write(folder.join("scenario.yaml"), text).unwrap();
}

/// Runs multiplane: its exit code, and all that it said.
fn multiplane(folder: &Path, cache: &str, words: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_multiplane"));
    command.args(words).current_dir(folder).env("XDG_CACHE_HOME", folder.join(cache));
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr]
        .map(|bytes| String::from_utf8(bytes).unwrap())
        .concat();
    (output.status.code().unwrap(), text)
}

#[test]
fn fetched_kept_and_recorded() {
    let (repository, folder) = (Repository::start(), TempDir::new().unwrap());
    let (folder, repo) = (folder.path(), format!("{}/charts", repository.address));
    let digest = HEXLOWER.encode(&Sha256::digest(archive("1.16.8")));

    scenario(folder, &format!("chart: small, version: ~1.16, repo: \"{repo}\""), "1.16.8");
    let (code, text) = multiplane(folder, "cache", &["plan", "."]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains(&format!("chart small (~1.16) of {repo}")), "{text}");
    assert_eq!(repository.asked(), Vec::<String>::new(), "a plan fetches nothing");

    let (code, text) = multiplane(
        folder,
        "cache",
        &["run", ".", "--record", "it.capsule", "--journal", "journal.jsonl"],
    );
    assert_eq!(code, 0, "{text}");
    let journal = fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    assert!(journal.contains(&format!("chart small 1.16.8 (sha256:{digest})")), "{journal}");
    assert_eq!(
        repository.asked(),
        ["/charts/index.yaml", "/charts/packed/small-1.16.8.tgz", "/store/small-1.16.8.tgz"]
    );

    // The index is asked for again, the archive is not.
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!((code, repository.asked()), (0, vec!["/charts/index.yaml".to_owned()]), "{text}");

    repository.up.store(false, Ordering::SeqCst);
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("warning: cannot fetch") && text.contains("503"), "{text}");
    let (code, text) = multiplane(folder, "empty", &["run", "."]);
    assert_eq!(code, 3, "{text}");
    repository.asked();

    // A whole version that is kept, and a capsule, need nobody.
    scenario(folder, &format!("chart: small, version: 1.16.8, repo: \"{repo}\""), "1.16.8");
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!((code, repository.asked()), (0, vec![]), "{text}");
    let (code, text) = multiplane(folder, "empty", &["repro", "it.capsule"]);
    assert_eq!((code, repository.asked()), (0, vec![]), "{text}");
}

#[test]
fn refused_with_the_place_and_what_there_is() {
    let (repository, folder) = (Repository::start(), TempDir::new().unwrap());
    let folder = folder.path();
    let cases = [
        (
            "chart: smal, ",
            "/charts",
            2,
            ["has no chart `smal`", "did you mean `small`?", "scenario.yaml:7:"],
        ),
        (
            "chart: small, version: ^2, ",
            "/charts",
            2,
            ["has no version `^2`", "the newest are 1.17.0-b1, 1.16.8", "scenario.yaml:7:"],
        ),
        (
            "chart: small, version: new, ",
            "/charts",
            2,
            ["improper constraint: new", "write for example", "scenario.yaml:7:"],
        ),
        ("chart: small, ", "/none", 3, ["cannot fetch", "/none/index.yaml", "404 Not Found"]),
        (
            "chart: small, ",
            "/broken",
            3,
            ["has the digest sha256:", "its index says sha256:ab", "it is not used"],
        ),
    ];
    for (chart, path, expected, says) in cases {
        scenario(folder, &format!("{chart}repo: \"{}{path}\"", repository.address), "");
        let (code, text) = multiplane(folder, "cache", &["run", "."]);
        assert_eq!(code, expected, "{text}");
        says.iter().for_each(|part| assert!(text.contains(part), "{part:?} in {text}"));
    }
}
