//! Quarantine: somebody must be there to ask, and a place where it is told of.

use super::Context;

pub(super) fn check(context: &mut Context<'_>) {
    let Some(quarantine) = &context.scenario.metadata.quarantine else {
        return;
    };
    if quarantine.owner.value.trim().is_empty() {
        context.push(context.error("invalid-value", quarantine.owner.span, "a quarantine without an owner never ends"));
    }
    let link = &quarantine.link;
    let rest = ["https://", "http://"].iter().find_map(|scheme| link.value.strip_prefix(scheme));
    if rest.is_none_or(str::is_empty) {
        let message = format!("`{}` is no link", link.value);
        let help = "name the issue that it is told of in, as `https://...`";
        context.push(context.error("invalid-value", link.span, message).help(help));
    }
}
