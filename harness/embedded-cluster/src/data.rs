//! Facts about Kubernetes 1.36 that are data, compiled in (see `data/kubernetes-1.36/README.md`).

use std::collections::BTreeMap;
use std::io::Read;

use serde_json::Value;

/// OpenAPI v3 documents by path below `/openapi/v3/`, gzip-compressed JSON.
pub(crate) const OPENAPI: &[(&str, &[u8])] = &[
    (
        ".well-known/openid-configuration",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/well-known_openid-configuration.json.gz"),
    ),
    ("api", include_bytes!("../data/kubernetes-1.36/openapi-v3/api.json.gz")),
    ("api/v1", include_bytes!("../data/kubernetes-1.36/openapi-v3/core_v1.json.gz")),
    ("apis", include_bytes!("../data/kubernetes-1.36/openapi-v3/apis.json.gz")),
    (
        "apis/admissionregistration.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_admissionregistration.k8s.io.json.gz"),
    ),
    (
        "apis/admissionregistration.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/admissionregistration.k8s.io_v1.json.gz"),
    ),
    (
        "apis/apiextensions.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_apiextensions.k8s.io.json.gz"),
    ),
    (
        "apis/apiextensions.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apiextensions.k8s.io_v1.json.gz"),
    ),
    (
        "apis/apiregistration.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_apiregistration.k8s.io.json.gz"),
    ),
    (
        "apis/apiregistration.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apiregistration.k8s.io_v1.json.gz"),
    ),
    ("apis/apps", include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_apps.json.gz")),
    ("apis/apps/v1", include_bytes!("../data/kubernetes-1.36/openapi-v3/apps_v1.json.gz")),
    (
        "apis/authentication.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_authentication.k8s.io.json.gz"),
    ),
    (
        "apis/authentication.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/authentication.k8s.io_v1.json.gz"),
    ),
    (
        "apis/authorization.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_authorization.k8s.io.json.gz"),
    ),
    (
        "apis/authorization.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/authorization.k8s.io_v1.json.gz"),
    ),
    (
        "apis/autoscaling",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_autoscaling.json.gz"),
    ),
    (
        "apis/autoscaling/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/autoscaling_v1.json.gz"),
    ),
    (
        "apis/autoscaling/v2",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/autoscaling_v2.json.gz"),
    ),
    (
        "apis/batch",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_batch.json.gz"),
    ),
    (
        "apis/batch/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/batch_v1.json.gz"),
    ),
    (
        "apis/certificates.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_certificates.k8s.io.json.gz"),
    ),
    (
        "apis/certificates.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/certificates.k8s.io_v1.json.gz"),
    ),
    (
        "apis/coordination.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_coordination.k8s.io.json.gz"),
    ),
    (
        "apis/coordination.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/coordination.k8s.io_v1.json.gz"),
    ),
    (
        "apis/discovery.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_discovery.k8s.io.json.gz"),
    ),
    (
        "apis/discovery.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/discovery.k8s.io_v1.json.gz"),
    ),
    (
        "apis/events.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_events.k8s.io.json.gz"),
    ),
    (
        "apis/events.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/events.k8s.io_v1.json.gz"),
    ),
    (
        "apis/flowcontrol.apiserver.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_flowcontrol.apiserver.k8s.io.json.gz"),
    ),
    (
        "apis/flowcontrol.apiserver.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/flowcontrol.apiserver.k8s.io_v1.json.gz"),
    ),
    (
        "apis/networking.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_networking.k8s.io.json.gz"),
    ),
    (
        "apis/networking.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/networking.k8s.io_v1.json.gz"),
    ),
    (
        "apis/node.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_node.k8s.io.json.gz"),
    ),
    (
        "apis/node.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/node.k8s.io_v1.json.gz"),
    ),
    (
        "apis/policy",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_policy.json.gz"),
    ),
    (
        "apis/policy/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/policy_v1.json.gz"),
    ),
    (
        "apis/rbac.authorization.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_rbac.authorization.k8s.io.json.gz"),
    ),
    (
        "apis/rbac.authorization.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/rbac.authorization.k8s.io_v1.json.gz"),
    ),
    (
        "apis/resource.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_resource.k8s.io.json.gz"),
    ),
    (
        "apis/resource.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/resource.k8s.io_v1.json.gz"),
    ),
    (
        "apis/scheduling.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_scheduling.k8s.io.json.gz"),
    ),
    (
        "apis/scheduling.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/scheduling.k8s.io_v1.json.gz"),
    ),
    (
        "apis/storage.k8s.io",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/apis_storage.k8s.io.json.gz"),
    ),
    (
        "apis/storage.k8s.io/v1",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/storage.k8s.io_v1.json.gz"),
    ),
    (
        "openid/v1/jwks",
        include_bytes!("../data/kubernetes-1.36/openapi-v3/v1_jwks.json.gz"),
    ),
    ("version", include_bytes!("../data/kubernetes-1.36/openapi-v3/version.json.gz")),
];

/// Aggregated discovery of `/api`.
pub(crate) const DISCOVERY_CORE: &str = include_str!("../data/kubernetes-1.36/discovery-api.json");
/// Aggregated discovery of `/apis`.
pub(crate) const DISCOVERY_GROUPS: &str = include_str!("../data/kubernetes-1.36/discovery-apis.json");

/// Columns of the tables that `kubectl get` asks for.
pub(crate) const COLUMNS: &str = include_str!("../data/kubernetes-1.36/columns.json");

/// Numbers of the fields of protobuf messages.
pub(crate) const PROTOBUF: &str = include_str!("../data/kubernetes-1.36/protobuf.tsv");

/// Objects that a cluster starts with, as lists, in the order of creation.
pub(crate) const BOOTSTRAP: &[&str] = &[
    include_str!("../data/kubernetes-1.36/bootstrap/namespaces.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/clusterroles.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/clusterrolebindings.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/roles.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/rolebindings.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/priorityclasses.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/prioritylevelconfigurations.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/flowschemas.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/servicecidrs.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/services.json"),
    include_str!("../data/kubernetes-1.36/bootstrap/apiservices.json"),
];

/// One of the [`OPENAPI`] documents, unpacked.
pub(crate) fn openapi_document(path: &str) -> Option<String> {
    let (_, packed) = OPENAPI.iter().find(|(p, _)| *p == path)?;
    unpacked(packed)
}

fn unpacked(packed: &[u8]) -> Option<String> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).ok()?;
    Some(text)
}

/// What the API documentation says of definitions and their fields: definition, tab, field or nothing, tab, text.
pub(crate) const DESCRIPTIONS: &[u8] = include_bytes!("../data/kubernetes-1.36/descriptions.tsv.gz");

/// Texts of definitions, by definition and field; a definition's own text has no field.
pub(crate) struct Descriptions(BTreeMap<String, BTreeMap<String, String>>);

impl Descriptions {
    /// Read anew each time: documents are asked for seldom, and clients keep them.
    pub(crate) fn read() -> Self {
        let mut all: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for line in unpacked(DESCRIPTIONS).unwrap_or_default().lines() {
            let mut parts = line.splitn(3, '\t');
            if let (Some(definition), Some(field), Some(text)) = (parts.next(), parts.next(), parts.next()) {
                let text = text.replace("\\n", "\n").replace("\\\\", "\\");
                all.entry(definition.to_owned()).or_default().insert(field.to_owned(), text);
            }
        }
        Self(all)
    }

    /// Writes the texts into a definition's schema.
    pub(crate) fn describe(&self, definition: &str, schema: &mut Value) {
        let Some(texts) = self.0.get(definition) else { return };
        for (field, text) in texts {
            let described = match field.as_str() {
                "" => Some(&mut *schema),
                field => schema["properties"].get_mut(field),
            };
            if let Some(described) = described.and_then(Value::as_object_mut) {
                described.insert("description".to_owned(), text.clone().into());
            }
        }
    }
}
