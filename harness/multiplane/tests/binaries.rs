//! Clusters of real etcd and kube-apiserver processes. Where the programs are not found, the tests that need them are ignored, with the reason.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/enter.rs"]
mod enter;
#[path = "support/process.rs"]
mod process;
#[path = "support/signals.rs"]
mod signals;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use binaries::Binaries;
use libtest_mimic::{Arguments, Failed, Trial};
use process::{Ended, finish, multiplane};
use signals::{signal, until};

/// A scenario of two clusters, with a control plane, credentials, an Ingress and a placement.
const SCENARIO: &str = "../../scenarios/guide/project-and-domain";

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let found = Binaries::find();
    let needs = |name: &str, test: fn(&Binaries)| match found.clone() {
        Ok(found) => Trial::test(name, move || -> Result<(), Failed> {
            test(&found);
            Ok(())
        }),
        // Whoever asks for it all the same is told what is missing, and is told of no pass.
        Err(missing) => Trial::test(name, move || Err(missing.to_string().into()))
            .with_kind("no kube-apiserver")
            .with_ignored_flag(true),
    };
    let trials = vec![
        needs("as-found", as_found),
        needs("our-controllers", our_controllers),
        needs("killed", killed),
        needs("entered", entered),
        Trial::test("missing", || -> Result<(), Failed> {
            missing();
            Ok(())
        }),
    ];
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// `multiplane` with the programs of a folder.
fn with(assets: &Path, state: &Path, args: &[&str]) -> Command {
    let mut command = multiplane(state, args);
    command.env("KUBEBUILDER_ASSETS", assets);
    command
}

/// A folder with nothing but these programs.
fn assets(programs: &[&Path]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for program in programs {
        let program = program.canonicalize().unwrap();
        std::os::unix::fs::symlink(&program, folder.path().join(program.file_name().unwrap())).unwrap();
    }
    folder
}

fn run(assets: &Path, state: &Path) -> Ended {
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join(SCENARIO);
    let refresh = "set.flyte-core.cluster_resource_manager.config.cluster_resources.refreshInterval=5s";
    let arguments = ["--backend", "binaries", "--matrix", "longest-hold=10s", "--matrix", refresh];
    let arguments: Vec<&str> = ["run", scenario.to_str().unwrap()].into_iter().chain(arguments).collect();
    finish(with(assets, state, &arguments).spawn().unwrap())
}

fn passes(assets: &Path) {
    let state = tempfile::tempdir().unwrap();
    let ended = run(assets, state.path());
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("1 scenario: 1 passed, 0 failed"), "{}", ended.text);
    // They were killed before their folder was removed, but may still be on their way out.
    until("the programs have ended", || processes(state.path()).is_empty());
    assert_eq!(left(state.path()), Vec::<PathBuf>::new());
}

/// With kube-controller-manager, where it is.
fn as_found(found: &Binaries) {
    let programs = [&found.etcd, &found.apiserver].into_iter().chain(&found.controller_manager);
    let programs: Vec<&Path> = programs.map(PathBuf::as_path).collect();
    passes(assets(&programs).path());
}

/// As envtest has it.
fn our_controllers(found: &Binaries) {
    passes(assets(&[&found.etcd, &found.apiserver]).path());
}

/// A world of one cluster that is up, and its folder.
fn up(assets: &Path, state: &Path) -> (Child, PathBuf) {
    let world = state.join("world");
    let arguments = ["up", "--clusters", "a", "--backend", "binaries", "--dir", world.to_str().unwrap()];
    let up = with(assets, state, &arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the world is up", || world.join("ready").exists());
    (up, world)
}

/// The programs end with a run that is killed, and `gc` removes what it left.
fn killed(found: &Binaries) {
    let (assets, state) = (assets(&[&found.etcd, &found.apiserver]), tempfile::tempdir().unwrap());
    let (mut up, _) = up(assets.path(), state.path());
    assert!(!processes(state.path()).is_empty());
    signal(&up, "KILL");
    up.wait().unwrap();
    until("the programs have ended", || processes(state.path()).is_empty());
    assert!(!left(state.path()).is_empty());
    let gc = finish(multiplane(state.path(), &["gc"]).spawn().unwrap());
    assert_eq!(gc.exit, Some(0), "{}", gc.text);
    assert_eq!(left(state.path()), Vec::<PathBuf>::new());
}

/// Clients reach into pods through the real API server, which has names of its own for what it asks of a kubelet.
fn entered(found: &Binaries) {
    let (assets, state) = (assets(&[&found.etcd, &found.apiserver]), tempfile::tempdir().unwrap());
    let (mut up, world) = up(assets.path(), state.path());
    let kubeconfig = std::fs::read_to_string(world.join("kubeconfigs/a.yaml")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (executed, answered) = runtime.block_on(enter::through(&kubeconfig));
    signal(&up, "TERM");
    up.wait().unwrap();
    assert_eq!(executed, "hello\n");
    assert!(answered.starts_with("HTTP/1.1 200 OK"), "{answered}");
}

/// What is missing is said before anything is made.
fn missing() {
    let (assets, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let ended = run(assets.path(), state.path());
    assert_eq!(ended.exit, Some(3), "{}", ended.text);
    let told = format!("no kube-apiserver in KUBEBUILDER_ASSETS ({})", assets.path().display());
    assert!(ended.text.contains(&told) && ended.text.contains("setup-envtest"), "{}", ended.text);
    assert_eq!(left(state.path()), Vec::<PathBuf>::new());
    let doctor = ["doctor", "--backend", "binaries"];
    let doctor = finish(with(assets.path(), state.path(), &doctor).spawn().unwrap());
    assert_eq!(doctor.exit, Some(3), "{}", doctor.text);
    assert!(doctor.text.contains(&told), "{}", doctor.text);
}

/// Command lines of this computer that name something of a folder, but for `multiplane`'s own.
fn processes(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().unwrap();
    let lines = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = std::fs::read(entry.ok()?.path().join("cmdline")).ok()?;
        Some(String::from_utf8_lossy(&line).replace('\0', " "))
    });
    lines
        .filter(|line| line.contains(folder) && !line.starts_with(env!("CARGO_BIN_EXE_multiplane")))
        .collect()
}

/// Ledgers and folders of runs.
fn left(state: &Path) -> Vec<PathBuf> {
    let below = |name: &str| std::fs::read_dir(state.join(name)).into_iter().flatten();
    let entries = below("ledger").chain(below("runs")).map(|entry| entry.unwrap().path());
    entries.collect()
}
