//! One set of test bodies for the embedded cluster and for a real kube-apiserver: what a body asserts, both must answer.
//!
//! The real arm runs where its programs are found (see [`binaries`]); elsewhere its tests are ignored, with the reason. A body says which version
//! of Kubernetes it needs, and whether it needs controllers. A difference is a fault of the embedded cluster, or stands in
//! `docs/known-differences.md`.

#![expect(clippy::unwrap_used, reason = "tests")]

mod binaries;
mod bodies;
mod programs;
mod real;
mod session;
mod world;

use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

use libtest_mimic::{Arguments, Failed, Trial};

use binaries::Binaries;
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
    // Started by the first test that needs it, and ended with this.
    let real = Arc::new(OnceLock::new());
    let mut trials = Vec::new();
    for body in bodies::all() {
        let body = Arc::new(body);
        trials.push(Trial::test(format!("embedded/{}", body.name), {
            let body = Arc::clone(&body);
            move || on_embedded(&body)
        }));
        let name = format!("real/{}", body.name);
        let against = match &binaries {
            Ok(binaries) => body.against(binaries),
            Err(_) => Some("no kube-apiserver".to_owned()),
        };
        trials.push(match (&binaries, against) {
            (Ok(binaries), None) => {
                let (real, binaries) = (Arc::clone(&real), binaries.clone());
                Trial::test(name, move || on_real(&body, &real, &binaries))
            }
            (_, against) => Trial::test(name, || Err("cannot run here".into()))
                .with_kind(against.unwrap_or_default())
                .with_ignored_flag(true),
        });
    }
    libtest_mimic::run(&arguments, trials).exit_code()
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
fn on_real(body: &Body, real: &OnceLock<Result<Arc<Real>, String>>, binaries: &Binaries) -> Result<(), Failed> {
    let real = real.get_or_init(|| Real::start(binaries).map(Arc::new)).clone()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async { body.run(World::real(real).await).await });
    Ok(())
}
