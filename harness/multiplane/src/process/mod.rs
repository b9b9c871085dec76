//! Programs as processes of their own: what containers of the image `multiplane:dev` run on real nodes.
//!
//! The image has a link to its one executable for every program, and for `sh`, so that a pod's `command` finds what it names. The durable
//! state, and what a program is to know of its surroundings, come from the world's [`resident`] by its Service's name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use flyte::programs::exec_probe;
use flyte::stores::{Facts, Stores};
use simnet::{Clock, Network};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use virtual_node::{Log, Process, Program};

use crate::programs;
use crate::resident;

/// Where the world's resident is, `host:port`, in place of its Service's name.
pub const WORLD: &str = "MULTIPLANE_WORLD";
/// The root of the file system that programs see, in place of `/`.
pub const ROOT: &str = "MULTIPLANE_ROOT";
/// Programs that need neither durable state nor what the resident tells.
const ALONE: [&str; 4] = ["flytescheduler", "flyteconsole", "multiplane-probe", resident::NAME];
/// How long the resident may take to answer: a pod may be quicker than the node's routes and names.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(500);

/// A shell's exit code for a command that it cannot find.
const NOT_FOUND: i32 = 127;
const FAILED: i32 = 1;

/// Whether a process with this command line is one of the programs, by the name it was called by.
pub fn is_program(words: &[String]) -> bool {
    find(words, Stores::new()).is_some()
}

fn find(words: &[String], stores: Stores) -> Option<Arc<dyn Program>> {
    exec_probe(words).or_else(|| programs::over(stores).for_command(words))
}

/// Runs the program that the command line names, until it ends or SIGTERM has ended it. Returns its exit code.
pub fn run(words: Vec<String>) -> i32 {
    if name(&words) != "multiplane-probe" {
        warnings();
    }
    let log = Log::to_writer(std::io::stdout());
    // Exec probes are short, many, and share their container's limits.
    let threads = if needs_world(&words) { 4 } else { 1 };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(run_in(words, &log));
            // A name that is being looked up holds a thread that nobody waits for.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            log.line(format!("no runtime: {error}"));
            FAILED
        }
    }
}

async fn run_in(words: Vec<String>, log: &Log) -> i32 {
    let env: BTreeMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let stop = match stopped() {
        Ok(stop) => stop,
        Err(error) => {
            log.line(format!("signals cannot be watched: {error}"));
            return FAILED;
        }
    };
    let world = env.get(WORLD).cloned().unwrap_or_else(resident::stores_address);
    let stores = Stores::remote(&world);
    let facts = if needs_world(&words) {
        match facts(&stores, &stop).await {
            Ok(facts) => facts,
            Err(error) => {
                log.line(format!("the world's stores do not answer: {error}"));
                return FAILED;
            }
        }
    } else {
        Facts::default()
    };
    let Some(program) = find(&words, stores) else {
        log.line(format!("{}: not found", words.join(" ")));
        return NOT_FOUND;
    };
    let address = env.get("POD_IP").cloned().unwrap_or_else(|| "127.0.0.1".to_owned());
    let process = Process {
        command: words,
        root: env.get(ROOT).map_or_else(|| PathBuf::from("/"), PathBuf::from),
        env,
        host: Network::machine(Clock::real()).host(&facts.zone, &address),
        trust: facts.trust.into(),
        log: log.clone(),
        stop,
    };
    process.run(&*program).await.code()
}

/// The name that a program was called by.
fn name(words: &[String]) -> &str {
    let name = words.first().map_or("", String::as_str);
    name.rsplit_once('/').map_or(name, |(_, name)| name)
}

fn needs_world(words: &[String]) -> bool {
    !ALONE.contains(&name(words)) && exec_probe(words).is_none()
}

/// Writes warnings to standard error output, which is part of a container's log. (A probe's log is read by the harness.)
fn warnings() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn"));
    // In a process that has a subscriber already, that one stays.
    let _ = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_env_filter(filter)
        .try_init();
}

/// What the resident tells, as soon as it answers.
async fn facts(stores: &Stores, stop: &CancellationToken) -> std::io::Result<Facts> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let asked = stores.facts();
        if asked.is_ok() || stop.is_cancelled() || tokio::time::Instant::now() >= deadline {
            return asked;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Cancelled at SIGTERM, as a kubelet sends it, and at SIGINT.
fn stopped() -> std::io::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::spawn({
        let stop = stop.clone();
        async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            stop.cancel();
        }
    });
    Ok(stop)
}

#[cfg(test)]
mod tests {
    use super::{is_program, needs_world};
    use rstest::rstest;

    #[rstest]
    #[case(&["flyteadmin", "serve"], true, true)]
    #[case(&["datacatalog", "serve"], true, true)]
    #[case(&["flytescheduler", "run"], true, false)]
    #[case(&["/bin/multiplane-probe", "https://a:6443"], true, false)]
    #[case(&["/bin/sh", "-c", "flyteadmin secrets init"], true, true)]
    #[case(&["sh", "-c", "reply=$(curl http://127.0.0.1:8088/healthcheck)"], true, false)]
    #[case(&["/bin/multiplane", "run"], false, true)]
    fn command_lines(#[case] words: &[&str], #[case] program: bool, #[case] world: bool) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(is_program(&words), program);
        assert_eq!(needs_world(&words), world);
    }
}
