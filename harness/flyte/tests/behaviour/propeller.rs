//! Kind `propeller`: what the data plane does with an object, and says of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use flyte::crd::FlyteWorkflow;
use flyte::proto::admin::{EventErrorAlreadyInTerminalState, EventFailureReason, event_failure_reason::Reason};
use futures::StreamExt;
use kube::api::Api;
use kube::runtime::watcher::{self, Event, watcher};
use prost::Message;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::bench::{Bench, Run};
use super::plane::{Plane, clusters, namespace, object, phase_of};
use super::recorder::{PORT, Recorder};
use super::table::{self, Differences, cases, verdict};

type Case = table::Case<Given, Expect>;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Given {
    result: Option<String>,
    cluster_id: Option<String>,
    recorded_cluster: Option<String>,
    event_error: Option<String>,
    phase: Option<i64>,
    deleted: bool,
    admin: Option<String>,
    max_workflow_retries: Option<i64>,
    admin_phase: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    custom_resource_phases: Option<Vec<i64>>,
    custom_resource_final_phase: Option<i64>,
    custom_resource_error_code: Option<String>,
    workflow_events: Option<Vec<String>>,
    workflow_events_last: Option<String>,
    queued_event: Option<bool>,
    admin_phase: Option<String>,
    retried: Option<bool>,
    failed_attempts_grow: Option<bool>,
    final_event: Option<String>,
    finalizer_removed: Option<bool>,
    loops: Option<bool>,
}

const ZONE: &str = "dataplane_1";
const NAMESPACE: &str = "team1-development";

#[tokio::test(start_paused = true)]
async fn a_data_plane_takes_every_answer_as_flytepropeller_does() {
    let cases: Vec<(String, Case)> = cases("propeller");
    let mut found = Vec::new();
    for (id, case) in &cases {
        found.push(Scene::start(&case.given).await.run(id, case).await);
    }
    verdict(cases.len(), found);
}

/// What the watch of an object has shown.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<FlyteWorkflow>>>);

impl Seen {
    /// Phases in order, each once.
    fn phases(&self) -> Vec<i64> {
        let mut phases: Vec<i64> = self.0.lock().unwrap().iter().map(|object| object.status.phase as i64).collect();
        phases.dedup();
        phases
    }

    fn attempts(&self) -> Vec<u32> {
        let mut attempts: Vec<u32> = self.0.lock().unwrap().iter().map(|object| object.status.failed_attempts).collect();
        attempts.dedup();
        attempts
    }

    fn last(&self) -> FlyteWorkflow {
        self.0.lock().unwrap().last().cloned().unwrap()
    }
}

/// A data plane, a control plane, and a recorder between them.
struct Scene {
    bench: Bench,
    plane: Plane,
    recorder: Recorder,
    seen: Seen,
    /// Ends with the scene.
    _watch: JoinSet<()>,
}

impl Scene {
    async fn start(given: &Given) -> Self {
        let mut bench = Bench::start(&[ZONE]).await;
        bench.node(ZONE).await;
        bench.make(ZONE, namespace(NAMESPACE)).await;
        let plane = bench.ready(&clusters(&[ZONE])).await;
        let recorder = Recorder::default();
        recorder.pass_on(plane.client.clone());
        let host = bench.network.host("between", "recorder");
        recorder.serve(&host).await;
        bench.network.name("recorder.example", "between", "recorder");
        let seen = Seen::default();
        let api: Api<FlyteWorkflow> = Api::namespaced(bench.client(ZONE), NAMESPACE);
        let mut events = watcher(api, watcher::Config::default()).boxed();
        let watched = seen.clone();
        let mut watch = JoinSet::new();
        watch.spawn(async move {
            while let Some(Ok(event)) = events.next().await {
                if let Event::Apply(object) | Event::InitApply(object) = event {
                    watched.0.lock().unwrap().push(object);
                }
            }
        });
        assert_eq!(given.recorded_cluster.as_deref().unwrap_or(ZONE), ZONE);
        Self {
            bench,
            plane,
            recorder,
            seen,
            _watch: watch,
        }
    }

    async fn propeller(&self, given: &Given) {
        let mut propeller = json!({"limit-namespace": "all", "metadata-prefix": "metadata/propeller", "rawoutput-prefix": "s3://raw/",
                                   "max-workflow-retries": given.max_workflow_retries.unwrap_or(30)});
        if let Some(id) = &given.cluster_id {
            propeller["cluster-id"] = id.clone().into();
        }
        let config = json!({
            "admin": {"endpoint": format!("recorder.example:{PORT}"), "insecure": true},
            "storage": {"type": "s3", "container": "bucket", "connection": {"region": "us-east-2", "auth-type": "iam"}},
            "propeller": propeller,
        });
        let run = Run { config, ..Run::default() };
        self.bench.run(ZONE, "flytepropeller", &run).await;
    }

    async fn run(self, id: &str, case: &Case) -> Vec<String> {
        let mut differences = Differences::of(id);
        let given = &case.given;
        let refusal = given.event_error.as_deref().map(|error| match error {
            "NotFound" => Status::new(Code::NotFound, "missing entity of type execution"),
            "AlreadyInTerminalState" => already_terminal(),
            other => panic!("{id}: no way to {other}"),
        });
        let workflow = match given.result.as_deref() {
            Some("failure") => "example.failing_workflow",
            None | Some("success") => "example.flaky_workflow",
            Some(other) => panic!("{id}: no way to {other}"),
        };
        assert!([None, Some("unreachable")].contains(&given.admin.as_deref()));
        if given.admin.is_some() {
            self.recorder.refuse(Some(Status::new(Code::Unavailable, "connection refused")));
        }
        // Refusals from the start, or once the object runs.
        let later = given.phase == Some(1);
        if !later && refusal.is_some() {
            self.recorder.refuse(refusal.clone());
        }
        self.plane.start("run", workflow).await;
        match given.admin_phase.as_deref() {
            None => {}
            // The delete call of the control plane marks the object.
            Some("ABORTING") => self.plane.terminate("run").await.unwrap(),
            Some(other) => panic!("{id}: no way to {other}"),
        }
        self.propeller(given).await;
        if later {
            self.until(|seen| seen.phases().contains(&1)).await;
            self.recorder.refuse(refusal);
        }
        if given.deleted && given.admin_phase.is_none() {
            self.until(|seen| seen.phases().contains(&1)).await;
            self.plane.terminate("run").await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(300)).await;
        if given.admin.is_some() {
            // 30 failed rounds, two minutes apart at most; then the control plane answers again.
            tokio::time::sleep(Duration::from_secs(2 * 60 * 40)).await;
            self.recorder.refuse(None);
            tokio::time::sleep(Duration::from_secs(300)).await;
        }
        self.check(&mut differences, case).await;
        differences.into_found()
    }

    async fn check(&self, differences: &mut Differences, case: &Case) {
        let expect = &case.expect;
        let mut phases = self.seen.phases();
        if case.given.phase == Some(1) {
            // The case looks at the object from then on.
            phases.retain(|phase| *phase != 0);
        }
        differences.compare("phases", expect.custom_resource_phases.clone(), phases.clone());
        differences.compare("final phase", expect.custom_resource_final_phase.map(Some), phases.last().copied());
        let last = self.seen.last();
        let code = last.status.error.clone().map(|error| error.code).unwrap_or_default();
        differences.compare("error code", expect.custom_resource_error_code.clone(), code);
        let accepted = self.recorder.accepted();
        differences.compare("events", expect.workflow_events.clone(), accepted.clone());
        differences.compare(
            "last event",
            expect.workflow_events_last.clone().map(Some),
            accepted.last().cloned(),
        );
        differences.compare("final event", expect.final_event.clone().map(Some), accepted.last().cloned());
        let sent = self.recorder.sent();
        differences.compare("QUEUED", expect.queued_event, sent.iter().any(|phase| phase == "QUEUED"));
        let stored = self.plane.stored("run").await.map(|stored| phase_of(&stored));
        differences.compare("phase in admin", expect.admin_phase.clone().map(Some), stored);
        if let Some(retried) = expect.retried {
            differences.compare("tried again", Some(retried), sent.len() > 2 && self.seen.phases() == [0]);
        }
        if let Some(grow) = expect.failed_attempts_grow {
            let attempts = self.seen.attempts();
            let steps = attempts.windows(2).filter(|pair| pair[1] == pair[0] + 1).count();
            differences.compare("attempts grow by ones", Some(grow), steps > 30);
        }
        let there = self.bench.object(ZONE, &object(NAMESPACE, "run")).await;
        let held = there.is_some_and(|object| object["metadata"]["finalizers"] != Value::Null);
        differences.compare("finalizer removed", expect.finalizer_removed, !held);
        if let Some(loops) = expect.loops {
            let aborted = |sent: &[String]| sent.iter().filter(|phase| *phase == "ABORTED").count();
            let before = aborted(&sent);
            tokio::time::sleep(Duration::from_secs(600)).await;
            differences.compare("goes on", Some(loops), aborted(&self.recorder.sent()) > before);
        }
    }

    async fn until(&self, holds: impl Fn(&Seen) -> bool) {
        for _ in 0..600 {
            if holds(&self.seen) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{:?}", self.seen.phases());
    }
}

fn already_terminal() -> Status {
    let reason = EventFailureReason {
        reason: Some(Reason::AlreadyInTerminalState(EventErrorAlreadyInTerminalState {
            current_phase: "SUCCEEDED".to_owned(),
        })),
    };
    let any = prost_types::Any {
        type_url: "type.googleapis.com/flyteidl.admin.EventFailureReason".to_owned(),
        value: reason.encode_to_vec(),
    };
    let details = super::event::RpcStatus::with(Code::FailedPrecondition, any);
    Status::with_details(
        Code::FailedPrecondition,
        "already in terminal state",
        details.encode_to_vec().into(),
    )
}
