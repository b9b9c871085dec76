//! Mutating policies.

use std::collections::BTreeSet;

use super::super::Attempt;
use super::super::configured::Configured;
use super::super::expressions::Values;
use super::super::matching::Seen;
use super::params;
use super::policy::{Binding, Mutation, Policy};
use crate::apiserver::json_patch;
use crate::cel;
use crate::schema::apply;
use crate::status::Status;
use crate::value::Value;

/// Lets the mutating policies change the object; in the second round only those that ask for it and took part in the first.
/// Tells whether something changed.
pub(in super::super) fn mutate(
    attempt: &mut Attempt<'_>,
    configured: &Configured,
    taken: &mut BTreeSet<String>,
    second: bool,
) -> Result<bool, Status> {
    let mut changed = false;
    for policy in &configured.mutating_policies {
        if second && !(policy.reinvoked && taken.contains(&policy.name)) {
            continue;
        }
        let Some(seen) = policy.matching.seen(attempt)? else { continue };
        for binding in &policy.bindings {
            match apply_all(policy, binding, attempt, &seen) {
                Ok(one) => {
                    changed |= one;
                    taken.insert(policy.name.clone());
                }
                Err(why) if policy.fails => {
                    let (name, bound) = (&policy.name, &binding.name);
                    let text = format!("policy '{name}' with binding '{bound}' denied request: {why}");
                    return Err(super::refusal(attempt, &text, ""));
                }
                Err(why) => tracing::warn!(policy = policy.name, why, "policy failed, passed over"),
            }
        }
    }
    Ok(changed)
}

fn apply_all(policy: &Policy, binding: &Binding, attempt: &mut Attempt<'_>, seen: &Seen) -> Result<bool, String> {
    if let Some(matching) = &binding.matching
        && !matching.allows(attempt).map_err(|status| status.message)?
    {
        return Ok(false);
    }
    let mut changed = false;
    for params in params::collect(policy, binding, attempt)? {
        let mut values = Values::new(attempt, seen, &policy.variables);
        values.set_params(&params);
        if !policy.conditions.hold(&mut values)? {
            continue;
        }
        for mutation in &policy.mutations {
            // Each sees what the one before made.
            let mut values = Values::new(attempt, seen, &policy.variables);
            values.set_params(&params);
            changed |= apply_one(mutation, attempt, seen, &mut values)?;
        }
    }
    Ok(changed)
}

fn apply_one(mutation: &Mutation, attempt: &mut Attempt<'_>, seen: &Seen, values: &mut Values<'_>) -> Result<bool, String> {
    if attempt.new_object().is_null() {
        return Ok(false);
    }
    let before = attempt.shown(attempt.new_object(), seen);
    let mut object = before.clone();
    match mutation {
        Mutation::Patch(expression) => {
            let patch = result(&values.evaluate(expression)?)?;
            json_patch(&mut object, &patch).map_err(|why| format!("error applying patch: {why}"))?;
        }
        Mutation::Apply(expression) => {
            let mut config = result(&values.evaluate(expression)?)?;
            config["apiVersion"] = before["apiVersion"].clone();
            config["kind"] = before["kind"].clone();
            let kind = match seen {
                Seen::As(other) if attempt.part.is_none() => other,
                _ => attempt.part.unwrap_or(attempt.kind),
            };
            let node = kind.schema().ok_or("the kind has no schema to apply a configuration by")?;
            object = apply::merged(node, &before, &config).map_err(|why| format!("error applying object to ApplyConfiguration: {why}"))?;
        }
    }
    let changed = object != before;
    attempt.replace(object, seen).map_err(|status| status.message)?;
    Ok(changed)
}

fn result(value: &cel::Value) -> Result<Value, String> {
    cel::from_cel(value).ok_or_else(|| "unexpected evaluation result type".to_owned())
}
