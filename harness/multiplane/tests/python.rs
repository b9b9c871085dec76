//! Kubernetes' real Python client against `multiplane up`. Where no Python with the package `kubernetes` is found, the test is ignored, with
//! the reason.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/process.rs"]
mod process;
#[path = "support/signals.rs"]
mod signals;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use process::{finish, multiplane};
use signals::{signal, until};

/// Why the test is ignored.
const MISSING: &str =
    "no python3 with the package kubernetes on the PATH, and MULTIPLANE_PYTHON names none: pip install kubernetes==37.0.2";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trial = match python() {
        Some(python) => Trial::test("client", move || -> Result<(), Failed> {
            client(&python);
            Ok(())
        }),
        // Whoever asks for it all the same is told what is missing, and is told of no pass.
        None => Trial::test("client", || Err(MISSING.into()))
            .with_kind(MISSING)
            .with_ignored_flag(true),
    };
    libtest_mimic::run(&arguments, vec![trial]).exit_code()
}

/// A Python that has the client.
#[expect(clippy::disallowed_methods, reason = "the real client")]
fn python() -> Option<PathBuf> {
    let python = std::env::var_os("MULTIPLANE_PYTHON").map_or_else(|| "python3".into(), PathBuf::from);
    let mut asked = Command::new(&python);
    asked.args(["-c", "import kubernetes"]).stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success()).then_some(python)
}

#[expect(clippy::disallowed_methods, reason = "the real client")]
fn client(python: &Path) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("world");
    let mut world = multiplane(folder.path(), &["up", "--clusters", "a", "--dir", dir.to_str().unwrap()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the world is up", || dir.join("ready").exists());
    let mut steps = Command::new(python);
    steps
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/clients/client.py"))
        .arg(dir.join("kubeconfigs/a.yaml"))
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = finish(steps.spawn().unwrap());
    signal(&world, "TERM");
    assert!(world.wait().unwrap().success());
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("rights: ok"), "{}", ended.text);
}
