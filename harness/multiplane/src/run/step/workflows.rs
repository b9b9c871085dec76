//! `project` and `register`.

use flyte::client::{Admin, ClientError};
use flyte::workflow::WorkflowFile;
use scenario::verb::{Project, Register};
use tonic::Code;

use super::failure::Failure;
use super::images;
use crate::run::context::Context;

/// Runs a `project` step: registers the project, or changes it.
pub(crate) async fn project(context: &mut Context<'_>, step: &Project) -> Result<(), Failure> {
    let admin = context.reach_admin().await?;
    let id = &step.id.value;
    match register_project(&admin, step).await {
        Err(error) if error.code() == Some(Code::AlreadyExists) && step.archived => {}
        result => result?,
    }
    if step.archived {
        admin.archive_project(id).await?;
    }
    Ok(())
}

async fn register_project(admin: &Admin, step: &Project) -> Result<(), ClientError> {
    let id = &step.id.value;
    admin
        .register_project(
            id,
            step.name.as_deref().unwrap_or(id),
            step.description.as_deref().unwrap_or_default(),
        )
        .await
}

/// Runs a `register` step.
pub(crate) async fn register(context: &mut Context<'_>, step: &Register) -> Result<(), Failure> {
    let path = context.scenario().path(&step.workflows.value);
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(&path).map_err(|error| Failure::invalid("workflows", format!("cannot read {shown}: {error}")))?;
    let file = WorkflowFile::parse(&text).map_err(|error| {
        let mut sources = yaml::Sources::default();
        sources.add(shown.clone(), text.clone());
        let diagnostics: yaml::Diagnostics = error.diagnostic(&shown).into();
        Failure::invalid("workflows", diagnostics.render(&sources, false))
    })?;
    for cluster in context.names.clusters.values().filter(|cluster| cluster.runs_images()) {
        let tasks = file.tasks.values().filter_map(|task| task.image.clone());
        images::provide(context, &**cluster, tasks.collect()).await?;
    }
    context
        .reach_admin()
        .await?
        .register(&file, &step.project.value, &step.domain.value, &step.version)
        .await?;
    let plans = file
        .launch_plans
        .iter()
        .map(|(plan, body)| (plan.clone(), body.workflow.value.clone()));
    context.launch_plans.extend(plans);
    Ok(())
}

/// What the admin API refuses is the deployment's fault; what is asked of it in vain, the scenario's.
impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let message = error.to_string();
        match error {
            ClientError::Refused {
                code: Code::Unavailable | Code::DeadlineExceeded,
                ..
            } => Self::expectation("admin-unreachable", message)
                .help("is flyteadmin running, and does the control plane's Ingress lead to it?"),
            ClientError::Refused { .. } => Self::expectation("admin-refused", message),
            ClientError::Workflows(_) | ClientError::Input { .. } | ClientError::UnknownInput { .. } => {
                Self::invalid("flyte-input", message)
            }
            ClientError::NotRegistered { .. } => Self::expectation("not-registered", message),
        }
    }
}
