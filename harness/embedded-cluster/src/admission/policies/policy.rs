//! Policies and their bindings, compiled.

use crate::cel::Expression;
use crate::object::Object;
use crate::value::Value;

use super::super::expressions::{Conditions, Names};
use super::super::matching::Matching;

/// A policy, of either kind.
#[derive(Debug)]
pub(crate) struct Policy {
    pub(super) name: String,
    pub(super) matching: Matching,
    pub(super) conditions: Conditions,
    /// `apiVersion` and `kind` of its parameters.
    pub(super) param_kind: Option<(String, String)>,
    pub(super) variables: Vec<(String, Expression)>,
    pub(super) validations: Vec<Validation>,
    pub(super) mutations: Vec<Mutation>,
    /// Values for the audit log. There is none, but they must be possible to evaluate.
    pub(super) annotations: Vec<Expression>,
    /// What cannot be evaluated refuses the write.
    pub(super) fails: bool,
    /// It wants to see what others changed after it.
    pub(super) reinvoked: bool,
    pub(super) bindings: Vec<Binding>,
}

#[derive(Debug)]
pub(super) struct Validation {
    pub(super) expression: Expression,
    pub(super) message: String,
    pub(super) message_expression: Option<Expression>,
    pub(super) reason: String,
}

#[derive(Debug)]
pub(super) enum Mutation {
    /// An object to apply.
    Apply(Expression),
    /// A list of JSON patch operations.
    Patch(Expression),
}

/// Where a policy holds.
#[derive(Debug)]
pub(super) struct Binding {
    pub(super) name: String,
    /// `paramRef`.
    pub(super) params: Value,
    /// What is bound, of all that the policy matches.
    pub(super) matching: Option<Matching>,
    pub(super) actions: Vec<String>,
}

impl Policy {
    /// Reads a policy that was checked, with those of the bindings that are for it.
    pub(in super::super) fn read(policy: &Object, bindings: &[std::sync::Arc<Object>]) -> Self {
        let spec = &policy.value()["spec"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let list = |field: &str| spec[field].as_array().into_iter().flatten();
        let params = &spec["paramKind"];
        let mut names = Names::of_policies(params.is_object(), spec["mutations"].is_array());
        let mut variables = vec![];
        for variable in list("variables") {
            let name = text(&variable["name"]);
            let Ok((expression, of)) = names.compile(&text(&variable["expression"])).map(|(e, of)| (e, of.detached())) else {
                continue;
            };
            names.add(&name, &of);
            variables.push((name, expression));
        }
        let compiled = |text: &Value| names.compile(text.as_str()?.trim()).ok().map(|(expression, _)| expression);
        let validation = |validation: &Value| {
            Some(Validation {
                expression: compiled(&validation["expression"])?,
                message: text(&validation["message"]).trim().to_owned(),
                message_expression: compiled(&validation["messageExpression"]),
                reason: text(&validation["reason"]),
            })
        };
        let mutation = |mutation: &Value| match mutation["patchType"].as_str() {
            Some("JSONPatch") => compiled(&mutation["jsonPatch"]["expression"]).map(Mutation::Patch),
            _ => compiled(&mutation["applyConfiguration"]["expression"]).map(Mutation::Apply),
        };
        Self {
            name: policy.name().to_owned(),
            matching: Matching::read(&spec["matchConstraints"], "resourceRules"),
            conditions: Conditions::read(spec, &names),
            param_kind: params.is_object().then(|| (text(&params["apiVersion"]), text(&params["kind"]))),
            validations: list("validations").filter_map(validation).collect(),
            mutations: list("mutations").filter_map(mutation).collect(),
            annotations: list("auditAnnotations")
                .filter_map(|annotation| compiled(&annotation["valueExpression"]))
                .collect(),
            variables,
            fails: spec["failurePolicy"] != "Ignore",
            reinvoked: spec["reinvocationPolicy"] == "IfNeeded",
            bindings: bindings
                .iter()
                .filter(|binding| binding.value()["spec"]["policyName"] == policy.name())
                .map(|binding| Binding::read(binding))
                .collect(),
        }
    }
}

impl Binding {
    fn read(binding: &Object) -> Self {
        let spec = &binding.value()["spec"];
        let actions = spec["validationActions"].as_array().into_iter().flatten();
        Self {
            name: binding.name().to_owned(),
            params: spec["paramRef"].clone(),
            matching: spec["matchResources"]
                .is_object()
                .then(|| Matching::read(&spec["matchResources"], "resourceRules")),
            actions: actions.filter_map(|action| action.as_str().map(str::to_owned)).collect(),
        }
    }
}
