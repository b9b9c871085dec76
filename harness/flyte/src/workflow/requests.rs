//! From a file to the requests that register it, in an order in which each finds what it refers to.

mod task;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use yaml::Span;

use super::{LaunchPlan, Workflow, WorkflowFile, WorkflowFileError};
use crate::proto::admin::{LaunchPlanCreateRequest, LaunchPlanSpec, TaskCreateRequest, WorkflowCreateRequest, WorkflowSpec};
use crate::proto::core::parameter::Behavior;
use crate::proto::core::{Identifier, LiteralMap, Parameter, ParameterMap, ResourceType};
use template::{typed, variable};

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub enum Registration {
    /// `CreateTask`.
    Task(TaskCreateRequest),
    /// `CreateWorkflow`.
    Workflow(WorkflowCreateRequest),
    /// `CreateLaunchPlan`, to be followed by its activation.
    LaunchPlan(LaunchPlanCreateRequest),
}

impl WorkflowFile {
    /// The requests that register everything in the file under one version.
    ///
    /// # Errors
    /// [`WorkflowFileError::Content`] for a reference to nothing, a cycle, or a value of another type.
    pub fn registrations(&self, project: &str, domain: &str, version: &str) -> Result<Vec<Registration>, WorkflowFileError> {
        let scope = Scope {
            file: self,
            project,
            domain,
            version,
        };
        let mut registrar = Registrar {
            scope,
            workflows: BTreeSet::new(),
            launch_plans: BTreeSet::new(),
            open: Vec::new(),
            requests: Vec::new(),
        };
        for (name, task) in &self.tasks {
            let request = task::request(scope.id(ResourceType::Task, name), task)?;
            registrar.requests.push(Registration::Task(request));
        }
        for name in self.workflows.keys() {
            registrar.workflow(name, Span::default())?;
        }
        for name in self.launch_plans.keys() {
            registrar.launch_plan(name, Span::default())?;
        }
        Ok(registrar.requests)
    }
}

/// Where everything is registered.
#[derive(Clone, Copy)]
struct Scope<'a> {
    file: &'a WorkflowFile,
    project: &'a str,
    domain: &'a str,
    version: &'a str,
}

impl<'a> Scope<'a> {
    fn id(&self, kind: ResourceType, name: &str) -> Identifier {
        Identifier {
            resource_type: kind as i32,
            project: self.project.to_owned(),
            domain: self.domain.to_owned(),
            name: name.to_owned(),
            version: self.version.to_owned(),
            org: String::new(),
        }
    }

    fn workflow(&self, name: &str, span: Span) -> Result<&'a Workflow, WorkflowFileError> {
        let found = self.file.workflows.get(name);
        found.ok_or_else(|| WorkflowFileError::at(span, format!("no workflow `{name}` in this file")))
    }
}

/// Goes through references depth first.
struct Registrar<'a> {
    scope: Scope<'a>,
    workflows: BTreeSet<&'a str>,
    launch_plans: BTreeSet<&'a str>,
    /// Workflows whose references are being followed.
    open: Vec<&'a str>,
    requests: Vec<Registration>,
}

impl<'a> Registrar<'a> {
    /// Registers a workflow, what its nodes refer to before it, and its own launch plan after it.
    fn workflow(&mut self, name: &'a str, span: Span) -> Result<(), WorkflowFileError> {
        if self.open.contains(&name) {
            return Err(WorkflowFileError::at(span, format!("workflow `{name}` leads to itself")));
        }
        if !self.workflows.insert(name) {
            return Ok(());
        }
        let workflow = self.scope.workflow(name, span)?;
        self.open.push(name);
        for node in workflow.nodes.values() {
            if let Some(plan) = &node.launch_plan {
                self.launch_plan(plan, plan.span)?;
            }
            if let Some(inner) = &node.workflow {
                self.workflow(inner, inner.span)?;
            }
        }
        self.open.pop();

        let mut inner = BTreeMap::new();
        self.inner(workflow, &mut inner)?;
        let template = template::workflow(&self.scope, name, workflow)?;
        let sub_workflows = inner
            .into_iter()
            .map(|(name, workflow)| template::workflow(&self.scope, name, workflow))
            .collect::<Result<_, _>>()?;
        self.requests.push(Registration::Workflow(WorkflowCreateRequest {
            id: template.id.clone(),
            spec: Some(WorkflowSpec {
                template: Some(template),
                sub_workflows,
                description: None,
            }),
        }));
        self.launch_plan(name, span)
    }

    /// The workflows that run inside this one, at any depth.
    fn inner(&self, workflow: &'a Workflow, found: &mut BTreeMap<&'a str, &'a Workflow>) -> Result<(), WorkflowFileError> {
        for name in workflow.nodes.values().filter_map(|node| node.workflow.as_ref()) {
            let workflow = self.scope.workflow(name, name.span)?;
            if found.insert(name, workflow).is_none() {
                self.inner(workflow, found)?;
            }
        }
        Ok(())
    }

    /// Registers a launch plan, and its workflow before it. A workflow's own has nothing preset.
    fn launch_plan(&mut self, name: &'a str, span: Span) -> Result<(), WorkflowFileError> {
        let Some(plan) = self.scope.file.launch_plans.get(name) else {
            self.workflow(name, span)?;
            if self.launch_plans.insert(name) {
                self.request_plan(name, name, ParameterMap::default(), LiteralMap::default());
            }
            return Ok(());
        };
        self.workflow(&plan.workflow, plan.workflow.span)?;
        if self.launch_plans.insert(name) {
            let workflow = self.scope.workflow(&plan.workflow, plan.workflow.span)?;
            let (defaults, fixed) = presets(plan, workflow)?;
            self.request_plan(name, &plan.workflow, defaults, fixed);
        }
        Ok(())
    }

    fn request_plan(&mut self, name: &str, workflow: &str, defaults: ParameterMap, fixed: LiteralMap) {
        let spec = LaunchPlanSpec {
            workflow_id: Some(self.scope.id(ResourceType::Workflow, workflow)),
            default_inputs: Some(defaults),
            fixed_inputs: Some(fixed),
            ..LaunchPlanSpec::default()
        };
        self.requests.push(Registration::LaunchPlan(LaunchPlanCreateRequest {
            id: Some(self.scope.id(ResourceType::LaunchPlan, name)),
            spec: Some(spec),
        }));
    }
}

/// A launch plan's default and fixed inputs.
fn presets(plan: &LaunchPlan, workflow: &Workflow) -> Result<(ParameterMap, LiteralMap), WorkflowFileError> {
    let declared = |name: &str, span: Span| {
        let kind = workflow.inputs.get(name);
        kind.ok_or_else(|| WorkflowFileError::at(span, format!("the workflow has no input `{name}`")))
    };
    let mut defaults = ParameterMap::default();
    for (name, value) in &plan.default_inputs {
        let kind = declared(name, value.span)?;
        let parameter = Parameter {
            var: Some(variable(kind)),
            behavior: Some(Behavior::Default(typed(value, kind, value.span)?)),
        };
        defaults.parameters.insert(name.clone(), parameter);
    }
    let mut fixed = LiteralMap::default();
    for (name, value) in &plan.fixed_inputs {
        let kind = declared(name, value.span)?;
        fixed.literals.insert(name.clone(), typed(value, kind, value.span)?);
    }
    Ok((defaults, fixed))
}
