//! The double of `kind`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::recordings::Recording;
use crate::world::World;
use crate::{image, machine};

/// Runs the cluster behind a name, until it is deleted.
const SERVE: &str = "__serve";

pub(crate) fn main() -> ExitCode {
    let world = World::of_double();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    if let [SERVE, name] = args.as_slice() {
        return machine::serve(&world, name);
    }
    world.call("kind");
    match args.as_slice() {
        ["version"] => Recording::named("version").answer(&[]),
        ["get", "clusters"] => {
            let clusters = world.clusters();
            if clusters.is_empty() {
                return Recording::named("get-clusters-none").answer(&[]);
            }
            clusters.iter().for_each(|name| println!("{name}"));
            ExitCode::SUCCESS
        }
        ["create", "cluster", rest @ ..] => create(&world, &Options::parse(rest)),
        ["delete", "cluster", rest @ ..] => delete(&world, &Options::parse(rest)),
        ["load", "image-archive", file, "--name", name] => load(&world, file, name),
        ["export", "logs", folder, "--name", name] => export_logs(&world, folder, name),
        _ => Recording::named("unknown-flag").answer(&[("--nosuch", args.last().copied().unwrap_or_default())]),
    }
}

/// Options of the form `--name VALUE`.
struct Options<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Options<'a> {
    fn parse(args: &[&'a str]) -> Self {
        let known = ["--name", "--config", "--wait", "--kubeconfig", "--image"];
        let pairs = args.chunks(2).map(|pair| (pair[0], pair[1]));
        Self(pairs.inspect(|(name, _)| assert!(known.contains(name), "{name}")).collect())
    }

    fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(other, _)| *other == name).map(|(_, value)| *value)
    }
}

fn create(world: &World, options: &Options<'_>) -> ExitCode {
    let (name, file) = (options.get("--name").unwrap(), options.get("--kubeconfig").unwrap());
    let (quoted, context) = (format!("\"{name}\""), format!("kind-{name}"));
    let replace = [("\"a\"", quoted.as_str()), ("kind-a", context.as_str()), ("a.kubeconfig", file)];
    if !name.bytes().all(|letter| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-')) {
        return Recording::named("create-illegal-name-underscore").answer(&[("dataplane_1", name)]);
    }
    let config: Value = yaml::strict::from_str(&fs::read_to_string(options.get("--config").unwrap()).unwrap()).unwrap();
    assert_eq!(config["apiVersion"], "kind.x-k8s.io/v1alpha4");
    if world.cluster(name).exists() {
        return Recording::named("create-a-again").answer(&replace);
    }
    let network = std::env::var("KIND_EXPERIMENTAL_DOCKER_NETWORK").unwrap();
    assert!(world.network(&network).exists(), "the network comes first");
    let scripted = world.scripted("create");
    if let Some(failure) = scripted
        .as_deref()
        .filter(|line| !matches!(*line, "hang" | "ok" | "create-not-ready-in-time"))
    {
        return Recording::named(failure).answer(&replace);
    }
    fs::create_dir_all(world.cluster(name)).unwrap();
    fs::write(world.cluster(name).join("network"), network).unwrap();
    if scripted.as_deref() == Some("hang") {
        // As recorded: the container is there, and stays when kind is killed.
        eprintln!("Creating cluster \"{name}\" ...");
        hang(world);
    }
    fs::write(world.cluster(name).join("config"), config.to_string()).unwrap();
    start(world, name);
    let made = world.cluster(name).join("kubeconfig");
    while !made.exists() {
        pause(Duration::from_millis(20));
    }
    fs::copy(&made, file).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
    Recording::named(if scripted.as_deref() == Some("create-not-ready-in-time") {
        "create-not-ready-in-time"
    } else {
        "create-a-ok"
    })
    .answer(&replace)
}

/// Does not come to an end by itself, but does not outlive its bench either.
fn hang(world: &World) -> ! {
    while world.root().exists() {
        pause(Duration::from_millis(50));
    }
    std::process::exit(1)
}

#[expect(clippy::disallowed_methods, reason = "a double waits like the command it stands for")]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// Starts the cluster in a process of its own, as docker would.
#[expect(
    clippy::disallowed_methods,
    clippy::zombie_processes,
    reason = "what stands for a node's container"
)]
fn start(world: &World, name: &str) {
    use std::os::unix::process::CommandExt;
    std::process::Command::new(world.root().join("bin/kind"))
        .args([SERVE, name])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .unwrap();
}

fn delete(world: &World, options: &Options<'_>) -> ExitCode {
    let name = options.get("--name").unwrap();
    if let Some(failure) = world.scripted("delete") {
        if failure == "hang" {
            hang(world);
        }
        return Recording::named(&failure).answer(&[]);
    }
    if let Some(kubeconfig) = options.get("--kubeconfig") {
        assert!(PathBuf::from(kubeconfig).parent().unwrap().exists());
    }
    let (quoted, node) = (format!("\"{name}\""), format!("{name}-control-plane"));
    // A node that is not there has no name.
    let _ = fs::remove_file(world.machine(&node));
    match fs::remove_dir_all(world.cluster(name)) {
        Ok(()) => Recording::named("delete-a-ok").answer(&[("\"a\"", &quoted), ("a-control-plane", &node)]),
        Err(_) => Recording::named("delete-unknown").answer(&[("nosuch", name)]),
    }
}

fn load(world: &World, file: &str, name: &str) -> ExitCode {
    if !Path::new(file).exists() {
        return Recording::named("load-image-archive-missing").answer(&[("nosuch.tar", file)]);
    }
    if !world.cluster(name).exists() {
        return Recording::named("load-unknown-cluster").answer(&[("nosuch", name)]);
    }
    for tag in image::tags(Path::new(file)) {
        fs::create_dir_all(world.cluster(name).join("images")).unwrap();
        fs::write(world.cluster(name).join("images").join(tag.replace('/', "!")), "").unwrap();
    }
    Recording::named("load-image-archive").answer(&[])
}

fn export_logs(world: &World, folder: &str, name: &str) -> ExitCode {
    if !world.cluster(name).exists() {
        return Recording::named("export-logs-unknown-cluster").answer(&[("nosuch", name)]);
    }
    fs::create_dir_all(folder).unwrap();
    fs::write(Path::new(folder).join("kind-version.txt"), "kind v0.33.0").unwrap();
    Recording::named("export-logs").answer(&[("controlplane", name), ("logs-cp", folder)])
}
