//! A pod as the checks look at it.

use crate::value::Value;

/// The spec of a pod.
pub(super) struct Pod<'p>(pub(super) &'p Value);

impl Pod<'_> {
    /// All containers.
    pub(super) fn containers(&self) -> impl Iterator<Item = &Value> {
        let fields = ["initContainers", "containers", "ephemeralContainers"];
        fields.into_iter().flat_map(|field| self.0[field].as_array().into_iter().flatten())
    }

    pub(super) fn volumes(&self) -> impl Iterator<Item = &Value> {
        self.0["volumes"].as_array().into_iter().flatten()
    }

    /// The names of the containers for which something holds.
    pub(super) fn which(&self, holds: impl Fn(&Value) -> bool) -> Vec<String> {
        self.containers().filter(|container| holds(container)).map(name).collect()
    }

    /// The pod's own security context.
    pub(super) fn context(&self) -> &Value {
        &self.0["securityContext"]
    }
}

/// The name of a container or volume.
pub(super) fn name(part: &Value) -> String {
    part["name"].as_str().unwrap_or_default().to_owned()
}

/// `container "a"`, `containers "a", "b"`.
pub(super) fn named(what: &str, names: &[String]) -> String {
    let plural = if names.len() == 1 { "" } else { "s" };
    format!("{what}{plural} {}", quoted(names))
}

pub(super) fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("{name:?}")).collect();
    quoted.join(", ")
}
