//! One set of test bodies for the embedded cluster and for a real kube-apiserver: what a body asserts, both must answer.
//!
//! The real arm runs where its programs are found (see the crate `binaries`); elsewhere its tests are ignored, with the reason. The arm `ours` is
//! the real API server with the embedded cluster's controllers in the place of kube-controller-manager. A body says which version of Kubernetes
//! it needs. A difference is a fault of the embedded cluster, or stands in `docs/known-differences.md`.

#![expect(clippy::unwrap_used, reason = "tests")]

mod bodies;
mod real;
mod session;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use binaries::{Binaries, NotFound};
use libtest_mimic::{Arguments, Failed, Trial};

use bodies::Body;
use real::Real;
use world::World;

#[expect(clippy::print_stderr, reason = "beside the tests' own output")]
fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let binaries = Binaries::find();
    if !arguments.list {
        match &binaries {
            Ok(binaries) => eprintln!("real: {binaries}"),
            Err(reason) => eprintln!("real: ignored: {reason}"),
        }
    }
    // Each is started by the first test that needs it, and ended with this.
    let (real, ours) = (Lazy::default(), Lazy::default());
    let mut trials = Vec::new();
    for body in bodies::all() {
        let body = Arc::new(body);
        trials.push(Trial::test(format!("embedded/{}", body.name), {
            let body = Arc::clone(&body);
            move || on_embedded(&body)
        }));
        trials.push(against_real("real", &body, &real, &binaries));
        if body.is_of_controllers() {
            trials.push(against_real("ours", &body, &ours, &binaries));
        }
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A control plane that is started when it is needed.
type Lazy = Arc<OnceLock<Result<Arc<Real>, String>>>;

/// A body on a real API server, or why it is ignored.
fn against_real(arm: &str, body: &Arc<Body>, real: &Lazy, binaries: &Result<Binaries, NotFound>) -> Trial {
    let (name, ours) = (format!("{arm}/{}", body.name), arm == "ours");
    let against = match binaries {
        Ok(binaries) => body.against(binaries, ours),
        Err(_) => Some("no kube-apiserver".to_owned()),
    };
    match (binaries, against) {
        (Ok(binaries), None) => {
            let (body, real, binaries) = (Arc::clone(body), Arc::clone(real), binaries.clone());
            Trial::test(name, move || on_real(&body, &real, &binaries, ours))
        }
        (_, against) => Trial::test(name, || Err("cannot run here".into()))
            .with_kind(against.unwrap_or_default())
            .with_ignored_flag(true),
    }
}

/// In virtual time, on a cluster of its own.
fn on_embedded(body: &Body) -> Result<(), Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()?;
    runtime.block_on(async { body.run(World::embedded().await).await });
    Ok(())
}

/// In real time, in a namespace of its own.
fn on_real(body: &Body, real: &Lazy, binaries: &Binaries, ours: bool) -> Result<(), Failed> {
    let real = real.get_or_init(|| Real::start(binaries, ours).map(Arc::new)).clone()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { body.run(World::real(real).await).await });
    Ok(())
}
