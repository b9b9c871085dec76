//! Life-cycle scripts: how a container behaves whose image has no program.
//!
//! Where all of a container's command is known here (a shell's script, tools of a small userland), that runs, unless there is a script for it.
//!
//! Without either it starts at once, is ready at once, and runs until it is stopped; a container that is meant to end (an
//! init container, or one of a pod that does not always restart) ends well after a second. The pod annotation
//! [`ANNOTATION`] holds YAML, a script by container name:
//!
//! ```yaml
//! multiplane.dev/lifecycle: |
//!   main: {startDelay: 2s, readyAfter: 5s, runFor: 1m, exitCode: 3, log: [working, done]}
//!   sidecar: {crashAfter: 30s}
//!   broken: {pullError: not found}
//! ```
//!
//! From when it is ready, the ports that its spec declares answer HTTP with 200 and a line of text.
//!
//! | field | meaning |
//! |---|---|
//! | `startDelay` | how long the image takes to be pulled |
//! | `pullError` | the image cannot be pulled, for this reason; also for images with a program, as `startDelay` |
//! | `readyAfter` | readiness and startup probes fail until then, counted from the start; liveness probes succeed |
//! | `runFor` | ends after this time, with `exitCode` (0 otherwise) |
//! | `crashAfter` | ends after this time, with `exitCode` (1 otherwise) |
//! | `oomAfter` | is killed for its memory after this time |
//! | `ignoreStop` | does not react to SIGTERM, so that the grace period runs out |
//! | `log` | lines written at the start |

use std::collections::BTreeMap;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use jiff::SignedDuration;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::sleep;

use crate::program::{ContainerContext, ExitStatus, Program};
use crate::stand_in;

/// The pod annotation that holds life-cycle scripts.
pub const ANNOTATION: &str = "multiplane.dev/lifecycle";

/// How long a container runs that is meant to end and whose script does not say when.
const TASK: SignedDuration = SignedDuration::from_secs(1);

/// An annotation that is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("annotation {ANNOTATION}: {0}")]
pub(crate) struct Invalid(String);

/// How one container behaves.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Script {
    start_delay: SignedDuration,
    pull_error: Option<String>,
    ready_after: SignedDuration,
    run_for: Option<SignedDuration>,
    crash_after: Option<SignedDuration>,
    oom_after: Option<SignedDuration>,
    exit_code: Option<i32>,
    ignore_stop: bool,
    log: Vec<String>,
}

/// The script of a pod's container; `None` if the pod has none for it.
pub(crate) fn script(pod: &Pod, container: &str) -> Result<Option<Script>, Invalid> {
    let Some(text) = pod.annotations().get(ANNOTATION) else {
        return Ok(None);
    };
    let mut scripts = parse(text)?;
    let spec = pod.spec.clone().unwrap_or_default();
    let known: Vec<String> = spec
        .init_containers
        .into_iter()
        .flatten()
        .chain(spec.containers)
        .map(|container| container.name)
        .collect();
    if let Some(unknown) = scripts.keys().find(|name| !known.contains(name)) {
        return Err(Invalid(format!("no container is named {unknown:?}")));
    }
    let script = scripts.remove(container);
    script.as_ref().map_or(Ok(()), Script::check)?;
    Ok(script)
}

fn parse(text: &str) -> Result<BTreeMap<String, Script>, Invalid> {
    let document = yaml::manifest::document(text).map_err(|error| Invalid(error.to_string()))?;
    let Value::Object(entries) = document else {
        return Err(Invalid("expected scripts by container name".to_owned()));
    };
    let read = |(name, script)| match serde_json::from_value(script) {
        Ok(script) => Ok((name, script)),
        Err(error) => Err(Invalid(format!("{name}: {error}"))),
    };
    entries.into_iter().map(read).collect()
}

impl Script {
    fn check(&self) -> Result<(), Invalid> {
        let ends = [self.run_for, self.crash_after, self.oom_after];
        if ends.iter().flatten().count() > 1 {
            return Err(Invalid("only one of runFor, crashAfter, oomAfter may be set".to_owned()));
        }
        if self.exit_code.is_some() && self.run_for.is_none() && self.crash_after.is_none() {
            return Err(Invalid("exitCode needs runFor or crashAfter".to_owned()));
        }
        let times = ends.into_iter().flatten().chain([self.start_delay, self.ready_after]);
        if times.into_iter().any(|time| time.is_negative()) {
            return Err(Invalid("times cannot be negative".to_owned()));
        }
        Ok(())
    }

    /// The same for a container that is meant to end: it does, whatever the script leaves out.
    pub(crate) fn of_task(mut self) -> Self {
        if self.end().is_none() {
            self.run_for = Some(TASK);
        }
        self
    }

    pub(crate) fn start_delay(&self) -> Duration {
        duration(self.start_delay)
    }

    pub(crate) fn ready_after(&self) -> Duration {
        duration(self.ready_after)
    }

    pub(crate) fn pull_error(&self) -> Option<&str> {
        self.pull_error.as_deref()
    }

    /// When the container ends by itself, and how.
    fn end(&self) -> Option<(Duration, ExitStatus)> {
        let with = |code| ExitStatus::Exited(self.exit_code.unwrap_or(code));
        let run = self.run_for.map(|time| (time, with(0)));
        let crash = self.crash_after.map(|time| (time, with(1)));
        let oom = self.oom_after.map(|time| (time, ExitStatus::OutOfMemory));
        run.or(crash).or(oom).map(|(time, exit)| (duration(time), exit))
    }
}

/// Checked not to be negative.
fn duration(time: SignedDuration) -> Duration {
    Duration::try_from(time).unwrap_or_default()
}

impl Program for Script {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        let script = self.clone();
        async move {
            for line in &script.log {
                context.log.line(line);
            }
            stand_in::serve(&context, script.ready_after());
            let end = async {
                let Some((after, exit)) = script.end() else {
                    return std::future::pending().await;
                };
                sleep(after).await;
                exit
            };
            tokio::select! {
                biased;
                exit = end => exit,
                () = context.stop.cancelled(), if !script.ignore_stop => ExitStatus::SUCCESS,
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use k8s_openapi::api::core::v1::Pod;
    use serde_json::json;

    use super::{ANNOTATION, script};
    use crate::program::ExitStatus;

    fn pod(annotation: &str) -> Pod {
        let metadata = json!({"name": "p", "annotations": {ANNOTATION: annotation}});
        serde_json::from_value(json!({"metadata": metadata, "spec": {"containers": [{"name": "main"}]}})).unwrap()
    }

    #[test]
    fn scripts_say_when_a_container_ends_and_how() {
        for (text, expected) in [
            ("main: {}", None),
            ("main: {runFor: 1m30s}", Some((90, ExitStatus::Exited(0)))),
            ("main: {runFor: 5s, exitCode: 3}", Some((5, ExitStatus::Exited(3)))),
            ("{\"main\": {\"crashAfter\": \"5s\"}}", Some((5, ExitStatus::Exited(1)))),
            ("main: {oomAfter: 1s}", Some((1, ExitStatus::OutOfMemory))),
        ] {
            let script = script(&pod(text), "main").unwrap().unwrap();
            assert_eq!(
                script.end(),
                expected.map(|(seconds, exit)| (Duration::from_secs(seconds), exit)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_meant_to_end_does() {
        for (text, expected) in [
            ("main: {log: [a]}", (1, ExitStatus::Exited(0))),
            ("main: {crashAfter: 5s}", (5, ExitStatus::Exited(1))),
        ] {
            let script = script(&pod(text), "main").unwrap().unwrap().of_task();
            assert_eq!(script.end(), Some((Duration::from_secs(expected.0), expected.1)), "{text}");
        }
    }

    #[test]
    fn what_is_no_script_is_refused() {
        for (text, part) in [
            ("main: {readyAfter: soon}", "main: "),
            ("main: {crash: 5s}", "crash"),
            ("other: {}", "no container is named \"other\""),
            ("main: {runFor: 1s, crashAfter: 1s}", "only one of"),
            ("main: {exitCode: 1}", "exitCode needs"),
            ("main: {runFor: -1s}", "negative"),
            ("[", ANNOTATION),
            ("main", "expected scripts"),
        ] {
            let error = script(&pod(text), "main").unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
