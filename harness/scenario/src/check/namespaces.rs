//! The scenario's own namespaces.

use std::collections::BTreeMap;

use super::Context;
use crate::names::is_dns_label;

pub(super) fn check(context: &mut Context<'_>) {
    let mut names = BTreeMap::new();
    for (id, namespace) in &context.scenario.namespaces {
        if let Some(on) = &namespace.on {
            context.clusters(on);
        }
        let Some(name) = &namespace.name else { continue };
        if !is_dns_label(name) {
            let message = format!(
                "`{}` is no namespace's name: lower-case letters, digits and `-`, at most 63",
                name.value
            );
            context.push(context.error("invalid-name", name.span, message));
        }
        if let Some(other) = names.insert(&name.value, id) {
            let message = format!("`{other}` has the name `{}` already", name.value);
            context.push(context.error("name-collision", name.span, message));
        }
    }
}
