//! Flyte's real Python client against `multiplane up`: the guide's own commands, and FlyteRemote. Where `pyflyte` is not on the `PATH` and
//! `MULTIPLANE_PYFLYTE` names none, the tests are ignored, with the reason.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/process.rs"]
mod process;
#[path = "support/signals.rs"]
mod signals;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use k8s_openapi::api::core::v1::Namespace;
use kube::config::{Config, KubeConfigOptions, Kubeconfig};
use kube::runtime::wait::await_condition;
use kube::{Api, Client};
use libtest_mimic::{Arguments, Failed, Trial};
use process::{Ended, finish, multiplane};
use signals::{signal, until};

/// A test, given where `pyflyte` is.
type Test = fn(&Path);

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let tests: [(&str, Test); 3] = [("pyflyte", commands), ("flyte_remote", remote), ("computing", computing)];
    let client = client();
    // Whoever asks for it all the same is told what is missing, and is told of no pass.
    let ignored = |name: &str, why: &'static str| {
        let trial = Trial::test(name, move || Err(why.into()));
        trial.with_kind(why).with_ignored_flag(true)
    };
    let trials = tests.map(|(name, test)| match client.clone() {
        Some(_) if name == "computing" && !namespaces() => ignored(name, "this computer lets no process have mounts of its own"),
        Some(pyflyte) => Trial::test(name, move || -> Result<(), Failed> {
            test(&pyflyte);
            Ok(())
        }),
        None => ignored(
            name,
            "pyflyte is not on the PATH, and MULTIPLANE_PYFLYTE names none: pip install flytekit==1.16.31",
        ),
    });
    libtest_mimic::run(&arguments, trials.into()).exit_code()
}

fn client() -> Option<PathBuf> {
    match std::env::var_os("MULTIPLANE_PYFLYTE") {
        Some(path) => Some(path.into()),
        None => {
            let folders = std::env::var_os("PATH")?;
            std::env::split_paths(&folders)
                .map(|folder| folder.join("pyflyte"))
                .find(|path| path.is_file())
        }
    }
}

/// Whether a process can have mounts of its own here.
#[expect(clippy::disallowed_methods, reason = "the computer itself")]
fn namespaces() -> bool {
    let tried = Command::new("unshare")
        .args([
            "--user",
            "--map-root-user",
            "--pid",
            "--fork",
            "--mount",
            "mount",
            "-t",
            "tmpfs",
            "tmpfs",
            "/tmp",
        ])
        .output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Waits for the project's namespaces, which come with the next round of the sync: a run before that fails, as it does upstream.
fn project_is_everywhere(dir: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for plane in ["dataplane_1", "dataplane_2"] {
            let kubeconfig = Kubeconfig::read_from(dir.join("kubeconfigs").join(format!("{plane}.yaml"))).unwrap();
            let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
            let namespaces: Api<Namespace> = Api::all(Client::try_from(config.unwrap()).unwrap());
            let made = await_condition(namespaces, "team1-development", |found: Option<&Namespace>| found.is_some());
            made.await.unwrap();
        }
    });
}

/// A world that is up, and a Python project beside it.
struct World {
    child: Child,
    folder: tempfile::TempDir,
    pyflyte: PathBuf,
    env: serde_json::Value,
}

impl World {
    fn start(pyflyte: &Path, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("world");
        let scenario = root().join("scenarios/clients/flytekit");
        let up = ["up", scenario.to_str().unwrap(), "--dir", dir.to_str().unwrap()];
        let child = multiplane(folder.path(), &[&up, options].concat())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        until("the world is up", || dir.join("ready").exists());
        project_is_everywhere(&dir);
        let env = std::fs::read_to_string(dir.join("env.json")).unwrap();
        for file in ["example.py", "remote.py", "computing.py", "computed.py", "shapes.py", "shaped.py"] {
            std::fs::copy(root().join("fixtures/workflows/python").join(file), folder.path().join(file)).unwrap();
        }
        let env: serde_json::Value = serde_json::from_str(&env).unwrap();
        let endpoint = env["flyte"]["admin"]["endpoint"].as_str().unwrap();
        let config = format!("admin:\n  endpoint: dns:///{endpoint}\n  insecure: true\n");
        std::fs::write(folder.path().join("config.yaml"), config).unwrap();
        Self {
            child,
            folder,
            pyflyte: pyflyte.to_owned(),
            env,
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the real client")]
    fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env("FLYTE_PLATFORM_URL", self.env["flyte"]["admin"]["endpoint"].as_str().unwrap())
            .env("FLYTE_PLATFORM_INSECURE", "true")
            .env("COLUMNS", "200")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs `pyflyte` with the world's configuration file.
    fn pyflyte(&self, arguments: &[&str]) -> Ended {
        let mut all = vec!["--config", "config.yaml"];
        all.extend(arguments);
        finish(self.command(&self.pyflyte, &all).spawn().unwrap())
    }

    /// Runs `pyflyte`, which must end well and say a text.
    fn well(&self, arguments: &[&str], text: &str) {
        let ended = self.pyflyte(arguments);
        assert_eq!(ended.exit, Some(0), "{arguments:?}: {}", ended.text);
        assert!(ended.text.contains(text), "{arguments:?}: {}", ended.text);
    }

    /// As [`Self::well`], but it must fail.
    fn badly(&self, arguments: &[&str], text: &str) {
        let ended = self.pyflyte(arguments);
        assert_ne!(ended.exit, Some(0), "{arguments:?}: {}", ended.text);
        assert!(ended.text.contains(text), "{arguments:?}: {}", ended.text);
    }
}

impl Drop for World {
    fn drop(&mut self) {
        signal(&self.child, "TERM");
        let _ = self.child.wait();
    }
}

const PLACE: [&str; 4] = ["--project", "team1", "--domain", "development"];
const INPUTS: [&str; 2] = ["--hyperparameters", "{\"C\": 0.1}"];

fn run<'a>(options: &[&'a str], rest: &[&'a str]) -> Vec<&'a str> {
    [
        &["run", "--remote"],
        PLACE.as_slice(),
        options,
        &["example.py", "training_workflow"],
        rest,
    ]
    .concat()
}

/// The guide's commands, and what they share their command line with.
fn commands(pyflyte: &Path) {
    let world = World::start(pyflyte, &[]);
    world.well(&["info"], "v1.16.8");
    // As the guide has it: no --wait, no name.
    world.well(&run(&[], &INPUTS), "to see execution in the console");
    world.well(&run(&["--wait", "--poll-interval", "1"], &INPUTS), "has succeeded");
    let named = [
        "--name",
        "by-label",
        "--execution-cluster-label",
        "label2",
        "--overwrite-cache",
        "--wait",
        "--poll-interval",
        "1",
    ];
    world.well(&run(&named, &INPUTS), "has succeeded");
    // A used name: the client warns and shows the run that is there.
    world.well(&run(&["--name", "by-label"], &INPUTS), "by-label");
    let failing = ["--env", "MULTIPLANE_TASK_EXIT_CODE=1", "--wait", "--poll-interval", "1"];
    world.badly(&run(&failing, &INPUTS), "terminated with exit code (1)");
    world.badly(&run(&[], &["--hyperparameters", "no json"]), "hyperparameters");
    let nobody = [
        "run",
        "--remote",
        "--project",
        "nobody",
        "--domain",
        "development",
        "example.py",
        "training_workflow",
    ];
    world.badly(&[nobody.as_slice(), &INPUTS].concat(), "INVALID_ARGUMENT");

    let register = |options: &[&'static str]| [&["register"], PLACE.as_slice(), options, &["example.py"]].concat();
    world.well(&register(&["--version", "v1"]), "Successfully registered 5 entities");
    world.well(&register(&["--version", "v1"]), "Successfully registered 5 entities");
    world.well(
        &register(&["--version", "v2", "--activate-launchplans"]),
        "Successfully registered 5 entities",
    );
    world.well(&[&["get", "launchplan"], PLACE.as_slice()].concat(), "example.nightly");
    world.well(
        &[
            "launchplan",
            "--project",
            "team1",
            "--domain",
            "development",
            "--deactivate",
            "example.nightly",
            "v2",
        ],
        "INACTIVE",
    );
    let execution = [
        "execution",
        "--project",
        "team1",
        "--domain",
        "development",
        "--execution-id",
        "by-label",
    ];
    world.well(
        &[execution.as_slice(), &["relaunch"]].concat(),
        "Launched execution: ex:team1:development:",
    );
    world.well(
        &[execution.as_slice(), &["recover"]].concat(),
        "Launched execution: ex:team1:development:",
    );
    world.well(&["fetch", "flyte://v1/team1/development/by-label/n0/o"], "o0");
    let remote = |rest: &[&'static str]| [["run"].as_slice(), &PLACE, rest].concat();
    world.well(
        &[remote(&["remote-workflow", "example.training_workflow"]), INPUTS.to_vec()].concat(),
        "to see execution in the console",
    );
    world.well(
        &remote(&["remote-task", "example.get_data:v1", "--n", "3"]),
        "to see execution in the console",
    );
    world.badly(&["metrics", "dump", "by-label"], "method GetExecutionMetrics not implemented");

    // The same control plane over REST: the labelled run is where its label says.
    let http = world.env["flyte"]["admin"]["http"].as_str().unwrap();
    let seen = get(http, "/api/v1/executions/team1/development/by-label");
    assert_eq!(
        seen["spec"]["metadata"]["system_metadata"]["execution_cluster"], "dataplane_2",
        "{seen}"
    );
}

fn remote(pyflyte: &Path) {
    let world = World::start(pyflyte, &[]);
    let python = pyflyte.with_file_name("python3");
    let ended = finish(world.command(&python, &["remote.py"]).spawn().unwrap());
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("done"), "{}", ended.text);
}

/// With an installed flytekit in the place of the stand-in, tasks compute, and fail, as their code says.
fn computing(pyflyte: &Path) {
    let venv = pyflyte.ancestors().nth(2).unwrap().to_str().unwrap();
    let world = World::start(pyflyte, &["--flytekit", venv]);
    let wait = ["--wait", "--poll-interval", "1"];
    world.well(&run(&[wait.as_slice(), &["--name", "computed"]].concat(), &INPUTS), "has succeeded");
    world.badly(&run(&wait, &["--hyperparameters", "{\"C\": -1}"]), "ValueError: C must be positive");
    let python = pyflyte.with_file_name("python3");
    let ended = finish(world.command(&python, &["computed.py", "computed"]).spawn().unwrap());
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("done"), "{}", ended.text);
    assert!(!Path::new("/tmp/whole.bin").exists(), "a task writes to this computer's /tmp");
    let ended = finish(world.command(&python, &["shaped.py"]).spawn().unwrap());
    assert_eq!(ended.exit, Some(0), "{}", ended.text);
    assert!(ended.text.contains("done"), "{}", ended.text);
}

/// An answer of the REST gateway.
fn get(address: &str, path: &str) -> serde_json::Value {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let body = if body.starts_with('{') {
        body
    } else {
        body.split_once("\r\n").unwrap().1.rsplit_once("\r\n0").unwrap().0
    };
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {text}"))
}
