//! The downward API: what a container is told of its own pod.

use k8s_openapi::api::core::v1::{Container, ObjectFieldSelector, ResourceFieldSelector};

use super::super::context::PodContext;
use super::super::prepare::ConfigError;
use super::field::{Place, field};
use super::resources::resource;

/// The value of a `fieldRef` or `resourceFieldRef`.
pub(crate) fn downward(
    ctx: &PodContext,
    container: &Container,
    of_pod: Option<&ObjectFieldSelector>,
    of_container: Option<&ResourceFieldSelector>,
) -> Result<String, ConfigError> {
    let (value, what) = match (of_pod, of_container) {
        (Some(selector), _) => {
            let ip = ctx.board.snapshot().ip.unwrap_or_default();
            let place = Place {
                pod_ip: &ip,
                host_ip: &ctx.node.address,
                node: &ctx.node.name,
            };
            let value = field(&ctx.pod(), &place, &selector.field_path);
            (value, format!("unsupported fieldPath: {}", selector.field_path))
        }
        (None, Some(selector)) => {
            let value = resource(container, selector, &ctx.node.capacity);
            (value, format!("unsupported container resource: {}", selector.resource))
        }
        (None, None) => (None, "neither fieldRef nor resourceFieldRef is set".to_owned()),
    };
    value.ok_or(ConfigError::Field(what))
}
