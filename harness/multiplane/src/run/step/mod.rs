//! The verbs: one module each. [`run`] runs a step, and judges whether it should have failed.

pub(crate) mod apply;
mod bindings;
pub(crate) mod deploy;
mod expect;
pub(crate) mod failure;
pub(crate) mod fault;
mod grant;
mod identity;
mod images;
pub(crate) mod invariant;
pub(crate) mod joint;
mod labels;
mod local;
mod objects;
mod reach;
mod read;
mod release;
mod restart;
mod revoke;
mod submit;
mod traps;
mod wait;
mod workflows;

use std::pin::pin;
use std::time::Duration;

use scenario::expression::OPEN;
use scenario::verb::Fails;
use scenario::{Step, Verb};

use super::context::Context;
use super::scenario::StepTimer;
use crate::journal::{Emitter, Level};
use failure::Failure;
use invariant::Sense;

/// How long the news of what the last step did may take to arrive.
const NEWS: Duration = Duration::from_secs(1);

/// Runs the scenario's step `index` and records it.
pub(crate) async fn run(context: &mut Context<'_>, index: usize) -> Result<(), Failure> {
    run_step(context, index, &context.scenario().steps[index]).await
}

/// Runs a step, which counts as the scenario's number `index`, and records it.
pub(crate) async fn run_step(context: &mut Context<'_>, index: usize, step: &Step) -> Result<(), Failure> {
    let emitter = context.emitter.step(index);
    let (progress, real_time) = (context.progress.clone(), !context.world.capabilities().virtual_time);
    let before = std::mem::replace(&mut context.emitter, emitter.clone());
    context.names.bindings.each.clone_from(&step.each);
    let timer = StepTimer::start(
        emitter.clone(),
        step.verb.name(),
        context.names.shown(&step.title()),
        step.span.line,
    );
    let ends = context.ends.clone();
    let result = {
        let mut work = pin!(guarded(context, step, index));
        let told = async {
            match real_time {
                true => progress.during(&emitter, &mut work).await,
                // Nobody waits.
                false => (&mut work).await,
            }
        };
        tokio::select! {
            biased;
            // As long as the work is there, it tells what it waits for.
            end = ends.reached() => Err(end.details(progress.told().await.into_iter().map(|seen| format!("still waiting: {seen}")))),
            result = told => result,
        }
    };
    let result = match result {
        Ok(()) => Ok(()),
        Err(failure) => Err(told(failure, &emitter).await),
    };
    timer.finish(&result);
    context.emitter = before;
    result
}

/// A failure as people may be told of it: without secrets.
async fn told(mut failure: Failure, emitter: &Emitter) -> Failure {
    let secrets = emitter.secrets();
    secrets.learn().await;
    secrets.clean(&mut failure.message);
    failure
}

/// Performs a step while the conditions of `always` and `never` are watched. One that breaks ends the step, and with it the scenario.
async fn guarded(context: &mut Context<'_>, step: &Step, index: usize) -> Result<(), Failure> {
    let during = |broken: Failure| broken.details([format!("first seen in step {}: {}", index + 1, step.title())]);
    let mut active = std::mem::take(&mut context.active);
    let result = active.during(perform_named(context, &step.verb)).await.map_err(during)?;
    if let Verb::Relax(relax) = &step.verb {
        invariant::relax(&mut active, relax);
    }
    context.active.join(active);
    match step.verb.fails() {
        Some(fails) => must_fail(fails, result, context).await,
        None => result,
    }?;
    // What this step broke is its own failure, not the next one's.
    let after = |broken: Failure| broken.details([format!("first seen after step {}: {}", index + 1, step.title())]);
    let mut active = std::mem::take(&mut context.active);
    active.look(NEWS).await.map_err(after)?;
    if index + 1 == context.scenario().steps.len() && !active.is_empty() {
        // News of what is gone again is still on its way.
        active.during(tokio::time::sleep(NEWS)).await.map_err(after)?;
    }
    context.active = active;
    Ok(())
}

/// Performs a step on the object and the clusters that its expressions stand for.
async fn perform_named(context: &mut Context<'_>, verb: &Verb) -> Result<(), Failure> {
    let late = |text: &str| text.contains(OPEN);
    let object = verb.object().filter(|name| late(name));
    if object.is_none() && !verb.clusters().is_some_and(|on| on.iter().any(|cluster| late(&cluster.value))) {
        return perform(context, verb).await;
    }
    let mut named = verb.clone();
    if let Some(name) = object {
        named = named.on_object(apply::text(name, &context.names)?);
    }
    let clusters = named.clusters_mut().into_iter().flat_map(|on| &mut on.0);
    for cluster in clusters.filter(|cluster| late(&cluster.value)) {
        cluster.value = apply::text(&cluster.value, &context.names)?;
        context.cluster(&cluster.value)?;
    }
    perform(context, &named).await
}

async fn perform(context: &mut Context<'_>, verb: &Verb) -> Result<(), Failure> {
    match verb {
        Verb::Deploy(deploy) => deploy::install(context, deploy).await,
        Verb::Upgrade(upgrade) => deploy::upgrade(context, upgrade).await,
        Verb::Rollback(rollback) => release::rollback(context, rollback).await,
        Verb::Uninstall(uninstall) => release::uninstall(context, uninstall).await,
        Verb::Grant(grant) => grant::grant(context, grant).await,
        Verb::Revoke(revoke) => revoke::revoke(context, revoke).await,
        Verb::Iam(step) => identity::iam(context, step).await,
        Verb::Project(project) => workflows::project(context, project).await,
        Verb::Label(label) => labels::label(context, label).await,
        Verb::Register(register) => workflows::register(context, register).await,
        Verb::Submit(submit) => submit::submit(context, submit).await,
        Verb::Terminate(terminate) => submit::terminate(context, terminate).await,
        Verb::Apply(apply) => apply::run(context, apply).await,
        Verb::Patch(patch) => objects::patch(context, patch).await,
        Verb::Delete(delete) => objects::delete(context, delete).await,
        Verb::Restart(restart) => restart::restart(context, restart).await,
        Verb::Exec(exec) => local::exec(context, exec).await,
        Verb::Script(script) => local::script(context, script).await,
        Verb::Read(step) => read::read(context, step).await,
        Verb::Wait(wait) => wait::run(context, wait).await,
        Verb::Fault(step) => fault::fault(context, step).await,
        Verb::Heal(step) => fault::heal(context, step).await,
        Verb::Always(step) => invariant::begin(context, step, Sense::Always).await,
        Verb::Never(step) => invariant::begin(context, step, Sense::Never).await,
        Verb::Relax(_) => Ok(()),
        Verb::Expect(expect) => expect::run(context, expect).await,
    }
}

/// Judges a step that must fail in a certain way.
async fn must_fail(fails: &Fails, result: Result<(), Failure>, context: &Context<'_>) -> Result<(), Failure> {
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
            let failure = told(failure, &context.emitter).await;
            context.emitter.note(Level::Info, format!("failed as it must: {}", failure.message));
            Ok(())
        }
    }
}
