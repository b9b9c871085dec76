//! What stands for a cluster's nodes: an embedded cluster with real sockets at a loopback address of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use multiplane::node::{Identity, Kept, Ports, Settings, serve as serve_node};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// Runs the cluster until its folder is gone.
pub(crate) fn serve(world: &World, name: &str) -> ExitCode {
    let folder = world.cluster(name);
    let config: Value = serde_json::from_str(&fs::read_to_string(folder.join("config")).unwrap()).unwrap();
    let address = address();
    let node = format!("{name}-control-plane");
    fs::create_dir_all(world.machine(&node).parent().unwrap()).unwrap();
    fs::write(world.machine(&node), address.to_string()).unwrap();
    fs::write(folder.join("ports"), published(&config, address)).unwrap();

    let settings = settings(world, name, &config, address);
    let stop = CancellationToken::new();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let gone = async {
            while folder.exists() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            stop.cancel();
        };
        let (served, ()) = tokio::join!(serve_node(&settings, &stop, |_| {}), gone);
        served.unwrap();
    });
    ExitCode::SUCCESS
}

/// All of 127.0.0.0/8 is this machine's. Other clusters' doubles have other process ids.
fn address() -> IpAddr {
    let [_, high, middle, low] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, high.wrapping_add(1), middle, low).into()
}

/// What `docker port` says.
fn published(config: &Value, address: IpAddr) -> String {
    let mappings = config["nodes"][0]["extraPortMappings"].as_array().cloned().unwrap_or_default();
    let mut text = format!("6443/tcp -> {address}:6443\n");
    for port in mappings.iter().map(|mapping| &mapping["containerPort"]) {
        writeln!(text, "{port}/tcp -> {address}:{port}").unwrap();
    }
    text
}

fn settings(world: &World, name: &str, config: &Value, address: IpAddr) -> Settings {
    let mounts = config["nodes"][0]["extraMounts"].as_array().cloned().unwrap_or_default();
    let path = |value: &Value| value.as_str().unwrap().to_owned();
    let host_paths: BTreeMap<String, PathBuf> = mounts
        .iter()
        .map(|mount| (path(&mount["containerPath"]), PathBuf::from(path(&mount["hostPath"]))))
        .collect();
    let data = host_paths.values().next().cloned();
    // Virtual nodes run programs in this process, so what a pod would ask the resident for is given to all of them.
    let trust = |data: &Path| Identity {
        certificate: data.join("trust.pem"),
        key: data.join("trust.pem"),
        trust: data.join("trust.pem"),
    };
    Settings {
        id: name.to_owned(),
        nodes: config["nodes"].as_array().unwrap().len(),
        seed: 0,
        listen: address,
        ports: Ports::default(),
        server_names: vec![format!("{name}-control-plane"), address.to_string()],
        identity: data.as_deref().map(trust),
        ingress: false,
        state: data.map_or(Kept::Memory, Kept::Folder),
        host_paths,
        machines: Some(world.machine("")),
        kubeconfig: Some(world.cluster(name).join("kubeconfig")),
        server: Some(format!("https://{address}:6443")),
        ready: None,
    }
}
