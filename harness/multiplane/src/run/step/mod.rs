//! The verbs: one module each. [`run`] runs a step, and judges whether it should have failed.

pub(crate) mod apply;
pub(crate) mod deploy;
mod expect;
pub(crate) mod failure;
pub(crate) mod fault;
mod grant;
mod images;
mod labels;
mod reach;
mod submit;
mod title;
mod traps;
mod wait;
mod workflows;

use scenario::{Step, Verb};
use scenario::verb::Fails;

use super::context::Context;
use super::scenario::StepTimer;
use crate::journal::Level;
use failure::Failure;

pub(crate) use title::title;

/// Runs the scenario's step `index` and records it.
pub(crate) async fn run(context: &mut Context<'_>, index: usize) -> Result<(), Failure> {
    run_step(context, index, &context.scenario().steps[index]).await
}

/// Runs a step, which counts as the scenario's number `index`, and records it.
pub(crate) async fn run_step(context: &mut Context<'_>, index: usize, step: &Step) -> Result<(), Failure> {
    let emitter = context.emitter.step(index);
    let before = std::mem::replace(&mut context.emitter, emitter.clone());
    let timer = StepTimer::start(emitter, step.verb.name(), title(&step.verb), step.span.line);
    let result = perform(context, &step.verb).await;
    let result = match step.verb.fails() {
        Some(fails) => must_fail(fails, result, context),
        None => result,
    };
    timer.finish(&result);
    context.emitter = before;
    result
}

async fn perform(context: &mut Context<'_>, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Deploy(deploy) => deploy::install(context, deploy).await,
        Verb::Upgrade(upgrade) => deploy::upgrade(context, upgrade).await,
        Verb::Grant(grant) => grant::grant(context, grant).await,
        Verb::Project(project) => workflows::project(context, project).await,
        Verb::Label(label) => labels::label(context, label).await,
        Verb::Register(register) => workflows::register(context, register).await,
        Verb::Submit(submit) => submit::submit(context, submit).await,
        Verb::Terminate(terminate) => submit::terminate(context, terminate).await,
        Verb::Apply(apply) => apply::run(context, apply).await,
        Verb::Wait(wait) => wait::run(context, wait).await,
        Verb::Fault(step) => fault::fault(context, step).await,
        Verb::Heal(step) => fault::heal(context, step).await,
        Verb::Expect(expect) => expect::run(context, expect).await,
    }
}

/// Judges a step that must fail in a certain way.
fn must_fail(fails: &Fails, result: Result<(), Failure>, context: &Context<'_>) -> Result<(), Failure> {
    let Err(failure) = result else {
        let texts: Vec<String> = fails.contains.iter().map(|text| format!("{:?}", text.value)).collect();
        return Err(Failure::expectation(
            "fails-succeeded",
            format!("succeeded, but must fail with {}", texts.join(" and ")),
        ));
    };
    let missing = fails.contains.iter().find(|text| !failure.message.contains(text.value.as_str()));
    match missing {
        Some(text) => {
            let message = format!("failed, but not with {:?}:\n{}", text.value, failure.message);
            Err(Failure::expectation("fails-otherwise", message))
        }
        None => {
            context.emitter.note(Level::Info, format!("failed as it must: {}", failure.message));
            Ok(())
        }
    }
}
