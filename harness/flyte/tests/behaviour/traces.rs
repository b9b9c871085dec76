//! Recorded calls of Flyte's Python client, sent again: the same requests, byte for byte where nothing in them was given out by the recorder,
//! must be answered with the same codes, and with every field that the client needs.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::{Buf, BufMut, Bytes};
use flyte::client::GrpcChannel;
use flyte::stores::PublishedObjects;
use http_body_util::{BodyExt, Full};
use hyper_util::rt::TokioIo;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::{Value, json};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

use super::bench::{Bench, HOME, Run};
use super::plane::{clusters, namespace};
use super::recordings::{Call, Deviation, TRACES, Trace, code_name, has, needs, status};

#[tokio::test(start_paused = true)]
async fn recorded_calls_are_answered_as_the_client_needs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/traces");
    let listed: BTreeSet<String> = TRACES.iter().map(|(name, _)| format!("{name}.json")).collect();
    let there: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(listed, there);
    let mut replay = Replay::start().await;
    for (name, deviations) in TRACES {
        let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
        let trace: Trace = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        replay.run(name, &trace, deviations).await;
    }
    assert!(
        replay.found.is_empty(),
        "{} differences:\n{}",
        replay.found.len(),
        replay.found.join("\n")
    );
    assert!(replay.verbatim > 150, "only {} requests were sent as recorded", replay.verbatim);
}

struct Replay {
    _bench: Bench,
    _objects: PublishedObjects,
    host: simnet::Host,
    channel: GrpcChannel,
    pool: DescriptorPool,
    /// Fields that must be set in answers of each method.
    needs: BTreeMap<String, BTreeSet<String>>,
    /// What the recorder gave out, and what it is here.
    names: BTreeMap<String, String>,
    /// Ids of nodes, likewise, of the present recording.
    nodes: BTreeMap<String, String>,
    /// What has been registered.
    known: BTreeSet<String>,
    /// Where the last signed URL leads.
    upload: String,
    found: Vec<String>,
    verbatim: usize,
}

/// What every upload here holds.
const CONTENT: &[u8] = b"a project's files";
const ZONE: &str = "dataplane_1";

impl Replay {
    async fn start() -> Self {
        let mut bench = Bench::start(&[ZONE]).await;
        bench.node(ZONE).await;
        let objects = bench.network.host("objects", "server");
        let clock = bench.network.clock().clone();
        bench.network.name("objects.example", "objects", "server");
        let objects = bench
            .stores
            .publish(objects.listen(9000).await.unwrap(), "http://objects.example:9000", clock);
        let plane = bench.admin(&clusters(&[ZONE])).await.unwrap();
        for project in ["flytesnacks", "team1"] {
            plane.project(project).await;
        }
        bench.make(ZONE, namespace("team1-development")).await;
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "sa1", "namespace": "team1-development"}});
        bench.make(ZONE, account).await;
        let address = bench.pod(HOME, &plane.pod).await.status.unwrap().pod_ip.unwrap();
        bench.network.name("admin.example", HOME, &address);
        let propeller = json!({
            "admin": {"endpoint": "admin.example:8089", "insecure": true},
            "storage": {"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}},
            "propeller": {"limit-namespace": "all", "metadata-prefix": "metadata/propeller", "rawoutput-prefix": "s3://raw/"},
        });
        let run = Run {
            config: propeller,
            ..Run::default()
        };
        bench.run(ZONE, "flytepropeller", &run).await;
        let host = bench.network.host("outside", "client");
        let channel = flyte::client::channel(&host, "admin.example:8089", None, Duration::from_secs(60)).unwrap();
        Self {
            _bench: bench,
            _objects: objects,
            host,
            channel,
            pool: DescriptorPool::decode(flyteidl::DESCRIPTORS).unwrap(),
            needs: needs(),
            names: BTreeMap::new(),
            nodes: BTreeMap::new(),
            known: BTreeSet::new(),
            upload: String::new(),
            found: Vec::new(),
            verbatim: 0,
        }
    }

    async fn run(&mut self, name: &str, trace: &Trace, deviations: &[Deviation]) {
        let unauthenticated = deviations
            .iter()
            .any(|deviation| matches!(deviation, Deviation::WithoutAuthentication));
        self.nodes.clear();
        for (number, call) in trace.calls.iter().enumerate() {
            let at = format!("{name}[{number}]");
            match (&call.rpc, call.http.as_deref()) {
                (Some(rpc), _) => {
                    let method = rpc.rsplit('/').next().unwrap();
                    let recorded = status(call);
                    let auth = rpc.contains("AuthMetadataService");
                    let expected = match (unauthenticated, auth, recorded) {
                        (_, true, _) => "UNIMPLEMENTED",
                        (true, false, "UNAUTHENTICATED") => "OK",
                        (_, false, recorded) => recorded,
                    };
                    // What the recorder made up had no effect but where it says so.
                    if call.injected == json!(true) {
                        continue;
                    }
                    let expected = deviations
                        .iter()
                        .find_map(|deviation| match deviation {
                            Deviation::Code(of, code) if *of == method => Some(*code),
                            _ => None,
                        })
                        .unwrap_or(if call.injected == json!("after-commit") { "OK" } else { expected });
                    let same_end = !deviations.iter().any(|deviation| matches!(deviation, Deviation::OtherEnd));
                    let expected = self.registered(method, call.request.as_ref(), expected);
                    self.call(&at, call, rpc, method, expected, same_end).await;
                }
                (None, Some("PUT")) => self.put(&at, call, name == "err_upload_put_403").await,
                // A token of the recorder's own authorisation server.
                (None, Some("POST")) if unauthenticated => {}
                other => panic!("{at}: {other:?}"),
            }
        }
        // The recorder's runs had ended by the next command.
        tokio::time::sleep(Duration::from_secs(30)).await;
    }

    /// The recordings were made on several servers, each new: what has been registered here before is there already.
    fn registered(&mut self, method: &str, request: Option<&Value>, expected: &'static str) -> &'static str {
        if !["CreateTask", "CreateWorkflow", "CreateLaunchPlan"].contains(&method) || !["OK", "ALREADY_EXISTS"].contains(&expected) {
            return expected;
        }
        let id = format!("{method} {}", request.unwrap()["id"]);
        if self.known.insert(id) { "OK" } else { "ALREADY_EXISTS" }
    }

    async fn call(&mut self, at: &str, call: &Call, rpc: &str, method: &str, expected: &str, same_end: bool) {
        let input = self.pool.get_message_by_name(call.request_type.as_ref().unwrap()).unwrap();
        let recorded = call.request.clone().unwrap();
        let given = self.renamed(&recorded);
        let message = DynamicMessage::deserialize(input, given.clone()).unwrap();
        let bytes = if given == recorded {
            self.verbatim += 1;
            BASE64_STANDARD.decode(call.request_b64.as_ref().unwrap()).unwrap()
        } else {
            message.encode_to_vec()
        };
        let mut answer = self.unary(rpc, bytes.clone()).await;
        // A client that waits asks until the run has ended.
        let phase = |answer: &Value| answer["closure"]["phase"].as_str().unwrap_or("UNDEFINED").to_owned();
        if let (Some(recorded), true, "GetExecution") = (&call.response, same_end, method) {
            let wanted = phase(recorded);
            for _ in 0..100 {
                let now = answer.as_ref().ok().map(|bytes| phase(&self.json(call, bytes)));
                if now.is_none_or(|now| now == wanted || !["SUCCEEDED", "FAILED", "ABORTED"].contains(&wanted.as_str())) {
                    break;
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
                answer = self.unary(rpc, bytes.clone()).await;
            }
        }
        // Nodes of a run that has just started come in a moment.
        for _ in 0..10 {
            if method != "ListNodeExecutions" || answer.as_ref().is_ok_and(|bytes| !bytes.is_empty()) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
            answer = self.unary(rpc, bytes.clone()).await;
        }
        let code = code_name(answer.as_ref().err().map_or(Code::Ok, Status::code));
        if code != expected {
            let text = answer.as_ref().err().map(|status| status.message().to_owned()).unwrap_or_default();
            self.found
                .push(format!("{at} {method}: expected {expected}, found {code} {text:?}"));
        }
        let (Ok(bytes), Some(recorded)) = (answer, &call.response) else {
            return;
        };
        let answer = self.json(call, &bytes);
        if recorded["_trimmed"] == json!(true) && method == "ListNodeExecutions" {
            let nodes = answer["node_executions"].as_array().map(Vec::as_slice).unwrap_or_default();
            if let [only] = nodes {
                self.learn(
                    method,
                    &json!({"node_executions": [{"id": {"node_id": "n0"}}]}),
                    &json!({"node_executions": [only]}),
                );
            }
        }
        if recorded["_trimmed"] != json!(true) {
            self.learn(method, recorded, &answer);
            if same_end {
                self.check(at, method, recorded, &answer);
            }
        }
        if method == "CreateUploadLocation" {
            self.upload = answer["signed_url"].as_str().unwrap_or_default().to_owned();
        }
    }

    fn json(&self, call: &Call, bytes: &[u8]) -> Value {
        let output = self.pool.get_message_by_name(call.response_type.as_ref().unwrap()).unwrap();
        let message = DynamicMessage::decode(output, bytes).unwrap();
        let options = SerializeOptions::new().use_proto_field_name(true);
        message.serialize_with_options(serde_json::value::Serializer, &options).unwrap()
    }

    /// Names and places that the recorder gave out are others here.
    fn learn(&mut self, method: &str, recorded: &Value, answer: &Value) {
        if method == "ListNodeExecutions" {
            let nodes = |value: &Value| {
                let nodes = value["node_executions"].as_array().cloned().unwrap_or_default();
                nodes
                    .iter()
                    .filter_map(|node| node["id"]["node_id"].as_str().map(str::to_owned))
                    .collect::<Vec<_>>()
            };
            // Most are alike; that of a single task has another name.
            let (mut theirs, ours) = (nodes(recorded), nodes(answer));
            theirs.retain(|id| !["start-node", "end-node"].contains(&id.as_str()));
            let renamed = theirs
                .iter()
                .filter(|id| !ours.contains(id))
                .zip(ours.iter().filter(|id| !theirs.contains(id)));
            self.nodes.extend(renamed.map(|(old, new)| (old.clone(), new.clone())));
        }
        let pairs: &[(&str, &str)] = match method {
            "CreateExecution" | "RelaunchExecution" | "RecoverExecution" => &[("id", "name")],
            "CreateUploadLocation" => &[("", "native_url")],
            _ => &[],
        };
        for (outer, inner) in pairs {
            let of = |value: &Value| {
                let value = if outer.is_empty() { value } else { &value[outer] };
                value[inner].as_str().map(str::to_owned)
            };
            if let (Some(old), Some(new)) = (of(recorded), of(answer)) {
                self.names.insert(old, new);
            }
        }
    }

    /// A request with the names that are valid here, and the digest of what is uploaded here.
    fn renamed(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.names.get(text).cloned().unwrap_or_else(|| text.clone()).into(),
            Value::Array(items) => items.iter().map(|item| self.renamed(item)).collect(),
            Value::Object(fields) => {
                let renamed = fields.iter().map(|(key, value)| match key.as_str() {
                    "content_md5" => (key.clone(), json!(digest())),
                    "node_id" => {
                        let known = value.as_str().and_then(|id| self.nodes.get(id));
                        (key.clone(), known.map_or_else(|| value.clone(), |id| json!(id)))
                    }
                    _ => (key.clone(), self.renamed(value)),
                });
                renamed.collect::<serde_json::Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }

    /// Every needed field that the recorded answer has must be here, too.
    fn check(&mut self, at: &str, method: &str, recorded: &Value, answer: &Value) {
        for path in self.needs.get(method).into_iter().flatten() {
            let steps: Vec<&str> = path.split('.').collect();
            // Stand-ins hand back empty lists.
            let of_elements = path.contains("collection.literals[]");
            if has(recorded, &steps) && !has(answer, &steps) && !of_elements {
                self.found.push(format!("{at} {method}: {path} is not set in {answer}"));
            }
        }
    }

    async fn unary(&self, rpc: &str, request: Vec<u8>) -> Result<Bytes, Status> {
        let mut client = tonic::client::Grpc::new(self.channel.clone());
        client.ready().await.unwrap();
        let path = format!("/{rpc}").parse().unwrap();
        let answer = client.unary(tonic::Request::new(Bytes::from(request)), path, Raw).await?;
        Ok(answer.into_inner())
    }

    /// Uploads what the request before asked a place for.
    async fn put(&mut self, at: &str, call: &Call, refused: bool) {
        assert!(call.path.is_some());
        let mut url = self.upload.clone();
        if refused {
            // The recorder refused it; here another's signature does.
            url = url.replace("X-Amz-Signature=", "X-Amz-Signature=0");
        }
        let (_, path) = url.split_once("objects.example:9000").unwrap();
        let mut request = http::Request::put(path).header("host", "objects.example:9000");
        for (name, value) in call.headers.as_ref().unwrap() {
            request = match name.to_lowercase().as_str() {
                "content-length" => request,
                "content-md5" | "x-amz-meta-flytecontentmd5" => request.header(name, digest()),
                _ => request.header(name, value),
            };
        }
        let stream = self.host.connect("objects.example", 9000).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let answer = sender
            .send_request(request.body(Full::new(Bytes::from_static(CONTENT))).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        if json!(status) != call.status {
            self.found.push(format!(
                "{at} PUT: expected {}, found {status}: {}",
                call.status,
                String::from_utf8_lossy(&text)
            ));
        }
    }
}

fn digest() -> String {
    use md5::Digest;
    BASE64_STANDARD.encode(md5::Md5::digest(CONTENT))
}

/// Messages as the bytes that they are.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put(message);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buffer.copy_to_bytes(buffer.remaining())))
    }
}
