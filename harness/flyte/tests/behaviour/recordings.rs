//! The recordings: their order, their form, and what the client needs of the answers.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};
use tonic::Code;

/// The recordings in an order in which each finds what it needs, and how the state behind them differs from the recorder's.
pub(crate) const TRACES: &[(&str, &[Deviation])] = &[
    ("cli_info", &[]),
    ("cli_run_remote", &[]),
    ("cli_run_remote_wait", &[]),
    // The recorder failed the task; here it succeeds.
    ("cli_run_remote_wait_failed", &[Deviation::OtherEnd]),
    ("cli_run_remote_task", &[]),
    ("cli_register", &[]),
    ("cli_register_again", &[]),
    ("cli_register_version_activate", &[]),
    ("cli_run_remote_all_flags", &[]),
    ("cli_run_remote_same_name", &[]),
    ("cli_register_copy_none", &[]),
    ("cli_run_remote_local_lp", &[]),
    ("cli_run_remote_workflow", &[]),
    ("cli_run_remote_taskref", &[]),
    ("cli_run_remote_workflow_list", &[]),
    ("cli_get_launchplan", &[]),
    ("cli_get_launchplan_active", &[]),
    ("cli_launchplan_activate_latest", &[]),
    ("cli_get_launchplan_name_version", &[]),
    ("cli_launchplan_deactivate", &[]),
    ("cli_fetch", &[]),
    ("cli_execution_relaunch", &[]),
    ("cli_execution_recover", &[]),
    // Not served.
    ("cli_metrics_dump", &[Deviation::Code("GetExecutionMetrics", "UNIMPLEMENTED")]),
    ("cli_run_wait_minimal_server", &[]),
    ("py_projects_domains", &[]),
    ("py_register_task", &[]),
    ("py_register_workflow", &[]),
    ("py_register_launch_plan", &[]),
    ("py_register_script", &[]),
    ("py_fetch_missing_workflow", &[]),
    ("py_execute_wait_outputs", &[]),
    ("py_execute_local_entity_new_version", &[]),
    // An earlier recording has activated one.
    ("py_fetch_entities", &[Deviation::Code("GetActiveLaunchPlan", "OK")]),
    ("py_execute_lp_latest_nosync", &[]),
    ("py_execute_single_task", &[]),
    ("py_fetch_execution_sync", &[]),
    ("py_list_executions", &[]),
    ("py_terminate", &[]),
    ("py_terminate_already_done", &[]),
    // flyteadmin checks the project itself and calls it an invalid argument.
    (
        "py_execute_missing_project",
        &[Deviation::Code("CreateExecution", "INVALID_ARGUMENT")],
    ),
    // There are no gate nodes here, so no signals.
    ("py_signals", &[Deviation::Code("SetSignal", "NOT_FOUND")]),
    ("py_cluster_labels", &[]),
    ("py_cluster_labels_missing", &[]),
    ("py_cluster_labels_raw_delete", &[]),
    ("flytecli_ecl", &[]),
    ("flytecli_ecl_wf", &[]),
    ("flytecli_list_match", &[]),
    ("err_lost_create_reply_no_name", &[]),
    ("err_lost_create_reply_named", &[]),
    ("err_register_different_structure", &[]),
    // Without the workflow, which the recorder refused, flyteadmin calls its launch plans invalid.
    (
        "err_register_skip_errors",
        &[Deviation::Code("CreateLaunchPlan", "INVALID_ARGUMENT")],
    ),
    ("err_upload_put_403", &[]),
    ("err_unauth_no_auth_service", &[]),
    // With authentication off, as the guide has it, there are no services for it and nobody asks for a token.
    ("auth_client_secret", &[Deviation::WithoutAuthentication]),
    ("auth_external_command", &[Deviation::WithoutAuthentication]),
    ("auth_rejected_token", &[Deviation::WithoutAuthentication]),
];

pub(crate) enum Deviation {
    /// A method that answers with another code.
    Code(&'static str, &'static str),
    /// The run ends otherwise, so that answers about it say other things.
    OtherEnd,
    /// Authentication is off.
    WithoutAuthentication,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Trace {
    pub(crate) calls: Vec<Call>,
}

/// One call. What is not named here is about the recording, not about the call.
#[derive(Debug, Deserialize)]
pub(crate) struct Call {
    pub(crate) rpc: Option<String>,
    pub(crate) request_type: Option<String>,
    pub(crate) request: Option<Value>,
    pub(crate) request_b64: Option<String>,
    pub(crate) status: Value,
    pub(crate) response_type: Option<String>,
    pub(crate) response: Option<Value>,
    /// The recorder made this answer up.
    #[serde(default)]
    pub(crate) injected: Value,
    pub(crate) http: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) headers: Option<BTreeMap<String, String>>,
}

/// The recorded code.
pub(crate) fn status(call: &Call) -> &'static str {
    let codes = [
        "OK",
        "ALREADY_EXISTS",
        "NOT_FOUND",
        "INVALID_ARGUMENT",
        "FAILED_PRECONDITION",
        "UNAUTHENTICATED",
        "UNAVAILABLE",
        "UNIMPLEMENTED",
    ];
    codes
        .into_iter()
        .find(|code| call.status == json!(code))
        .unwrap_or_else(|| panic!("{}", call.status))
}

/// Needed fields by method, of all flows that were measured.
pub(crate) fn needs() -> BTreeMap<String, BTreeSet<String>> {
    let text = include_str!("../data/client-needs.json");
    let measured: Value = serde_json::from_str(text).unwrap();
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for flow in measured["flows"].as_object().unwrap().values() {
        for (method, fields) in flow["response_fields_that_must_be_set"].as_object().unwrap() {
            let fields = fields.as_array().unwrap().iter().map(|field| field.as_str().unwrap().to_owned());
            needs.entry(method.clone()).or_default().extend(fields);
        }
    }
    needs
}

/// Whether a value has something at a path; `[]` and `{}` stand for any element.
pub(crate) fn has(value: &Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return !value.is_null();
    };
    // Times are written as one text.
    if value.is_string() && ["seconds", "nanos"].contains(first) {
        return true;
    }
    if let Some(name) = first.strip_suffix("[]") {
        return value[name].as_array().is_some_and(|items| items.iter().any(|item| has(item, rest)));
    }
    if let Some(name) = first.strip_suffix("{}") {
        return value[name]
            .as_object()
            .is_some_and(|entries| entries.values().any(|entry| has(entry, rest)));
    }
    has(&value[*first], rest)
}

pub(crate) fn code_name(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
