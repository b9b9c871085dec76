//! The reference planes as processes of their own, as containers of the image run them, against the API servers of `multiplane up`.

#![expect(clippy::unwrap_used, reason = "tests")]
#![expect(clippy::disallowed_methods, reason = "starts the program under test")]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flyte::client::{Admin, Submission, Target};
use flyte::crd::ExecutionId;
use flyte::stores::{Facts, StoreServer};
use flyte::workflow::WorkflowFile;
use k8s_openapi::api::authentication::v1::TokenRequest;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use k8s_openapi::api::rbac::v1::ClusterRoleBinding;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::PostParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::{Value, json};
use simnet::{Clock, Network};

/// A machine that is busy with other tests may need long; what is awaited comes within seconds.
const PATIENCE: Duration = Duration::from_secs(120);
const MULTIPLANE: &str = env!("CARGO_BIN_EXE_multiplane");
const ACCOUNT: &str = "var/run/secrets/kubernetes.io/serviceaccount";

/// A process that ends with its test.
struct Process(Child);

impl Process {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.0.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    fn end(mut self) -> Option<i32> {
        self.0.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder that is a container's root, and the environment of its process.
struct Container {
    root: PathBuf,
    env: Vec<(String, String)>,
}

impl Container {
    fn new(root: PathBuf, stores: &str) -> Self {
        let env = [
            ("MULTIPLANE_WORLD", stores.to_owned()),
            ("MULTIPLANE_ROOT", root.display().to_string()),
        ];
        Self {
            env: env.map(|(name, value)| (name.to_owned(), value)).into(),
            root,
        }
    }

    fn file(&self, path: &str, content: &str) {
        let file = self.root.join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, content).unwrap();
    }

    fn env(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    fn start(&self, words: &[&str]) -> Process {
        let mut command = Command::new(MULTIPLANE);
        command.arg("program").args(words).stdin(Stdio::null());
        Process(command.envs(self.env.iter().cloned()).spawn().unwrap())
    }

    fn run(&self, words: &[&str]) -> Option<i32> {
        self.start(words).end()
    }
}

/// Two empty clusters.
struct Up {
    _process: Process,
    env: Value,
}

async fn up(folder: &Path) -> Up {
    let mut command = Command::new(MULTIPLANE);
    command.args(["up", "--clusters", "a,b", "--dir"]).arg(folder);
    let process = Process(command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap());
    until("clusters", async || folder.join("ready").exists()).await;
    let env = serde_json::from_str(&fs::read_to_string(folder.join("env.json")).unwrap()).unwrap();
    Up { _process: process, env }
}

async fn until(what: &str, look: impl AsyncFn() -> bool) {
    let seen = async {
        while !look().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, seen).await.is_ok(), "not there in time: {what}");
}

fn free_ports<const N: usize>() -> [u16; N] {
    let bound: [TcpListener; N] = std::array::from_fn(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    std::array::from_fn(|index| bound[index].local_addr().unwrap().port())
}

/// A cluster's API server as a pod with an account finds it.
struct Access {
    client: Client,
    server: String,
    ca: String,
    token: String,
}

async fn access(up: &Up, cluster: &str) -> Access {
    let file = up.env["clusters"][cluster]["kubeconfig"].as_str().unwrap();
    let kubeconfig = Kubeconfig::read_from(file).unwrap();
    let entry = kubeconfig.clusters[0].cluster.clone().unwrap();
    let ca: k8s_openapi::ByteString = serde_json::from_value(entry.certificate_authority_data.unwrap().into()).unwrap();
    let options = KubeConfigOptions::default();
    let client = Client::try_from(Config::from_custom_kubeconfig(kubeconfig, &options).await.unwrap()).unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "kube-system");
    let account = json!({"metadata": {"name": "plane"}});
    accounts.create(&PostParams::default(), &from(account)).await.unwrap();
    let bindings: Api<ClusterRoleBinding> = Api::all(client.clone());
    let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"});
    let subject = json!({"kind": "ServiceAccount", "name": "plane", "namespace": "kube-system"});
    let binding = json!({"metadata": {"name": "plane"}, "roleRef": role, "subjects": [subject]});
    bindings.create(&PostParams::default(), &from(binding)).await.unwrap();
    let (params, request) = (PostParams::default(), TokenRequest::default());
    let request = accounts.create_token_request("plane", &params, &request);
    Access {
        client,
        server: entry.server.unwrap(),
        ca: String::from_utf8(ca.0).unwrap(),
        token: request.await.unwrap().status.unwrap().token.unwrap(),
    }
}

fn from<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

/// The kind that a data plane's chart brings.
async fn install_kind(client: &Client) {
    let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
    let version = json!({"name": "v1alpha1", "served": true, "storage": true, "schema": schema});
    let names = json!({"kind": "FlyteWorkflow", "plural": "flyteworkflows", "singular": "flyteworkflow"});
    let spec = json!({"group": "flyte.lyft.com", "scope": "Namespaced", "names": names, "versions": [version]});
    let definition = json!({"metadata": {"name": "flyteworkflows.flyte.lyft.com"}, "spec": spec});
    let kinds: Api<CustomResourceDefinition> = Api::all(client.clone());
    kinds.create(&PostParams::default(), &from(definition)).await.unwrap();
}

async fn serve_stores(folder: &Path) -> String {
    let facts = Facts {
        zone: "a".to_owned(),
        trust: String::new(),
    };
    let server = StoreServer::new(folder, facts);
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move { server.serve(stream).await });
        }
    });
    address
}

/// flyteadmin's pod, with the data plane `b`.
fn flyteadmin(root: PathBuf, stores: &str, data_plane: &Access, [http, grpc, profiler]: [u16; 3]) -> Container {
    let container = Container::new(root, stores);
    let server = &data_plane.server;
    container.file("var/run/credentials/b_token", &data_plane.token);
    container.file("var/run/credentials/b_cacert", &data_plane.ca);
    container.file(
        "etc/flyte/config/server.yaml",
        &format!("server: {{httpPort: {http}, grpc: {{port: {grpc}}}}}\nflyteadmin: {{profilerPort: {profiler}, eventVersion: 2}}\n"),
    );
    let auth = "{type: file_path, tokenPath: /var/run/credentials/b_token, certPath: /var/run/credentials/b_cacert}";
    container.file(
        "etc/flyte/config/clusters.yaml",
        &format!("clusters:\n  clusterConfigs: [{{name: b, endpoint: '{server}', enabled: true, auth: {auth}}}]\n"),
    );
    let storage = "storage: {type: s3, container: flyte-data, connection: {region: us-east-1}}\n";
    container.file("etc/flyte/config/storage.yaml", storage);
    container.file(
        "etc/flyte/config/cluster_resources.yaml",
        "cluster_resources: {templatePath: /etc/flyte/clusterresource/templates}\n",
    );
    container.file(
        "etc/flyte/clusterresource/templates/a.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: '{{ namespace }}'}\n",
    );
    container
}

/// flytepropeller's pod in the data plane `b`.
fn flytepropeller(root: PathBuf, stores: &str, own: &Access, [grpc, profiler]: [u16; 2]) -> Container {
    let mut container = Container::new(root, stores);
    container.file(&format!("{ACCOUNT}/token"), &own.token);
    container.file(&format!("{ACCOUNT}/ca.crt"), &own.ca);
    container.file(&format!("{ACCOUNT}/namespace"), "flyte");
    let (host, port) = own.server.strip_prefix("https://").unwrap().split_once(':').unwrap();
    container.env("KUBERNETES_SERVICE_HOST", host);
    container.env("KUBERNETES_SERVICE_PORT", port);
    container.env("POD_NAME", "flytepropeller-0");
    container.file(
        "etc/flyte/config/all.yaml",
        &format!(
            "admin: {{endpoint: 'localhost:{grpc}', insecure: true}}\n\
             propeller: {{prof-port: {profiler}, rawoutput-prefix: 's3://flyte-data/', metadata-prefix: metadata/propeller}}\n\
             storage: {{type: s3, container: flyte-data, connection: {{region: us-east-1}}}}\n"
        ),
    );
    container
}

const CONFIG: &str = "/etc/flyte/config/*.yaml";
const WORKFLOWS: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Workflows
tasks:
  example.nothing: {}
workflows:
  example.workflow: {nodes: {n0: {task: example.nothing}}}
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_through_planes_that_are_processes() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (up, stores) = (up(&path("up")).await, serve_stores(&path("stores")).await);
    let data_plane = access(&up, "b").await;
    install_kind(&data_plane.client).await;
    let [http, grpc, one, two] = free_ports();

    let admin = flyteadmin(path("admin"), &stores, &data_plane, [http, grpc, one]);
    assert_eq!(admin.run(&["flyteadmin", "--config", CONFIG, "migrate", "run"]), Some(0));
    assert_eq!(
        admin.run(&["flyteadmin", "--config", CONFIG, "migrate", "seed-projects", "team1"]),
        Some(0)
    );
    // Its pods share a database, so this one knows the project.
    assert_eq!(admin.run(&["flyteadmin", "--config", CONFIG, "clusterresource", "sync"]), Some(0));
    let namespaces: Api<Namespace> = Api::all(data_plane.client.clone());
    assert!(namespaces.get_opt("team1-development").await.unwrap().is_some());

    let probe = format!("reply=$(curl -s -o /dev/null -w %{{http_code}} http://127.0.0.1:{http}/healthcheck); if ...");
    let probe = ["sh", "-c", probe.as_str()];
    assert_eq!(admin.run(&probe), Some(1), "nobody serves yet");
    let serving = admin.start(&["flyteadmin", "--config", CONFIG, "serve"]);
    until("flyteadmin", async || admin.run(&probe) == Some(0)).await;

    let propeller = flytepropeller(path("propeller"), &stores, &data_plane, [grpc, two]);
    let _propelling = propeller.start(&["flytepropeller", "--config", CONFIG]);
    let operator = Network::machine(Clock::real()).host("operator", "127.0.0.1");
    let client = Admin::connect(&operator, &format!("localhost:{grpc}"), None).unwrap();
    let file = WorkflowFile::parse(WORKFLOWS).unwrap();
    client.register(&file, "team1", "development", "v1").await.unwrap();
    let submission = Submission {
        project: "team1".to_owned(),
        domain: "development".to_owned(),
        name: "run-1".to_owned(),
        target: Target::LaunchPlan("example.workflow".to_owned()),
        ..Submission::default()
    };
    let id: ExecutionId = client.submit(&submission).await.unwrap();
    let ended = tokio::time::timeout(PATIENCE, client.wait(&id, |execution| execution.ended())).await;
    let ended = ended.unwrap().unwrap();
    assert_eq!((format!("{:?}", ended.phase).as_str(), ended.cluster.as_str()), ("Succeeded", "b"));

    // What a pod leaves, the next one finds.
    serving.signal("TERM");
    assert_eq!(serving.end(), Some(0));
    let _again = admin.start(&["flyteadmin", "--config", CONFIG, "serve"]);
    until("flyteadmin again", async || admin.run(&probe) == Some(0)).await;
    let client = Admin::connect(&operator, &format!("localhost:{grpc}"), None).unwrap();
    assert_eq!(client.execution(&id).await.unwrap().cluster, "b");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_refusals() {
    let folder = tempfile::tempdir().unwrap();
    let stores = serve_stores(&folder.path().join("stores")).await;
    let mut task = Container::new(folder.path().join("task"), &stores);
    task.env("MULTIPLANE_OBJECT_STORE", "s3/us-east-1");
    let written = [
        "multiplane-task",
        "--outputs",
        r#"{"rows": 3}"#,
        "--output-prefix",
        "s3://flyte-data/a",
    ];
    assert_eq!(task.run(&written), Some(0));
    let seen = flyte::stores::Stores::remote(&stores)
        .object_store("s3/us-east-1")
        .get("flyte-data", "a/outputs.pb");
    assert!(seen.unwrap().is_some());
    assert_eq!(task.run(&["multiplane-task", "--exit-code", "3"]), Some(3));
    assert_eq!(task.run(&["multiplane-task", "--failures", "1"]), Some(1));

    let sleeping = task.start(&["multiplane-task", "--duration", "1h"]);
    // The signal must not come before somebody listens; what tells is the process's mask of caught signals.
    let status = format!("/proc/{}/status", sleeping.0.id());
    until("a handler of SIGTERM", async || {
        let caught = fs::read_to_string(&status).unwrap();
        let mask = caught.lines().find_map(|line| line.strip_prefix("SigCgt:\t")).unwrap();
        u64::from_str_radix(mask, 16).unwrap() & (1 << 14) != 0
    })
    .await;
    sleeping.signal("TERM");
    assert_eq!(sleeping.end(), Some(143));

    assert_eq!(task.run(&["flyteadmin", "--config", CONFIG, "serve"]), Some(1), "no configuration");
    assert_eq!(task.run(&["nosuch"]), Some(127));
    assert_eq!(task.run(&["sh", "-c", "nosuch --flag"]), Some(127));
    assert_eq!(
        task.run(&["sh", "-c", "multiplane-task --exit-code 0 && multiplane-task --exit-code 4"]),
        Some(4)
    );
}
