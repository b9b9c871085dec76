//! What a cluster has from the beginning: namespaces, RBAC, priority classes, the API's Service.

use std::sync::{Arc, LazyLock};

use crate::value::{Value, json};

use crate::apiserver::ApiServer;
use crate::data;
use crate::kinds::BUILTIN;
use crate::resource::Resource;
use crate::status::Status;

/// The start content, read once a process: resource and object.
static CONTENT: LazyLock<Vec<(Resource, Value)>> = LazyLock::new(read);

fn read() -> Vec<(Resource, Value)> {
    let mut content = vec![];
    for text in data::BOOTSTRAP {
        // The lists are compiled in; a test reads them.
        let list: Value = serde_json::from_str(text).unwrap_or_default();
        let (api_version, kind) = (
            list["apiVersion"].as_str().unwrap_or_default(),
            list["kind"].as_str().unwrap_or_default(),
        );
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        let Some(kind) = BUILTIN.kind_of(group, version, kind.trim_end_matches("List")) else {
            continue;
        };
        for item in list["items"].as_array().into_iter().flatten() {
            let mut object = item.clone();
            object["apiVersion"] = api_version.into();
            object["kind"] = kind.kind.clone().into();
            content.push((kind.resource.clone(), object));
        }
    }
    content
}

/// What `componentstatuses` tell of.
const COMPONENTS: [&str; 3] = ["controller-manager", "etcd-0", "scheduler"];

/// Stores the start content. `client_ca`: the authority of client certificates, PEM.
///
/// # Errors
/// When an object is refused, which the data does not let happen.
pub(crate) fn fill(server: &Arc<ApiServer>, client_ca: &str) -> Result<(), Status> {
    let time = server.timestamp();
    for (resource, object) in CONTENT.iter() {
        let mut object = object.clone();
        object["metadata"]["uid"] = server.uid().into();
        object["metadata"]["creationTimestamp"] = time.clone().into();
        store(server, resource, object)?;
    }
    for component in COMPONENTS {
        // All of them are this process.
        let conditions = json!([{"type": "Healthy", "status": "True", "message": "ok"}]);
        let object = json!({"apiVersion": "v1", "kind": "ComponentStatus", "metadata": {"name": component}, "conditions": conditions});
        store(server, &Resource::new("", "v1", "componentstatuses"), object)?;
    }
    let mut config = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "extension-apiserver-authentication", "namespace": "kube-system"},
        "data": {"client-ca-file": client_ca},
    });
    config["metadata"]["uid"] = server.uid().into();
    config["metadata"]["creationTimestamp"] = time.into();
    store(server, &Resource::new("", "v1", "configmaps"), config)
}

fn store(server: &Arc<ApiServer>, resource: &Resource, mut object: Value) -> Result<(), Status> {
    let Some(kind) = server.kinds.find(resource) else {
        return Err(Status::no_such_resource());
    };
    let text = |field: &str| object["metadata"][field].as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text("namespace"), text("name"));
    server.addresses.allocate(&kind, &mut object, None)?.keep();
    let stored = server.store.create(&kind.key, &namespace, &name, object);
    stored.map(drop).map_err(|_| Status::already_exists(resource, &name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_content_is_complete() {
        for (kind, at_least) in [
            ("ClusterRole", 60),
            ("ClusterRoleBinding", 40),
            ("Namespace", 4),
            ("Service", 1),
            ("PriorityClass", 2),
        ] {
            let found = CONTENT.iter().filter(|(_, object)| object["kind"] == kind).count();
            assert!(found >= at_least, "{kind}: {found}");
        }
    }
}
