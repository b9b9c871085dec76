//! Roles and bindings.

use crate::value::Value;

use super::names;
use super::rules::{self, Check, apply, faults, items, text};
use super::selectors;
use crate::status::Cause;

const GROUP: &str = "rbac.authorization.k8s.io";

/// A Role, or a ClusterRole.
pub(super) fn role(role: &Value, cluster: bool, causes: &mut Vec<Cause>) {
    for (i, rule) in items(&role["rules"]).iter().enumerate() {
        check_rule(rule, cluster, &format!("rules[{i}]"), causes);
    }
    let aggregation = &role["aggregationRule"];
    if !cluster || !aggregation.is_object() {
        return;
    }
    let place = "aggregationRule.clusterRoleSelectors";
    let list = items(&aggregation["clusterRoleSelectors"]);
    if list.is_empty() {
        let detail = "at least one clusterRoleSelector required if aggregationRule is non-nil";
        causes.push(Cause::required(place, detail));
    }
    for (i, selector) in list.iter().enumerate() {
        selectors::check(selector, &format!("{place}[{i}]"), causes);
    }
}

fn check_rule(rule: &Value, cluster: bool, place: &str, causes: &mut Vec<Cause>) {
    let mut require = |field: &str, detail: &str| {
        if items(&rule[field]).is_empty() {
            causes.push(Cause::required(format!("{place}.{field}"), detail));
        }
    };
    require("verbs", "verbs must contain at least one value");
    let urls = &rule["nonResourceURLs"];
    if items(urls).is_empty() {
        require("apiGroups", "resource rules must supply at least one api group");
        require("resources", "resource rules must supply at least one resource");
        return;
    }
    let field = format!("{place}.nonResourceURLs");
    let mixed = ["apiGroups", "resources", "resourceNames"]
        .iter()
        .any(|field| !items(&rule[*field]).is_empty());
    if !cluster {
        let detail = "namespaced rules cannot apply to non-resource URLs";
        causes.push(Cause::invalid(field.as_str(), urls, detail));
    }
    if mixed {
        let detail = "rules cannot apply to both regular resources and non-resource URLs";
        causes.push(Cause::invalid(field, urls, detail));
    }
}

/// A RoleBinding, or a ClusterRoleBinding.
pub(super) fn binding(binding: &Value, cluster: bool, causes: &mut Vec<Cause>) {
    let role = &binding["roleRef"];
    if text(&role["apiGroup"]) != GROUP {
        let group = text(&role["apiGroup"]).into();
        causes.push(rules::not_one_of("roleRef.apiGroup", &group, &[GROUP]));
    }
    let kinds: &[&str] = if cluster { &["ClusterRole"] } else { &["Role", "ClusterRole"] };
    if !kinds.contains(&text(&role["kind"])) {
        let kind = text(&role["kind"]).into();
        causes.push(rules::not_one_of("roleRef.kind", &kind, kinds));
    }
    apply(&[("name", Check::RequiredText(names::path_segment))], role, "roleRef", causes);
    for (i, subject) in items(&binding["subjects"]).iter().enumerate() {
        check_subject(subject, cluster, &format!("subjects[{i}]"), causes);
    }
}

fn check_subject(subject: &Value, cluster: bool, place: &str, causes: &mut Vec<Cause>) {
    let (name, group) = (text(&subject["name"]), text(&subject["apiGroup"]));
    if name.is_empty() {
        causes.push(Cause::required(format!("{place}.name"), ""));
    }
    let field = format!("{place}.apiGroup");
    match text(&subject["kind"]) {
        "ServiceAccount" => {
            if !name.is_empty() {
                faults(&names::subdomain(name), &format!("{place}.name"), &name.into(), causes);
            }
            if !group.is_empty() {
                causes.push(rules::not_one_of(&field, &group.into(), &[""]));
            }
            if cluster && text(&subject["namespace"]).is_empty() {
                causes.push(Cause::required(format!("{place}.namespace"), ""));
            }
        }
        "User" | "Group" if group != GROUP => causes.push(rules::not_one_of(&field, &group.into(), &[GROUP])),
        "User" | "Group" => {}
        kind => {
            let kinds = &["ServiceAccount", "User", "Group"];
            causes.push(rules::not_one_of(&format!("{place}.kind"), &kind.into(), kinds));
        }
    }
}
