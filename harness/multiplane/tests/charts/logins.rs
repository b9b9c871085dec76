//! Repositories behind TLS, logins and proxies, as helm's own list of repositories and the environment tell of them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use simnet::Clock;
use simnet::tls::{Authority, server_config};
use tempfile::TempDir;

use crate::repository::{LOGIN, Repository};
use crate::{multiplane, multiplane_with, proxy, scenario};

/// An authority in `ca.pem`, and what servers of `charts.example` and of this machine present.
fn authority(folder: &Path) -> Arc<ServerConfig> {
    let clock = Clock::real();
    let authority = Authority::new("charts", &clock).unwrap();
    fs::write(folder.join("ca.pem"), authority.pem()).unwrap();
    let server = authority.issue_server(&["charts.example", "localhost", "127.0.0.1"]).unwrap();
    server_config(&server, None, &["http/1.1"], &clock).unwrap()
}

/// helm's list, with one repository; without a password there is no login.
fn list(folder: &Path, url: &str, password: &str) {
    let user = if password.is_empty() { "" } else { LOGIN.0 };
    let ca = folder.join("ca.pem");
    let entry = format!(
        "{{name: ours, url: '{url}', username: '{user}', password: '{password}', caFile: {}}}",
        ca.display()
    );
    fs::write(
        folder.join("repositories.yaml"),
        format!("apiVersion: ''\nrepositories: [{entry}]\n"),
    )
    .unwrap();
}

#[test]
fn a_login_of_helms_opens_its_repository_and_goes_nowhere_else() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let tls = authority(folder);
    let store = Repository::with(Some(tls.clone()), "");
    let repository = Repository::with(Some(tls), &format!("https://localhost:{}", store.at.port()));
    let repo = format!("https://127.0.0.1:{}/private", repository.at.port());
    scenario(folder, &format!("chart: small, version: ~1.16, repo: \"{repo}\""), "1.16.8");

    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("certificate"), "{text}");

    list(folder, &repo, "wrong");
    let (code, text) = multiplane(folder, "cache", &["run", "."]);
    assert_eq!(code, 3, "{text}");
    assert!(text.contains("401 Unauthorized") && !text.contains("wrong"), "{text}");

    list(folder, &repo, LOGIN.1);
    let (code, text) = multiplane(
        folder,
        "cache",
        &["run", ".", "--record", "it.capsule", "--journal", "journal.jsonl"],
    );
    assert_eq!(code, 0, "{text}");
    assert_eq!(store.asked(), ["/store/small-1.16.8.tgz"]);
    let journal = fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    assert!(!journal.contains(LOGIN.1) && !text.contains(LOGIN.1));

    // What is unpacked brings its chart along.
    let (code, text) = multiplane(folder, "empty", &["repro", "it.capsule", "--unpack", "unpacked"]);
    assert_eq!(code, 0, "{text}");
    repository.up.store(false, std::sync::atomic::Ordering::SeqCst);
    let cache = text
        .trim()
        .strip_prefix("XDG_CACHE_HOME=")
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    let (code, text) = multiplane(folder, cache, &["run", "unpacked"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn the_way_out_is_the_proxy_of_the_environment() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let tls = authority(folder);
    for (scheme, variable, asked, repository) in [
        (
            "https",
            "HTTPS_PROXY",
            "CONNECT charts.example:443 HTTP/1.1",
            Repository::with(Some(tls), ""),
        ),
        (
            "http",
            "http_proxy",
            "GET http://charts.example/charts/index.yaml HTTP/1.1",
            Repository::start(),
        ),
    ] {
        let repo = format!("{scheme}://charts.example/charts");
        list(folder, &repo, "");
        scenario(folder, &format!("chart: small, version: ~1.16, repo: \"{repo}\""), "1.16.8");
        let (address, log) = proxy::start(repository.at);
        let cache = format!("cache-{scheme}");
        let (code, text) = multiplane_with(folder, &cache, &["run", "."], &[(variable, &address)]);
        assert_eq!(code, 0, "{text}");
        assert_eq!(log.lock().unwrap()[0], asked);

        let wrong = address.replace("pass", "word");
        let (code, text) = multiplane_with(folder, "empty", &["run", "."], &[(variable, &wrong)]);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains("407") || text.contains("proxy"), "{text}");
        assert!(!text.contains("word@"), "{text}");
    }
}
