//! A container to run commands in.

use std::collections::BTreeMap;
use std::sync::Arc;

use simnet::{Clock, Network};
use tokio_util::sync::CancellationToken;

use crate::program::{ContainerContext, CrashSite, Files, Log, LogBuffer, PodInfo, Probes, Programs, Tasks};
use crate::shell::{Input, Shell, Streams, pipe};

pub(super) struct Bench {
    pub(super) context: ContainerContext,
}

impl Bench {
    pub(super) fn new() -> Self {
        let clock = Clock::simulated();
        let host = Network::simulated(clock.clone()).host("z", "10.0.0.1");
        let pod = PodInfo {
            namespace: "default".to_owned(),
            name: "p".to_owned(),
            uid: "u".to_owned(),
            ip: "10.0.0.1".to_owned(),
            node: "n".to_owned(),
            labels: BTreeMap::new(),
            service_account: "default".to_owned(),
            container: "main".to_owned(),
            image: "busybox".to_owned(),
            ports: Vec::new(),
        };
        let context = ContainerContext {
            command: Vec::new(),
            args: Vec::new(),
            env: Arc::default(),
            files: Files::default(),
            working_dir: "/home".to_owned(),
            host,
            log: Log::new(clock.clone(), Arc::new(LogBuffer::default())),
            clock,
            tasks: Tasks::default(),
            stop: CancellationToken::new(),
            pod,
            trust: "".into(),
            probes: Probes::default(),
            crash: CrashSite::default(),
        };
        Self { context }
    }

    /// Runs a command: its exit code, and what it writes.
    pub(super) async fn run(&self, words: &[&str]) -> (i32, String, String) {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let ((stdout, out), (stderr, err)) = (pipe(), pipe());
        let mut streams = Streams {
            stdin: Input::null(),
            stdout,
            stderr,
        };
        let shell = Shell::new(self.context.clone(), Programs::new());
        let run = async move { shell.run_as(&words, &mut streams).await };
        let (code, out, err) = futures::join!(run, out.all(), err.all());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (code.unwrap(), text(&out), text(&err))
    }
}
