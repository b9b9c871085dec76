//! One run of a container, from start to exit.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Container, ContainerState, ContainerStateRunning, ContainerStateTerminated};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::container::Supervisor;
use super::hooks;
use super::prepare::Prepared;
use super::probes::{Prober, Unhealthy};
use super::restart::Role;
use super::sandbox;
use crate::node::Severity;
use crate::program::{ContainerContext, CrashSite, ExitStatus, Files, Log, LogBuffer, PodInfo, Probes, Tasks};

/// A program that panicked, as Rust's own runtime ends such a process.
const PANICKED: ExitStatus = ExitStatus::Exited(101);
/// What the API accepts as a termination message.
const MESSAGE_BYTES: usize = 4096;
/// What is taken from the log in place of a missing message.
const FALLBACK: (usize, usize) = (80, 2048);

type Process = JoinHandle<Option<ExitStatus>>;

/// Runs a container once and reports what happens to it.
pub(crate) async fn run_once(of: &Supervisor, prepared: Prepared) -> ExitStatus {
    let (ctx, container) = (&of.ctx, &of.container);
    let buffer = ctx.node.logs.begin(&ctx.namespace, &ctx.name, &container.name);
    let stop = CancellationToken::new();
    let tasks = Tasks::default();
    // If this future is dropped, the node is gone, and with it the run.
    let _ended = tasks.ended().clone().drop_guard();
    let context = context(of, &prepared, Log::new(ctx.node.clock.clone(), buffer.clone()), &tasks, &stop);
    let files = context.files.clone();
    let crash = context.crash.clone();
    let prober = Prober::new(of, &prepared, context.probes.clone());
    let id = format!("virtual://{}", ctx.node.ids.hex::<32>());
    ctx.container_event(container, Severity::Normal, "Created", "Container created");
    let started = ctx.node.clock.now();
    report_running(of, &id, started);
    ctx.container_event(container, Severity::Normal, "Started", "Container started");

    let _known = ctx.node.running.begin(context.clone(), prepared.stdin.clone());
    let mut process = tasks.spawn(prepared.program.run(context));
    let exit = tokio::select! {
        biased;
        exit = attend(of, &prober, &mut process, &stop) => exit,
        () = crash.killed() => ExitStatus::Killed,
    };

    tasks.end().await;
    buffer.close();
    report_ended(of, exit, &id, started, message(container, exit, &files, &buffer));
    exit
}

/// Watches over a process until it has ended, by itself or because it must.
async fn attend(of: &Supervisor, prober: &Prober, process: &mut Process, stop: &CancellationToken) -> ExitStatus {
    let grace = of.ctx.spec().termination_grace_period_seconds.unwrap_or(30);
    let (event, grace) = tokio::select! {
        biased;
        exit = &mut *process => return exited(exit),
        () = of.stop.requested() => (format!("Stopping container {}", of.container.name), None),
        unhealthy = healthy(of, prober) => (unhealthy.message, Some(unhealthy.grace.unwrap_or(grace))),
    };
    of.ctx.container_event(&of.container, Severity::Normal, "Killing", event);
    // A stop of the pod has its own deadline; a probe's verdict gives the process its grace from now on.
    let own = grace.map(|seconds| Instant::now() + Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    let overdue = async {
        match own {
            None => of.stop.overdue().await,
            Some(deadline) => tokio::select! {
                biased;
                () = of.stop.overdue() => {}
                () = sleep_until(deadline) => {}
            },
        }
    };
    let asked = async {
        hooks::pre_stop(of, prober).await;
        stop.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        exit = process => exited(exit),
        () = overdue => ExitStatus::Killed,
        () = asked => ExitStatus::Killed,
    }
}

/// Runs the start hook, then the probes; returns when the container must be restarted.
async fn healthy(of: &Supervisor, prober: &Prober) -> Unhealthy {
    if of.role == Role::Ephemeral {
        // It has neither hooks nor probes, and is never ready.
        return std::future::pending().await;
    }
    if let Err(unhealthy) = hooks::post_start(of, prober).await {
        return unhealthy;
    }
    prober.run().await
}

fn exited(exit: Result<Option<ExitStatus>, tokio::task::JoinError>) -> ExitStatus {
    match exit {
        Ok(Some(exit)) => exit,
        Ok(None) => ExitStatus::Killed,
        Err(_) => PANICKED,
    }
}

fn context(of: &Supervisor, prepared: &Prepared, log: Log, tasks: &Tasks, stop: &CancellationToken) -> ContainerContext {
    let (ctx, pod) = (&of.ctx, of.ctx.pod());
    let info = PodInfo {
        namespace: ctx.namespace.clone(),
        name: ctx.name.clone(),
        uid: ctx.uid.clone(),
        ip: ctx.board.snapshot().ip.unwrap_or_default(),
        node: ctx.node.name.clone(),
        labels: pod.labels().clone(),
        service_account: ctx.spec().service_account_name.clone().unwrap_or_else(|| "default".to_owned()),
        container: of.container.name.clone(),
        image: of.container.image.clone().unwrap_or_default(),
        ports: ports(&of.container),
    };
    ContainerContext {
        command: prepared.command.clone(),
        args: prepared.args.clone(),
        env: prepared.env.clone(),
        files: prepared.files.clone(),
        working_dir: of
            .container
            .working_dir
            .clone()
            .filter(|folder| !folder.is_empty())
            .unwrap_or_else(|| "/".to_owned()),
        host: sandbox::host(ctx),
        clock: ctx.node.clock.clone(),
        log,
        tasks: tasks.clone(),
        stop: stop.clone(),
        pod: info,
        trust: ctx.node.trust.clone(),
        probes: Probes::default(),
        crash: CrashSite::new(&ctx.node.crash_points, &ctx.namespace, pod.labels()),
    }
}

fn ports(container: &Container) -> Vec<u16> {
    let declared = container.ports.iter().flatten();
    declared.filter_map(|port| u16::try_from(port.container_port).ok()).collect()
}

fn report_running(of: &Supervisor, id: &str, started: Timestamp) {
    of.ctx.board.container(&of.container.name, |status| {
        let running = ContainerStateRunning {
            started_at: Some(Time(started)),
        };
        status.state = Some(ContainerState {
            running: Some(running),
            ..ContainerState::default()
        });
        status.container_id = Some(id.to_owned());
        status.image_id = status.image.clone();
        status.ready = false;
        status.started = Some(false);
    });
}

fn report_ended(of: &Supervisor, exit: ExitStatus, id: &str, started: Timestamp, message: Option<String>) {
    let finished = of.ctx.node.clock.now();
    of.ctx.board.container(&of.container.name, |status| {
        let terminated = ContainerStateTerminated {
            container_id: Some(id.to_owned()),
            exit_code: exit.code(),
            finished_at: Some(Time(finished)),
            message,
            reason: Some(exit.reason().to_owned()),
            signal: None,
            started_at: Some(Time(started)),
        };
        status.state = Some(ContainerState {
            terminated: Some(terminated),
            ..ContainerState::default()
        });
        // A finished init container counts as ready.
        status.ready = of.role == Role::Init && exit.success();
        status.started = Some(false);
    });
}

/// What the container left as its last words.
fn message(container: &Container, exit: ExitStatus, files: &Files, buffer: &LogBuffer) -> Option<String> {
    let path = container.termination_message_path.as_deref().unwrap_or("/dev/termination-log");
    let written = files.read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let mut text = written.unwrap_or_default();
    let fallback = container.termination_message_policy.as_deref() == Some("FallbackToLogsOnError");
    if text.is_empty() && fallback && !exit.success() {
        text = tail(buffer);
    }
    text.truncate(boundary(&text, MESSAGE_BYTES));
    (!text.is_empty()).then_some(text)
}

/// The log's end.
fn tail(buffer: &LogBuffer) -> String {
    let (lines, ..) = buffer.read(0);
    let skip = lines.len().saturating_sub(FALLBACK.0);
    let text: String = lines.iter().skip(skip).map(|line| format!("{}\n", line.text)).collect();
    let from = boundary(&text, text.len().saturating_sub(FALLBACK.1));
    text[from..].to_owned()
}

/// The last character boundary at or before `at`.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
