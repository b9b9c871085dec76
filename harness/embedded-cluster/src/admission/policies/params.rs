//! The parameters that a binding names.

use super::policy::{Binding, Policy};
use crate::admission::Attempt;
use crate::selector::LabelSelector;
use crate::value::Value;

/// The objects that a policy is evaluated with, one after the other; null where it has no parameters.
///
/// # Errors
/// Why the binding cannot be used, in Kubernetes' words.
pub(super) fn collect(policy: &Policy, binding: &Binding, attempt: &Attempt<'_>) -> Result<Vec<Value>, String> {
    let Some((api_version, kind_name)) = &policy.param_kind else {
        return Ok(vec![Value::Null]);
    };
    let reference = &binding.params;
    if !reference.is_object() {
        return Ok(vec![Value::Null]);
    }
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let server = attempt.server;
    let kind = server.kinds.of_object(api_version, kind_name).filter(|kind| kind.is_stored());
    let kind = kind.ok_or_else(|| format!("paramKind kind `{api_version}, Kind={kind_name}` not known"))?;
    let namespace = match (kind.namespaced, text("namespace")) {
        (false, "") => "",
        (false, _) => return Err("paramRef.namespace must not be provided for a cluster-scoped `paramKind`".into()),
        (true, "") if attempt.place().is_empty() => {
            return Err("cannot use namespaced paramRef in policy binding that matches cluster-scoped resources".into());
        }
        (true, "") => attempt.place(),
        (true, named) => named,
    };
    let shown = |object: &std::sync::Arc<crate::object::Object>| crate::apiserver::to_served(object, &kind).value().clone();
    let selector = &reference["selector"];
    let found: Vec<Value> = match (text("name"), selector.is_object()) {
        ("", false) => return Err("one of name or selector must be provided".into()),
        ("", true) => {
            let selector = LabelSelector::of_object(selector);
            let all = server.store.snapshot(&kind.key, Some(namespace)).items;
            all.iter().filter(|object| selector.matches(object.labels())).map(shown).collect()
        }
        (_, true) => return Err("paramRef.name and paramRef.selector are mutually exclusive".into()),
        (name, false) => server.store.get(&kind.key, namespace, name).iter().map(shown).collect(),
    };
    if found.is_empty() && text("parameterNotFoundAction") == "Deny" {
        return Err("no params found for policy binding with `Deny` parameterNotFoundAction".into());
    }
    Ok(found)
}
