//! Fields that a resource's writes never manage, because the server takes them from elsewhere.

use super::fieldset::FieldSet;

/// The fields to leave out for writes to `resource` of `group` through `subresource` (`""` for the object itself).
///
/// `has_status` tells whether the resource has a status subresource.
pub(crate) fn reset_fields(group: &str, resource: &str, subresource: &str, builtin: bool, has_status: bool) -> FieldSet {
    let paths: &[&[&str]] = match subresource {
        "" if group == "certificates.k8s.io" => &[&["spec"], &["status"]],
        "" if has_status => &[&["status"]],
        "status" => match (group, resource) {
            ("", "pods") => &[&["spec"], &["metadata", "deletionTimestamp"], &["metadata", "ownerReferences"]],
            ("apps", "deployments") => &[&["spec"], &["metadata", "labels"]],
            ("apiextensions.k8s.io", _) | ("apiregistration.k8s.io", _) => &[&["metadata"], &["spec"]],
            _ if !builtin => &[&["metadata"], &["spec"]],
            _ => &[&["spec"]],
        },
        _ => &[],
    };
    let mut set = FieldSet::default();
    for path in paths {
        set.union_with(FieldSet::of_path(path));
    }
    set
}
