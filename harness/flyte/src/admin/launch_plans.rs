//! Launch plans: registration, activation, reading.

use super::error::AdminError;
use super::filter::Filters;
use super::listing;
use super::paging::page;
use super::state::Admin;
use super::validate::identifier;
use crate::proto::admin::{
    ActiveLaunchPlanListRequest, LaunchPlan, LaunchPlanClosure, LaunchPlanCreateRequest, LaunchPlanList, LaunchPlanState,
    NamedEntityIdentifier, ResourceListRequest,
};
use crate::proto::core::parameter::Behavior;
use crate::proto::core::{Identifier, Parameter, ParameterMap, ResourceType, TypedInterface};
use crate::stores::{DatabaseError, EntityKey};

impl Admin {
    /// Registers a launch plan, inactive: `CreateLaunchPlan`.
    pub(crate) fn create_launch_plan(&self, request: LaunchPlanCreateRequest) -> Result<(), AdminError> {
        let id = identifier(request.id.as_ref(), ResourceType::LaunchPlan)?.clone();
        self.check_project_domain(&id.project, &id.domain)?;
        let spec = request.spec.ok_or_else(|| AdminError::missing("spec"))?;
        let workflow = identifier(spec.workflow_id.as_ref(), ResourceType::Workflow)?;
        let workflow = self.workflow(Some(workflow)).map_err(|error| AdminError::invalid(error.message))?;
        let interface = workflow
            .closure
            .and_then(|closure| closure.compiled_workflow?.primary?.template?.interface)
            .unwrap_or_default();
        let key = EntityKey::from(&id);
        let now = Some(self.now());
        let row = LaunchPlan {
            id: Some(id),
            closure: Some(LaunchPlanClosure {
                state: LaunchPlanState::Inactive as i32,
                expected_inputs: Some(expected_inputs(&interface, &spec)?),
                expected_outputs: interface.outputs,
                created_at: now,
                updated_at: now,
            }),
            spec: Some(spec),
        };
        self.database.write(|tables| {
            if let Some(old) = tables.launch_plans.get(&key) {
                return Err(listing::exists("launch plan", &key, old.spec == row.spec));
            }
            tables.launch_plans.insert(key, row).map_err(AdminError::from)
        })
    }

    /// Activates or deactivates a launch plan: `UpdateLaunchPlan`. One version of a name is active at most.
    pub(crate) fn update_launch_plan(&self, id: Option<&Identifier>, state: i32) -> Result<(), AdminError> {
        let key = EntityKey::from(identifier(id, ResourceType::LaunchPlan)?);
        let now = self.now();
        self.database.write(|tables| {
            if tables.launch_plans.get(&key).is_none() {
                return Err(listing::not_found("launch plan", &key));
            }
            let others: Vec<EntityKey> = tables
                .launch_plans
                .iter()
                .filter(|(other, _)| same_name(other, &key) && **other != key)
                .map(|(other, _)| other.clone())
                .collect();
            let mut set = |key: &EntityKey, state: i32| {
                if let Some(closure) = tables.launch_plans.get_mut(key).and_then(|row| row.closure.as_mut()) {
                    closure.state = state;
                    closure.updated_at = Some(now);
                }
            };
            if state == LaunchPlanState::Active as i32 {
                for other in &others {
                    set(other, LaunchPlanState::Inactive as i32);
                }
            }
            set(&key, state);
            Ok(())
        })
    }

    /// One launch plan: `GetLaunchPlan`.
    pub(crate) fn launch_plan(&self, id: Option<&Identifier>) -> Result<LaunchPlan, AdminError> {
        let key = EntityKey::from(identifier(id, ResourceType::LaunchPlan)?);
        self.database
            .read(|tables| tables.launch_plans.get(&key).cloned())?
            .ok_or_else(|| listing::not_found("launch plan", &key))
    }

    /// The active version of a name: `GetActiveLaunchPlan`.
    pub(crate) fn active_launch_plan(&self, id: Option<&NamedEntityIdentifier>) -> Result<LaunchPlan, AdminError> {
        let id = id.ok_or_else(|| AdminError::missing("id"))?;
        self.active(|key| key.project == id.project && key.domain == id.domain && key.name == id.name)?
            .pop()
            .ok_or_else(|| {
                AdminError::not_found(format!(
                    "No active launch plan could be found: {}:{}:{}",
                    id.project, id.domain, id.name
                ))
            })
    }

    /// Active launch plans of a project and domain: `ListActiveLaunchPlans`.
    pub(crate) fn list_active_launch_plans(&self, request: &ActiveLaunchPlanListRequest) -> Result<LaunchPlanList, AdminError> {
        let rows = self.active(|key| key.project == request.project && key.domain == request.domain)?;
        let page = page(rows, request.limit, &request.token)?;
        Ok(LaunchPlanList {
            launch_plans: page.items,
            token: page.token,
        })
    }

    /// Launch plans of a project and domain, or versions of one: `ListLaunchPlans`.
    pub(crate) fn list_launch_plans(&self, request: &ResourceListRequest) -> Result<LaunchPlanList, AdminError> {
        Filters::parse(&request.filters)?;
        let page = self
            .database
            .read(|tables| listing::list(&tables.launch_plans, request, |row| row.closure.as_ref()?.updated_at))??;
        Ok(LaunchPlanList {
            launch_plans: page.items,
            token: page.token,
        })
    }

    /// Names of a project's and domain's launch plans: `ListLaunchPlanIds`.
    pub(crate) fn launch_plan_names(&self, project: &str, domain: &str) -> Result<Vec<NamedEntityIdentifier>, DatabaseError> {
        self.database.read(|tables| listing::names(&tables.launch_plans, project, domain))
    }

    fn active(&self, scope: impl Fn(&EntityKey) -> bool) -> Result<Vec<LaunchPlan>, DatabaseError> {
        let active = |row: &LaunchPlan| {
            row.closure
                .as_ref()
                .is_some_and(|closure| closure.state == LaunchPlanState::Active as i32)
        };
        self.database.read(|tables| {
            let rows = tables.launch_plans.iter();
            rows.filter(|(key, row)| scope(key) && active(row))
                .map(|(_, row)| row.clone())
                .collect()
        })
    }
}

fn same_name(a: &EntityKey, b: &EntityKey) -> bool {
    (&a.project, &a.domain, &a.name) == (&b.project, &b.domain, &b.name)
}

/// The workflow's inputs that a run may or must give: those with a default, and those without a fixed value.
fn expected_inputs(interface: &TypedInterface, spec: &crate::proto::admin::LaunchPlanSpec) -> Result<ParameterMap, AdminError> {
    let variables = interface.inputs.clone().unwrap_or_default().variables;
    let fixed = spec.fixed_inputs.clone().unwrap_or_default().literals;
    let defaults = spec.default_inputs.clone().unwrap_or_default().parameters;
    for name in fixed.keys().chain(defaults.keys()) {
        if !variables.contains_key(name) {
            return Err(AdminError::invalid(format!(
                "unexpected input {name}: the workflow has no such input"
            )));
        }
    }
    let parameters = variables
        .into_iter()
        .filter(|(name, _)| !fixed.contains_key(name))
        .map(|(name, variable)| {
            let parameter = defaults.get(&name).cloned().unwrap_or(Parameter {
                var: Some(variable),
                behavior: Some(Behavior::Required(true)),
            });
            (name, parameter)
        })
        .collect();
    Ok(ParameterMap { parameters })
}
