//! `submit` and `terminate`.

use flyte::client::{Admin, Submission, Target};
use flyte::crd::ExecutionId;
use flyte::placement::{Attributes, Request, single_task_workflow};
use scenario::verb::{Submit, Terminate};
use serde_json::Value;
use tokio::time::Instant;

use super::apply::resolve;
use super::failure::Failure;
use crate::journal::Event;
use crate::run::context::{Context, Submitted};
use crate::verdict::Oracle;

/// Runs a `submit` step. Each execution's prediction is made from the configuration and labels of this moment.
pub(crate) async fn submit(context: &mut Context<'_>, step: &Submit) -> Result<(), Failure> {
    let admin = context.reach_admin().await?;
    let oracle = Oracle::of(&context.configurations()?.running());
    let mut attributes = Attributes::default();
    admin.labels().await?.into_iter().for_each(|row| attributes.put(row));
    let request = submission(context, step).await?;
    let parent_label = match &request.parent {
        Some((parent, _)) => admin.execution(parent).await?.label,
        None => None,
    };
    let (project, domain) = (step.project.value.clone(), step.domain.value.clone());
    let submitted = context.submitted.entry(step.id.value.clone()).or_insert_with(|| Submitted {
        project,
        domain,
        executions: Vec::new(),
    });
    let workflow = workflow(&request.target, &context.launch_plans);
    let names = step.execution_names();
    let found = &mut context.names.found;
    found.of(&step.id.value, "executions", names.iter().cloned().collect());
    if let [only] = names.as_slice() {
        found.of(&step.id.value, "execution", only.clone().into());
    }
    let checked = admin.check(&request).await?;
    for name in names {
        let asked = Request {
            project: request.project.clone(),
            domain: request.domain.clone(),
            workflow: workflow.clone(),
            name: name.clone(),
            label: request.label.clone(),
            parent_label: parent_label.clone(),
        };
        let prediction = oracle.predict(&attributes, &asked);
        admin.start(&checked, &name).await?;
        let execution = crate::run::context::Submission {
            name: name.clone(),
            at: Instant::now(),
            prediction: prediction.clone(),
        };
        submitted.executions.push(execution);
        context.emitter.emit(Event::Submitted {
            submit: step.id.value.clone(),
            execution: name,
            prediction,
        });
    }
    Ok(())
}

/// What all executions of the step have in common.
async fn submission(context: &Context<'_>, step: &Submit) -> Result<Submission, Failure> {
    let Value::Object(inputs) = resolve(&Value::Object(step.inputs.clone()), &context.names)? else {
        return Err(Failure::fault("inputs", "a map did not stay a map"));
    };
    let parent = match &step.parent {
        Some(parent) => Some((only_execution(context, &parent.of.value)?, parent.node.clone())),
        None => None,
    };
    Ok(Submission {
        project: step.project.value.clone(),
        domain: step.domain.value.clone(),
        name: String::new(),
        target: target(step)?,
        version: step.version.clone(),
        inputs,
        label: step.label.as_ref().map(|label| label.value.clone()),
        parent,
        labels: step.labels.clone(),
        annotations: step.annotations.clone(),
    })
}

fn target(step: &Submit) -> Result<Target, Failure> {
    match (&step.workflow, &step.launch_plan, &step.task) {
        (Some(name), None, None) | (None, Some(name), None) => Ok(Target::LaunchPlan(name.value.clone())),
        (None, None, Some(task)) => Ok(Target::Task(task.value.clone())),
        _ => Err(Failure::invalid(
            "submit-what",
            "submit takes exactly one of workflow, launchPlan and task",
        )),
    }
}

/// The workflow that placement sees.
fn workflow(target: &Target, launch_plans: &std::collections::BTreeMap<String, String>) -> String {
    match target {
        Target::LaunchPlan(plan) => launch_plans.get(plan).unwrap_or(plan).clone(),
        Target::Task(task) => single_task_workflow(task),
    }
}

fn only_execution(context: &Context<'_>, submit: &str) -> Result<ExecutionId, Failure> {
    let submitted = context
        .submitted
        .get(submit)
        .ok_or_else(|| Failure::fault("no-submit", format!("nothing was submitted as {submit}")))?;
    match submitted.executions.as_slice() {
        [only] => Ok(submitted.id(&only.name)),
        many => Err(Failure::invalid(
            "many-parents",
            format!("{submit} started {} executions; a parent must be one", many.len()),
        )),
    }
}

/// Runs a `terminate` step.
pub(crate) async fn terminate(context: &mut Context<'_>, step: &Terminate) -> Result<(), Failure> {
    let submitted = context.submitted.get(&step.of.value).cloned();
    let submitted = submitted.ok_or_else(|| Failure::fault("no-submit", format!("nothing was submitted as {}", step.of.value)))?;
    let admin: Admin = context.reach_admin().await?;
    for execution in &submitted.executions {
        admin.terminate(&submitted.id(&execution.name), &step.cause).await?;
    }
    Ok(())
}
