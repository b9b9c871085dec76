//! `validatingadmissionpolicy-status-controller`: warns of expressions that do not fit the types of what their policy matches.

use futures::future::BoxFuture;

use super::fields::Fields;
use super::resources::VALIDATING_POLICIES;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::admission::Names;
use crate::kinds::{BUILTIN, Kind};
use crate::object::Object;
use crate::value::{Value, json};

/// Most types that a policy is checked with.
const MOST: usize = 10;

/// Keys are policies.
pub(crate) struct PolicyTypes(pub(crate) Context);

impl Controller for PolicyTypes {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if change.is(&VALIDATING_POLICIES) && !change.gone {
            vec![change.key()]
        } else {
            vec![]
        }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(policy) = self.0.cache.get(&VALIDATING_POLICIES, key) else {
                return Ok(None);
            };
            if policy.generation() <= policy.int_at("/status/observedGeneration") {
                return Ok(None);
            }
            let warnings = warnings(&policy);
            let checking = if warnings.is_empty() {
                json!({})
            } else {
                json!({"expressionWarnings": warnings})
            };
            let mut value = policy.value().clone();
            value["status"]["observedGeneration"] = policy.generation().into();
            value["status"]["typeChecking"] = checking;
            self.0.client.update_status(&VALIDATING_POLICIES, value).await?;
            Ok(None)
        })
    }
}

/// What is wrong with a policy's expressions for the types that its rules name.
fn warnings(policy: &Object) -> Vec<Value> {
    let kinds = kinds(policy);
    let mut warnings = vec![];
    for (index, validation) in policy.list_at("/spec/validations").iter().enumerate() {
        for field in ["expression", "messageExpression"] {
            let text = validation[field].as_str().unwrap_or_default();
            let misfits: String = kinds.iter().filter_map(|kind| misfit(policy, kind, text)).collect();
            if !text.is_empty() && !misfits.is_empty() {
                let place = format!("spec.validations[{index}].{field}");
                warnings.push(json!({"fieldRef": place, "warning": misfits}));
            }
        }
    }
    warnings
}

/// The types that the rules name; wildcards name none.
fn kinds(policy: &Object) -> Vec<&'static Kind> {
    let mut kinds: Vec<&Kind> = vec![];
    for rule in policy.list_at("/spec/matchConstraints/resourceRules") {
        let names = |field: &str, value: &str| rule[field].as_array().into_iter().flatten().any(|name| *name == value);
        let found = BUILTIN.in_order.iter().filter(|kind| {
            let resource = &kind.resource;
            names("apiGroups", resource.group()) && names("apiVersions", resource.version()) && names("resources", resource.plural())
        });
        for kind in found {
            if !kinds.iter().any(|known| known.resource == kind.resource) {
                kinds.push(kind);
            }
        }
    }
    kinds.sort_by_key(|kind| (kind.resource.group(), kind.resource.version(), kind.kind.as_str()));
    kinds.truncate(MOST);
    kinds
}

/// Why an expression does not fit objects of a kind.
fn misfit(policy: &Object, kind: &Kind, text: &str) -> Option<String> {
    let object = kind.schema()?.expression_type();
    let mut names = Names::of_policies(policy.at("/spec/paramKind").is_object(), false);
    for variable in policy.list_at("/spec/variables") {
        let (name, text) = (variable.str_at("/name"), variable.str_at("/expression"));
        let of = names.compile_for(text, &object).ok().map(|(_, of)| of.detached())?;
        names.add(name, &of);
    }
    let why = names.compile_for(text, &object).err()?;
    let why = why.trim_start_matches("compilation failed: ");
    let (group, version) = (kind.resource.group(), kind.resource.version());
    Some(format!("{group}/{version}, Kind={}: {why}\n", kind.kind))
}
