//! Objects that are refused, field by field: one change of a good object at a time.

use serde_json::{Value, json};

use super::Body;
use crate::world::World;

pub(super) fn all() -> Vec<Body> {
    vec![
        Body::new("validation/pods", pods),
        Body::new("validation/quotas", quotas),
        Body::new("validation/storage-classes", storage_classes),
        Body::new("validation/volumes", volumes),
        Body::new("validation/ingress-classes", ingress_classes),
        Body::new("validation/definitions", definitions),
        Body::new("validation/events", events),
    ]
}

/// Sends a good object, and then each change of it: a JSON pointer, the value there, and what the refusal says.
async fn refused(world: &World, collection: &str, good: &Value, changes: &[(&str, Value, &str)]) {
    let path = format!("{collection}?dryRun=All");
    assert_eq!(world.api.post(&path, good.clone()).await.code, 201, "{collection}");
    for (pointer, value, told) in changes {
        let mut bad = good.clone();
        *bad.pointer_mut(pointer).unwrap() = value.clone();
        world.api.post(&path, bad).await.refused_with(422, "Invalid", told);
    }
}

async fn pods(world: World) {
    let accounts = world.path("serviceaccounts");
    world.api.post(&accounts, json!({"metadata": {"name": "bot"}})).await.ok();
    let env = json!([{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}}}]);
    let from = json!([{"secretRef": {"name": "s"}}]);
    let good = json!({
        "metadata": {"name": "p"},
        "spec": {
            "serviceAccountName": "bot", "automountServiceAccountToken": false,
            "readinessGates": [{"conditionType": "example.com/ready"}],
            "containers": [{"name": "c", "image": "i:1", "env": env, "envFrom": from}],
        },
    });
    let changes = [
        (
            "/spec/readinessGates/0/conditionType",
            json!(""),
            "spec.readinessGates[0].conditionType: Invalid value: \"\": name part must be non-empty",
        ),
        (
            "/spec/containers/0/env/0/valueFrom/configMapKeyRef/name",
            json!("A b"),
            "spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain",
        ),
        (
            "/spec/containers/0/env/0/valueFrom/configMapKeyRef/name",
            json!(""),
            "spec.containers[0].env[0].valueFrom.configMapKeyRef.name: Invalid value: \"\": a lowercase RFC 1123 subdomain",
        ),
        (
            "/spec/containers/0/envFrom/0/secretRef/name",
            json!("A b"),
            "spec.containers[0].envFrom[0].secretRef.name: Invalid value: \"A b\": a lowercase RFC 1123 subdomain",
        ),
        (
            "/spec/containers/0/envFrom/0/secretRef/name",
            json!(""),
            "spec.containers[0].envFrom[0].secretRef.name: Required value",
        ),
    ];
    refused(&world, &world.path("pods"), &good, &changes).await;
}

async fn quotas(world: World) {
    let requirement = json!({"scopeName": "PriorityClass", "operator": "In", "values": ["high"]});
    let good = json!({
        "metadata": {"name": "q"},
        "spec": {"hard": {"pods": "1"}, "scopeSelector": {"matchExpressions": [requirement]}},
    });
    let at = |field: &str| format!("/spec/scopeSelector/matchExpressions/0/{field}");
    let (name, operator, values) = (at("scopeName"), at("operator"), at("values"));
    let changes = [
        (
            name.as_str(),
            json!("Other"),
            "spec.scopeSelector.matchExpressions.scopeName: Invalid value: \"Other\": unsupported scope",
        ),
        (
            operator.as_str(),
            json!("Is"),
            "spec.scopeSelector.matchExpressions.operator: Invalid value: \"Is\": not a valid selector operator",
        ),
        (
            values.as_str(),
            json!([]),
            "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
        (
            operator.as_str(),
            json!("Exists"),
            "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
    ];
    refused(&world, &world.path("resourcequotas"), &good, &changes).await;
}

async fn storage_classes(world: World) {
    let requirement = json!({"key": "zone", "values": ["a"]});
    let topology = json!({"matchLabelExpressions": [requirement]});
    let good = json!({
        "metadata": {"name": "validated"}, "provisioner": "example.com/p", "reclaimPolicy": "Delete", "volumeBindingMode": "Immediate",
        "allowedTopologies": [topology],
    });
    let changes = [
        (
            "/allowedTopologies",
            json!([topology, topology]),
            "allowedTopologies[1].matchLabelExpressions: Duplicate value: \"\"",
        ),
        (
            "/allowedTopologies/0/matchLabelExpressions",
            json!([requirement, requirement]),
            "allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: \"zone\"",
        ),
        (
            "/allowedTopologies/0/matchLabelExpressions/0/key",
            json!("a b"),
            "allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: \"a b\": name part must consist of",
        ),
        (
            "/allowedTopologies/0/matchLabelExpressions/0/values",
            json!([]),
            "allowedTopologies[0].matchLabelExpressions[0].values: Required value",
        ),
        (
            "/allowedTopologies/0/matchLabelExpressions/0/values",
            json!(["a", "a"]),
            "allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: \"a\"",
        ),
    ];
    refused(&world, "/apis/storage.k8s.io/v1/storageclasses", &good, &changes).await;
}

async fn volumes(world: World) {
    let term = json!({"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]});
    let good = json!({
        "metadata": {"name": "validated"},
        "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/p"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [term]}},
        },
    });
    let changes = [(
        "/spec/nodeAffinity",
        json!({}),
        "spec.nodeAffinity.required: Required value: must specify required node constraints",
    )];
    refused(&world, "/api/v1/persistentvolumes", &good, &changes).await;
}

async fn ingress_classes(world: World) {
    let parameters = json!({"apiGroup": "example.com", "kind": "Settings", "name": "s"});
    let good = json!({"metadata": {"name": "validated"}, "spec": {"controller": "example.com/c", "parameters": parameters}});
    let changes = [
        (
            "/spec/parameters/kind",
            json!(""),
            "spec.parameters.kind: Required value: kind is required",
        ),
        (
            "/spec/parameters/name",
            json!(""),
            "spec.parameters.name: Required value: name is required",
        ),
        (
            "/spec/parameters/name",
            json!("a/b"),
            "spec.parameters.name: Invalid value: \"a/b\": may not contain '/'",
        ),
        (
            "/spec/parameters/apiGroup",
            json!("A b"),
            "spec.parameters.apiGroup: Invalid value: \"A b\": a lowercase RFC 1123 subdomain",
        ),
    ];
    refused(&world, "/apis/networking.k8s.io/v1/ingressclasses", &good, &changes).await;
}

async fn definitions(world: World) {
    let item = json!({"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}});
    let list = json!({"type": "array", "items": item, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"]});
    let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {"list": list}}}});
    let scale = json!({"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n", "labelSelectorPath": ".status.s"});
    let version = json!({
        "name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}, "subresources": {"scale": scale},
        "additionalPrinterColumns": [{"name": "N", "type": "string", "format": "date", "jsonPath": ".spec.n"}],
    });
    let names = json!({"kind": "Thing", "plural": "things"});
    let good = json!({
        "metadata": {"name": "things.validated.example.com"},
        "spec": {"group": "validated.example.com", "scope": "Namespaced", "names": names, "versions": [version]},
    });
    let list = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/list";
    let keys = format!("{list}/x-kubernetes-list-map-keys");
    let other = json!({"type": "array", "items": item, "x-kubernetes-list-map-keys": ["k"]});
    let changes = [
        (
            "/spec/versions/0/name",
            json!("V 1"),
            "spec.versions[0].name: Invalid value: \"V 1\": a DNS-1035 label must consist of",
        ),
        (
            "/spec/versions/0/additionalPrinterColumns/0/name",
            json!(""),
            "spec.additionalPrinterColumns[0].name: Required value",
        ),
        (
            "/spec/versions/0/additionalPrinterColumns/0/type",
            json!("text"),
            "spec.additionalPrinterColumns[0].type: Invalid value: \"text\": must be one of boolean,date,integer,number,string",
        ),
        (
            "/spec/versions/0/additionalPrinterColumns/0/format",
            json!("long"),
            "spec.additionalPrinterColumns[0].format: Invalid value: \"long\": must be one of byte,date,date-time,double,float,int32,int64,password",
        ),
        (
            "/spec/versions/0/additionalPrinterColumns/0/jsonPath",
            json!("spec.n"),
            "spec.additionalPrinterColumns[0].JSONPath: Invalid value: \"spec.n\": must be a simple json path starting with .",
        ),
        (
            "/spec/versions/0/subresources/scale/specReplicasPath",
            json!(""),
            "spec.subresources.scale.specReplicasPath: Required value",
        ),
        (
            "/spec/versions/0/subresources/scale/statusReplicasPath",
            json!(".spec.n"),
            "spec.subresources.scale.statusReplicasPath: Invalid value: \".spec.n\": should be a json path under .status",
        ),
        (
            "/spec/versions/0/subresources/scale/labelSelectorPath",
            json!(".metadata.name"),
            "spec.subresources.scale.labelSelectorPath: Invalid value: \".metadata.name\": should be a json path under either .spec or .status",
        ),
        (
            keys.as_str(),
            json!(["k", "k"]),
            "properties[spec].properties[list].x-kubernetes-list-map-keys: Invalid value: ",
        ),
        (
            list,
            other,
            "x-kubernetes-list-type: Required value: must be map if x-kubernetes-list-map-keys is non-empty",
        ),
    ];
    let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    refused(&world, definitions, &good, &changes).await;
}

async fn events(world: World) {
    let about = json!({"kind": "ConfigMap", "name": "a", "namespace": world.namespace});
    let good = json!({"metadata": {"name": "e"}, "involvedObject": about, "type": "Normal", "reason": "Tested"});
    let told = "involvedObject.namespace: Invalid value: \"elsewhere\": does not match event.namespace";
    let changes = [
        ("/involvedObject/namespace", json!("elsewhere"), told),
        (
            "/involvedObject/namespace",
            json!(""),
            "involvedObject.namespace: Invalid value: \"\": does not match event.namespace",
        ),
    ];
    refused(&world, &world.path("events"), &good, &changes).await;
}
