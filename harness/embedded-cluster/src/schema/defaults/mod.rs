//! Kubernetes' defaults: what a decoded object gets before anything else looks at it.
//!
//! Defaults that the OpenAPI documents tell (`protocol: TCP`) come with decoding; here are those that depend on other
//! fields or that the documents do not tell.

mod admission;
mod autoscaling;
mod batch;
mod cluster;
mod core;
mod fields;
mod pod;
mod service;
mod volume;
mod workload;

use crate::value::{Map, Value};

use fields::Fields;

/// Fills in the defaults of a built-in kind. Kinds without defaults, and custom kinds, stay as they are.
pub(crate) fn apply(group: &str, version: &str, kind: &str, object: &mut Value) {
    if let (Value::Object(object), Some(rule)) = (object, rule(group, version, kind)) {
        rule(object);
    }
}

fn rule(group: &str, version: &str, kind: &str) -> Option<fn(&mut Map)> {
    Some(match (group, kind) {
        ("", "Pod") => pod::pod,
        ("", "PodTemplate") => pod::pod_template,
        ("", "ReplicationController") => workload::replication_controller,
        ("", "Service") => service::service,
        ("", "Endpoints") => service::endpoints,
        ("", "Secret") => core::secret,
        ("", "Namespace") => core::namespace,
        ("", "Node") => core::node,
        ("", "LimitRange") => core::limit_range,
        ("", "PersistentVolume") => volume::persistent_volume,
        ("", "PersistentVolumeClaim") => volume::persistent_volume_claim,
        ("apps", "Deployment") => workload::deployment,
        ("apps", "ReplicaSet") => workload::replica_set,
        ("apps", "StatefulSet") => workload::stateful_set,
        ("apps", "DaemonSet") => workload::daemon_set,
        ("batch", "Job") => batch::job,
        ("batch", "CronJob") => batch::cron_job,
        ("autoscaling", "HorizontalPodAutoscaler") if version == "v2" => autoscaling::v2,
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaling::v1,
        ("discovery.k8s.io", "EndpointSlice") => service::endpoint_slice,
        ("networking.k8s.io", "NetworkPolicy") => service::network_policy,
        ("networking.k8s.io", "IngressClass") => service::ingress_class,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => cluster::role_binding,
        ("storage.k8s.io", "StorageClass") => volume::storage_class,
        ("storage.k8s.io", "CSIDriver") => volume::csi_driver,
        ("scheduling.k8s.io", "PriorityClass") => cluster::priority_class,
        ("apiextensions.k8s.io", "CustomResourceDefinition") => cluster::custom_resource_definition,
        ("apiregistration.k8s.io", "APIService") => cluster::api_service,
        ("flowcontrol.apiserver.k8s.io", "FlowSchema") => cluster::flow_schema,
        ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration") => cluster::priority_level,
        ("resource.k8s.io", "ResourceClaim") => cluster::resource_claim,
        ("resource.k8s.io", "ResourceClaimTemplate") => cluster::resource_claim_template,
        ("authentication.k8s.io", "TokenRequest") => cluster::token_request,
        ("admissionregistration.k8s.io", "MutatingWebhookConfiguration") => admission::mutating_webhooks,
        ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration") => admission::validating_webhooks,
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy" | "MutatingAdmissionPolicy") => admission::policy,
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding" | "MutatingAdmissionPolicyBinding") => {
            admission::policy_binding
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::value::{Value, json};
    use rstest::rstest;

    use crate::schema::{builtin, decode};

    fn defaulted(group: &str, version: &str, kind: &str, mut object: Value) -> Value {
        decode::check(builtin().of_gvk(group, version, kind).unwrap(), &mut object).unwrap();
        super::apply(group, version, kind, &mut object);
        let once = object.clone();
        super::apply(group, version, kind, &mut object);
        assert_eq!(object, once, "defaulting twice changes nothing");
        object
    }

    #[rstest]
    #[case("i", "Always")]
    #[case("i:latest", "Always")]
    #[case("registry:5000/i", "Always")]
    #[case("registry:5000/i:1", "IfNotPresent")]
    #[case("i@sha256:abc", "IfNotPresent")]
    fn pull_policy_by_tag(#[case] image: &str, #[case] policy: &str) {
        let pod = defaulted("", "v1", "Pod", json!({"spec": {"containers": [{"name": "c", "image": image}]}}));
        assert_eq!(pod["spec"]["containers"][0]["imagePullPolicy"], policy);
    }

    #[test]
    fn pod() {
        let spec = json!({
            "serviceAccountName": "bot",
            "containers": [{
                "name": "c", "image": "i:1", "ports": [{"containerPort": 80}],
                "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m"}},
                "livenessProbe": {"httpGet": {"port": 80}},
            }],
            "volumes": [{"name": "v"}, {"name": "w", "configMap": {"name": "x"}}],
        });
        let pod = defaulted("", "v1", "Pod", json!({"spec": spec}));
        assert_eq!(
            pod["spec"],
            json!({
                "serviceAccountName": "bot", "serviceAccount": "bot", "restartPolicy": "Always", "dnsPolicy": "ClusterFirst",
                "schedulerName": "default-scheduler", "securityContext": {}, "terminationGracePeriodSeconds": 30,
                "enableServiceLinks": true,
                "containers": [{
                    "name": "c", "image": "i:1", "imagePullPolicy": "IfNotPresent",
                    "ports": [{"containerPort": 80, "protocol": "TCP"}],
                    "resources": {"limits": {"cpu": "1", "memory": "1Gi"}, "requests": {"cpu": "500m", "memory": "1Gi"}},
                    "livenessProbe": {
                        "httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                        "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3,
                    },
                    "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                }],
                "volumes": [{"name": "v", "emptyDir": {}}, {"name": "w", "configMap": {"name": "x", "defaultMode": 420}}],
            })
        );
    }

    #[rstest]
    #[case("apps", "v1", "Deployment", json!({"spec": {"strategy": {"type": "Recreate"}}}), "/spec/strategy", json!({"type": "Recreate"}))]
    #[case("apps", "v1", "Deployment", json!({}), "/spec/strategy",
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}))]
    #[case("apps", "v1", "DaemonSet", json!({}), "/spec/updateStrategy",
        json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}))]
    #[case("batch", "v1", "Job", json!({"spec": {"parallelism": 2}}), "/spec/completions", json!(null))]
    #[case("batch", "v1", "Job", json!({}), "/spec/completions", json!(1))]
    #[case("", "v1", "Secret", json!({"data": {"a": "MQ=="}, "stringData": {"b": "v"}}), "/data", json!({"a": "MQ==", "b": "dg=="}))]
    #[case("", "v1", "Service", json!({"spec": {"ports": [{"port": 80}], "type": "NodePort"}}), "/spec",
        json!({"type": "NodePort", "externalTrafficPolicy": "Cluster", "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
               "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]}))]
    #[case("networking.k8s.io", "v1", "NetworkPolicy", json!({"spec": {"egress": [{}]}}), "/spec/policyTypes", json!(["Ingress", "Egress"]))]
    #[case("rbac.authorization.k8s.io", "v1", "RoleBinding",
        json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": [{"kind": "User", "name": "u"}, {"kind": "ServiceAccount", "name": "s"}]}),
        "/subjects", json!([{"kind": "User", "name": "u", "apiGroup": "rbac.authorization.k8s.io"}, {"kind": "ServiceAccount", "name": "s"}]))]
    #[case("", "v1", "LimitRange", json!({"spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}}]}}), "/spec/limits/0",
        json!({"type": "Container", "max": {"cpu": "2"}, "default": {"cpu": "2"}, "defaultRequest": {"cpu": "2"}}))]
    fn by_kind(
        #[case] group: &str,
        #[case] version: &str,
        #[case] kind: &str,
        #[case] object: Value,
        #[case] pointer: &str,
        #[case] expected: Value,
    ) {
        let object = defaulted(group, version, kind, object);
        assert_eq!(object.pointer(pointer).unwrap_or(&Value::Null), &expected);
    }
}
