//! Applies and updates in sequence, as managers see them.

use std::sync::LazyLock;

use crate::value::{Value, json};

use super::{ApplyError, FieldSet, Shared, Writer, apply, reset_fields, update};
use crate::schema::{Node, builtin};

const TIME: &str = "2026-01-01T00:00:00Z";
static SHARED: LazyLock<Shared> = LazyLock::new(Shared::default);

fn schema(group: &str, kind: &str) -> &'static Node {
    builtin().of_gvk(group, "v1", kind).unwrap()
}

fn writer<'a>(manager: &'a str, api_version: &'a str, reset: &'a FieldSet) -> Writer<'a> {
    Writer {
        manager,
        api_version,
        subresource: "",
        time: TIME,
        reset,
        shared: &SHARED,
    }
}

fn config_map(data: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": data})
}

fn apply_data(live: Option<&Value>, manager: &str, data: Value, force: bool) -> Result<Value, ApplyError> {
    let none = FieldSet::default();
    let config = config_map(data);
    apply(schema("", "ConfigMap"), live, &config, force, writer(manager, "v1", &none)).map(|applied| applied.object)
}

/// `manager operation fields` of every entry.
fn managers(object: &Value) -> Vec<String> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let line = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let fields = FieldSet::from_fields_v1(&entry["fieldsV1"]).paths().join(" ");
        format!("{} {} {fields}", text("manager"), text("operation"))
    };
    entries.into_iter().flatten().map(line).collect()
}

#[test]
fn what_is_left_out_goes_unless_somebody_else_has_it() {
    let live = apply_data(None, "m1", json!({"k": "v", "l": "w"}), false).unwrap();
    let live = apply_data(Some(&live), "m2", json!({"l": "w"}), false).unwrap();
    assert_eq!(managers(&live), ["m2 Apply .data.l", "m1 Apply .data.k .data.l"]);
    let live = apply_data(Some(&live), "m1", json!({}), false).unwrap();
    assert_eq!(live["data"], json!({"l": "w"}));
    assert_eq!(managers(&live), ["m2 Apply .data.l", "m1 Apply .data"]);
}

#[test]
fn another_value_conflicts_and_force_takes_it() {
    let live = apply_data(None, "m1", json!({"k": "v", "l": "x"}), false).unwrap();
    let error = apply_data(Some(&live), "m2", json!({"k": "w"}), false).unwrap_err();
    assert_eq!(error.to_string(), "Apply failed with 1 conflict: conflict with \"m1\": .data.k");
    let error = apply_data(Some(&live), "m2", json!({"k": "w", "l": "w"}), false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .data.k\n- .data.l"
    );
    let live = apply_data(Some(&live), "m2", json!({"k": "w"}), true).unwrap();
    assert_eq!(live["data"], json!({"k": "w", "l": "x"}));
    assert_eq!(managers(&live), ["m1 Apply .data.l", "m2 Apply .data.k"]);
}

#[test]
fn an_apply_that_changes_nothing_has_no_time() {
    let live = apply_data(None, "m1", json!({"k": "v"}), false).unwrap();
    let live = apply_data(Some(&live), "m2", json!({"k": "v"}), false).unwrap();
    let times: Vec<Option<&str>> = live["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["time"].as_str())
        .collect();
    assert_eq!(times, [None, Some(TIME)]);
}

#[test]
fn updates_book_what_they_change() {
    let none = FieldSet::default();
    let node = schema("", "ConfigMap");
    let mut object = config_map(json!({"k": "v"}));
    update(node, None, &mut object, writer("creator", "v1", &none));
    assert_eq!(managers(&object), ["creator Update .data .data.k"]);
    let mut changed = config_map(json!({"k": "v", "z": "1"}));
    update(node, Some(&object), &mut changed, writer("other", "v1", &none));
    assert_eq!(managers(&changed), ["creator Update .data .data.k", "other Update .data.z"]);
    let error = apply_data(Some(&changed), "m", json!({"z": "2"}), false).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Apply failed with 1 conflict: conflict with \"other\" using v1: .data.z"
    );
    let mut reset = changed.clone();
    reset["metadata"]["managedFields"] = json!([{}]);
    update(node, Some(&changed), &mut reset, writer("other", "v1", &none));
    assert!(managers(&reset).is_empty());
    let error = apply_data(Some(&reset), "m", json!({"z": "2"}), false).unwrap_err();
    assert!(
        error.to_string().contains("conflict with \"before-first-apply\" using v1"),
        "{error}"
    );
}

#[test]
fn old_updaters_become_one() {
    let none = FieldSet::default();
    let mut live = config_map(json!({}));
    update(schema("", "ConfigMap"), None, &mut live, writer("u00", "v1", &none));
    for number in 1..=13 {
        let mut next = live.clone();
        next["data"][format!("k{number:02}")] = "v".into();
        let manager = format!("u{number:02}");
        update(schema("", "ConfigMap"), Some(&live), &mut next, writer(&manager, "v1", &none));
        live = next;
    }
    let managers = managers(&live);
    assert_eq!(managers.len(), 10);
    assert!(
        managers.iter().any(|line| line.starts_with("ancient-changes Update")),
        "{managers:?}"
    );
}

#[test]
fn lists_of_objects_merge_by_their_keys_and_defaults_complete_them() {
    let none = FieldSet::default();
    let node = schema("", "Service");
    let config = |port: u16, name: &str| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": port, "name": name}]}});
    let live = apply(node, None, &config(80, "a"), false, writer("m1", "v1", &none))
        .unwrap()
        .object;
    let live = apply(node, Some(&live), &config(81, "b"), false, writer("m2", "v1", &none))
        .unwrap()
        .object;
    assert_eq!(live["spec"]["ports"], json!([{"port": 80, "name": "a"}, {"port": 81, "name": "b"}]));
    assert_eq!(
        managers(&live)[0],
        "m1 Apply .spec.ports[port=80,protocol=\"TCP\"] .spec.ports[port=80,protocol=\"TCP\"].name \
         .spec.ports[port=80,protocol=\"TCP\"].port"
    );
    let twice = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"ports": [{"port": 80}, {"port": 80}]}});
    let error = apply(node, None, &twice, false, writer("m", "v1", &none)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "failed to create typed patch object (/s; /v1, Kind=Service): .spec.ports: duplicate entries for key [port=80,protocol=\"TCP\"]"
    );
}

#[test]
fn configurations_are_checked_against_the_schema() {
    let message = |data: Value| apply_data(None, "m", data, false).unwrap_err().to_string();
    let prefix = "failed to create typed patch object (/a; /v1, Kind=ConfigMap): ";
    assert_eq!(
        message(json!({"k": 1})),
        format!("{prefix}.data.k: expected string, got &value.valueUnstructured{{Value:1}}")
    );
    assert_eq!(message(json!("x")), format!("{prefix}.data: expected map, got &{{x}}"));
    let none = FieldSet::default();
    let unknown = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "foo": 1});
    let error = apply(schema("", "ConfigMap"), None, &unknown, false, writer("m", "v1", &none)).unwrap_err();
    assert_eq!(error.to_string(), format!("{prefix}.foo: field not declared in schema"));
}

#[test]
fn the_status_is_not_managed_through_the_object() {
    let reset = reset_fields("apps", "deployments", "", true, true);
    let config = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
        "spec": {"replicas": 1}, "status": {"replicas": 7},
    });
    let live = apply(schema("apps", "Deployment"), None, &config, false, writer("m", "apps/v1", &reset)).unwrap();
    assert_eq!(managers(&live.object), ["m Apply .spec.replicas"]);
}

#[test]
fn kubectl_takes_over_what_it_applied_on_the_client_side() {
    let none = FieldSet::default();
    let mut live = config_map(json!({"k": "v"}));
    live["metadata"]["annotations"] = json!({
        "kubectl.kubernetes.io/last-applied-configuration": config_map(json!({"k": "v"})).to_string(),
    });
    update(
        schema("", "ConfigMap"),
        None,
        &mut live,
        writer("kubectl-client-side-apply", "v1", &none),
    );
    assert!(apply_data(Some(&live), "other", json!({"k": "w"}), false).is_err());
    let applied = apply_data(Some(&live), "kubectl", json!({"k": "w"}), false).unwrap();
    assert_eq!(applied["data"]["k"], "w");
    let annotation = applied["metadata"]["annotations"]["kubectl.kubernetes.io/last-applied-configuration"].as_str();
    assert_eq!(annotation, Some(format!("{}\n", config_map(json!({"k": "w"}))).as_str()));
}
