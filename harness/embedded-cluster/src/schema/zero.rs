//! What Go's encoding does with the zero value of each built-in field.
//!
//! Objects pass through Go structs in a real API server, which adds and drops values. The OpenAPI documents show part of
//! it: a field with a `default` is no pointer and always written. The rest is listed here.

use crate::value::{Value, json};

use super::node::{Node, Scalar, Zero};

/// `json:",omitempty"` numbers and booleans that are no pointers: a zero is dropped.
const DROPPED: &[(&str, &[&str])] = &[
    ("CustomResourceColumnDefinition", &["priority"]),
    ("CustomResourceDefinitionSpec", &["preserveUnknownFields"]),
    ("CustomResourceDefinitionVersion", &["deprecated"]),
    ("APIServiceSpec", &["insecureSkipTLSVerify"]),
    ("AWSElasticBlockStoreVolumeSource", &["partition"]),
    ("Container", &["stdin", "stdinOnce", "tty"]),
    ("ContainerImage", &["sizeBytes"]),
    ("ContainerPort", &["hostPort"]),
    ("ContainerStateTerminated", &["signal"]),
    (
        "DaemonSetStatus",
        &["numberAvailable", "numberUnavailable", "updatedNumberScheduled"],
    ),
    ("DeploymentSpec", &["paused"]),
    (
        "DeploymentStatus",
        &[
            "availableReplicas",
            "readyReplicas",
            "replicas",
            "unavailableReplicas",
            "updatedReplicas",
        ],
    ),
    ("DeviceSubRequest", &["count"]),
    ("EphemeralContainer", &["stdin", "stdinOnce", "tty"]),
    ("Event", &["count", "deprecatedCount"]),
    ("EventSeries", &["count"]),
    ("ExactDeviceRequest", &["count"]),
    ("GCEPersistentDiskVolumeSource", &["partition"]),
    ("ISCSIPersistentVolumeSource", &["chapAuthDiscovery", "chapAuthSession"]),
    ("ISCSIVolumeSource", &["chapAuthDiscovery", "chapAuthSession"]),
    (
        "JSONSchemaProps",
        &[
            "exclusiveMaximum",
            "exclusiveMinimum",
            "nullable",
            "uniqueItems",
            "x-kubernetes-embedded-resource",
            "x-kubernetes-int-or-string",
        ],
    ),
    ("JobStatus", &["active", "failed", "succeeded"]),
    ("NodeSpec", &["unschedulable"]),
    ("ObjectMeta", &["generation"]),
    ("PodSpec", &["hostIPC", "hostNetwork", "hostPID"]),
    ("PriorityClass", &["globalDefault"]),
    (
        "Probe",
        &[
            "failureThreshold",
            "initialDelaySeconds",
            "periodSeconds",
            "successThreshold",
            "timeoutSeconds",
        ],
    ),
    ("ReplicaSetStatus", &["availableReplicas", "fullyLabeledReplicas", "readyReplicas"]),
    (
        "ReplicationControllerStatus",
        &["availableReplicas", "fullyLabeledReplicas", "readyReplicas"],
    ),
    ("ReplicationControllerSpec", &["minReadySeconds"]),
    ("ResourcePolicyRule", &["clusterScope"]),
    ("ScaleIOPersistentVolumeSource", &["sslEnabled"]),
    ("ScaleIOVolumeSource", &["sslEnabled"]),
    ("ScaleSpec", &["replicas"]),
    ("ServiceBackendPort", &["number"]),
    ("ServicePort", &["nodePort"]),
    ("ServiceSpec", &["healthCheckNodePort", "publishNotReadyAddresses"]),
    ("StatefulSetStatus", &["currentReplicas", "readyReplicas", "updatedReplicas"]),
    ("Status", &["code"]),
    ("StatusDetails", &["retryAfterSeconds"]),
    ("SubjectAccessReviewStatus", &["denied"]),
    ("TokenReviewStatus", &["authenticated"]),
];

/// Optional text that is a pointer: `""` is kept.
const POINTER_TEXT: &[(&str, &[&str])] = &[
    ("DeviceAttribute", &["string", "version"]),
    ("Endpoint", &["hostname", "nodeName", "zone"]),
    ("EndpointPort", &["appProtocol", "name"]),
    ("HostPathVolumeSource", &["type"]),
    ("IngressSpec", &["ingressClassName"]),
    ("JobStatus", &["failedIndexes"]),
    ("LeaseSpec", &["holderIdentity"]),
    ("PersistentVolumeClaimSpec", &["storageClassName", "volumeAttributesClassName"]),
    ("PersistentVolumeSpec", &["volumeAttributesClassName"]),
    ("PodDNSConfigOption", &["value"]),
    ("PodFailurePolicyOnExitCodesRequirement", &["containerName"]),
    ("PodSpec", &["hostnameOverride", "runtimeClassName"]),
    ("ServiceSpec", &["loadBalancerClass"]),
    ("SuccessPolicyRule", &["succeededIndexes"]),
    ("TypedLocalObjectReference", &["apiGroup"]),
    ("TypedObjectReference", &["apiGroup", "namespace"]),
    ("Subject", &["namespace"]),
];

/// Text with a `default` that is dropped when empty all the same.
const DROPPED_TEXT: &[&str] = &[
    "ConfigMapEnvSource",
    "ConfigMapKeySelector",
    "ConfigMapProjection",
    "ConfigMapVolumeSource",
    "LocalObjectReference",
    "NodeRuntimeHandler",
    "SecretEnvSource",
    "SecretKeySelector",
    "SecretProjection",
];

/// Lists written as `null` although the documents do not require them.
const NULL_LISTS: &[(&str, &[&str])] = &[
    ("ClusterRole", &["rules"]),
    ("CustomResourceDefinitionStatus", &["conditions", "storedVersions"]),
    ("EndpointSlice", &["endpoints", "ports"]),
    ("HorizontalPodAutoscalerStatus", &["currentMetrics"]),
    ("Role", &["rules"]),
];

/// Times that are pointers; other optional times are written as `null`.
const POINTER_TIMES: &[&str] = &[
    "AllocationResult",
    "CronJobStatus",
    "DeviceTaint",
    "HorizontalPodAutoscalerStatus",
    "JobStatus",
    "LeaseSpec",
    "ManagedFieldsEntry",
    "ObjectMeta",
    "PersistentVolumeStatus",
    "PodStatus",
    "Taint",
];

/// What an absent or zero `owner.field` means.
pub(super) fn of(owner: &str, field: &str, node: &Node, default: Option<&Value>, required: bool) -> Zero {
    let owner = owner.rsplit('.').next().unwrap_or_default();
    let listed = |table: &[(&str, &[&str])]| table.iter().any(|(name, fields)| *name == owner && fields.contains(&field));
    if listed(DROPPED) {
        return Zero::Drop;
    }
    if owner == "TokenRequestSpec" && matches!(field, "audiences" | "boundObjectRef") {
        return Zero::Emit(Value::Null);
    }
    if owner == "ResourceFieldSelector" && field == "divisor" {
        return Zero::Emit(json!("0"));
    }
    match default {
        Some(Value::String(text)) if text.is_empty() && !required && DROPPED_TEXT.contains(&owner) => {
            return Zero::Drop;
        }
        Some(Value::Object(_)) => return Zero::Struct,
        Some(default) => return Zero::Emit(default.clone()),
        None => {}
    }
    match node.resolve_leaf() {
        Leaf::List if required || listed(NULL_LISTS) => Zero::Emit(Value::Null),
        Leaf::List | Leaf::Map => Zero::Drop,
        Leaf::Scalar(Scalar::Time | Scalar::MicroTime) if !POINTER_TIMES.contains(&owner) => Zero::Emit(Value::Null),
        Leaf::Scalar(Scalar::IntOrString) if required => Zero::Emit(json!(0)),
        Leaf::Scalar(Scalar::String | Scalar::Bytes) if !listed(POINTER_TEXT) => Zero::Drop,
        Leaf::Scalar(Scalar::Boolean) if field == "readOnly" && owner != "CSIVolumeSource" => Zero::Drop,
        Leaf::Scalar(_) if field == "minReadySeconds" => Zero::Drop,
        Leaf::Scalar(_) if field == "observedGeneration" && owner != "HorizontalPodAutoscalerStatus" => Zero::Drop,
        _ => Zero::Keep,
    }
}

enum Leaf {
    Scalar(Scalar),
    List,
    Map,
    Other,
}

impl Node {
    fn resolve_leaf(&self) -> Leaf {
        match self {
            Node::Scalar(scalar) => Leaf::Scalar(*scalar),
            Node::List(_) => Leaf::List,
            Node::Map(_) => Leaf::Map,
            Node::Ref(id) => match super::table::builtin().scalar(*id) {
                Some(scalar) => Leaf::Scalar(scalar),
                None => Leaf::Other,
            },
            Node::Any | Node::Object(_) => Leaf::Other,
        }
    }
}
