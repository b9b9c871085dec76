//! Policies: expressions of the cluster's users that change or refuse writes.

mod mutating;
mod params;
mod policy;

use super::Attempt;
use super::configured::Configured;
use super::expressions::Values;
use super::matching::Seen;
use crate::cel;
use crate::status::{Cause, Status};

pub(super) use mutating::mutate;
pub(super) use policy::Policy;
use policy::{Binding, Validation};

/// What a policy says about a write.
struct Decision {
    message: String,
    reason: String,
    /// It refuses the write whatever the binding's actions are.
    always: bool,
}

/// Lets the validating policies refuse the object.
pub(super) fn validate(attempt: &mut Attempt<'_>, configured: &Configured) -> Result<(), Status> {
    let mut denied: Option<(String, String)> = None;
    for policy in &configured.validating_policies {
        let mut deny = |binding: Option<&Binding>, decision: &Decision| {
            let with = binding
                .map(|binding| format!(" with binding '{}'", binding.name))
                .unwrap_or_default();
            let name = &policy.name;
            let text = format!("ValidatingAdmissionPolicy '{name}'{with} denied request: {}", decision.message);
            denied.get_or_insert((text, decision.reason.clone()));
        };
        let seen = match policy.matching.seen(attempt) {
            Ok(None) => continue,
            Ok(Some(seen)) => seen,
            Err(why) => {
                if policy.fails {
                    deny(None, &Decision::invalid(format!("failed to configure policy: {why}")));
                }
                continue;
            }
        };
        for binding in &policy.bindings {
            let decisions = match evaluate(policy, binding, attempt, &seen) {
                Ok(decisions) => decisions,
                Err(why) => {
                    if policy.fails {
                        deny(Some(binding), &Decision::invalid(format!("failed to configure binding: {why}")));
                    }
                    continue;
                }
            };
            for decision in decisions {
                if decision.always {
                    deny(Some(binding), &decision);
                    continue;
                }
                for action in &binding.actions {
                    match action.as_str() {
                        "Deny" => deny(Some(binding), &decision),
                        "Warn" => attempt.warn(format!(
                            "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {}",
                            policy.name, binding.name, decision.message
                        )),
                        // There is no audit log.
                        _ => {}
                    }
                }
            }
        }
    }
    match denied {
        None => Ok(()),
        Some((text, reason)) => Err(refusal(attempt, &text, &reason)),
    }
}

fn refusal(attempt: &Attempt<'_>, text: &str, reason: &str) -> Status {
    let mut status = attempt.forbid(text);
    let reason = if reason.is_empty() { "Invalid" } else { reason };
    status.code = match reason {
        "Unauthorized" => 401,
        "Forbidden" => 403,
        "RequestEntityTooLarge" => 413,
        _ => 422,
    };
    status.reason = reason.to_owned().into();
    if let Some(details) = &mut status.details {
        details.causes.push(Cause {
            reason: "".into(),
            message: text.to_owned(),
            field: String::new(),
        });
    }
    status
}

/// What one binding of a policy has against the write.
fn evaluate(policy: &Policy, binding: &Binding, attempt: &Attempt<'_>, seen: &Seen) -> Result<Vec<Decision>, String> {
    if let Some(matching) = &binding.matching
        && !matching.allows(attempt).map_err(|status| status.message)?
    {
        return Ok(vec![]);
    }
    let mut decisions = vec![];
    let mut values: Option<Values<'_>> = None;
    for params in params::collect(policy, binding, attempt)? {
        let values = values.get_or_insert_with(|| Values::new(attempt, seen, &policy.variables));
        values.set_params(&params);
        match policy.conditions.hold(values) {
            Ok(true) => {}
            Ok(false) => continue,
            Err(why) => {
                decisions.extend(policy.fails.then(|| Decision::invalid(why)));
                continue;
            }
        }
        for annotation in &policy.annotations {
            if let Err(why) = values.evaluate(annotation)
                && policy.fails
            {
                decisions.push(Decision {
                    always: true,
                    ..Decision::invalid(why)
                });
            }
        }
        for validation in &policy.validations {
            match values.evaluate(&validation.expression) {
                Ok(cel::Value::Bool(true)) => {}
                Ok(_) => decisions.push(validation.broken(values)),
                Err(why) => decisions.extend(policy.fails.then(|| Decision::invalid(why))),
            }
        }
    }
    Ok(decisions)
}

impl Decision {
    fn invalid(message: String) -> Self {
        Self {
            message,
            reason: String::new(),
            always: false,
        }
    }
}

impl Validation {
    /// The expression gave false.
    fn broken(&self, values: &mut Values<'_>) -> Decision {
        let own = self.message_expression.as_ref().and_then(|message| match values.evaluate(message) {
            Ok(cel::Value::String(text)) => Some(text.trim().to_owned()),
            _ => None,
        });
        let own = own.filter(|text| !text.is_empty() && !text.contains('\n'));
        let message = own.unwrap_or_else(|| match self.message.as_str() {
            "" => format!("failed expression: {}", self.expression.text().trim()),
            message => message.to_owned(),
        });
        Decision {
            message,
            reason: self.reason.clone(),
            always: false,
        }
    }
}
