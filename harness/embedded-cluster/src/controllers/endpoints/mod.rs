//! Where Services lead: `endpointslice-controller`, and `endpoint-controller` for the older API,
//! and what mirrors that into slices where people keep it by hand.

mod addresses;
mod legacy;
mod mirror;
mod slices;

pub(crate) use legacy::Legacy;
pub(crate) use mirror::Mirror;
pub(crate) use slices::Slices;

use super::fields::Fields;
use super::resources::{PODS, SERVICES};
use super::runtime::{Change, Context, Key};
use super::selector;
use crate::object::Object;

/// The Services that a change of a Service, or of a pod that one selects or selected, concerns.
fn services(context: &Context, change: &Change) -> Vec<Key> {
    if change.is(&SERVICES) {
        return vec![change.key()];
    }
    if !change.is(&PODS)
        || change
            .old
            .as_ref()
            .is_some_and(|old| !change.gone && addresses::is_same(old, &change.object))
    {
        return vec![];
    }
    let services = context.cache.in_namespace(&SERVICES, change.object.namespace().unwrap_or_default());
    let selects = |service: &Object| change.states().any(|pod| selects(service, pod));
    services
        .iter()
        .filter(|service| selects(service))
        .map(|service| Key::of(service))
        .collect()
}

/// Whether a Service has a selector and it matches a pod.
fn selects(service: &Object, pod: &Object) -> bool {
    service
        .map_at("/spec/selector")
        .is_some_and(|wanted| !wanted.is_empty() && selector::matches_map(wanted, pod.labels()))
}

/// Whether controllers make the endpoints of a Service.
fn is_managed(service: &Object) -> bool {
    service.map_at("/spec/selector").is_some_and(|wanted| !wanted.is_empty()) && service.str_at("/spec/type") != "ExternalName"
}

/// Label of the endpoints of a Service without cluster IP.
const HEADLESS: &str = "service.kubernetes.io/headless";

fn is_headless(service: &Object) -> bool {
    service.str_at("/spec/clusterIP") == "None"
}
