//! Security contexts of pods and containers.

use std::sync::LazyLock;

use regex::Regex;

use crate::value::Value;

use super::super::formats;
use super::super::rules::{Check, Rule, apply, as_struct, faults, invalid_shown, items, text};
use super::MAX_INT32;
use crate::status::Cause;

const SYSCTL: &str = r"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$";

static SYSCTL_RE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(SYSCTL).ok());

const ID: Check = Check::Between(0, MAX_INT32);

const POD: &[Rule] = &[
    ("fsGroup", ID),
    ("runAsUser", ID),
    ("runAsGroup", ID),
    ("supplementalGroups", Check::With(groups)),
    ("sysctls", Check::With(sysctls)),
    ("fsGroupChangePolicy", Check::OneOfIfSet(&["Always", "OnRootMismatch"])),
    ("supplementalGroupsPolicy", Check::OneOfIfSet(&["Merge", "Strict"])),
    ("seccompProfile", Check::With(seccomp)),
    ("appArmorProfile", Check::With(app_armor)),
];

const CONTAINER: &[Rule] = &[
    ("runAsUser", ID),
    ("runAsGroup", ID),
    ("procMount", Check::OneOfIfSet(&["Default", "Unmasked"])),
    ("seccompProfile", Check::With(seccomp)),
    ("", Check::With(escalation)),
    ("appArmorProfile", Check::With(app_armor)),
];

/// A pod's security context.
pub(super) fn pod(context: &Value, place: &str, causes: &mut Vec<Cause>) {
    apply(POD, context, place, causes);
}

/// A container's security context.
pub(super) fn container(context: &Value, place: &str, causes: &mut Vec<Cause>) {
    if context.is_object() {
        apply(CONTAINER, context, place, causes);
    }
}

fn groups(groups: &Value, place: &str, causes: &mut Vec<Cause>) {
    for (i, group) in items(groups).iter().enumerate() {
        apply(&[("", ID)], group, &format!("{place}[{i}]"), causes);
    }
}

fn sysctls(list: &Value, place: &str, causes: &mut Vec<Cause>) {
    let mut seen: Vec<String> = vec![];
    for (i, sysctl) in items(list).iter().enumerate() {
        let field = format!("{place}[{i}].name");
        let name = text(&sysctl["name"]);
        let valid = name.len() <= 253 && SYSCTL_RE.as_ref().is_none_or(|re| re.is_match(name));
        // Both separators mean the same.
        let same = name.replace('/', ".");
        if name.is_empty() {
            causes.push(Cause::required(field, ""));
        } else if !valid {
            let detail = format!("must have at most 253 characters and match regex {SYSCTL}");
            causes.push(Cause::invalid(field, &name.into(), &detail));
        } else if seen.contains(&same) {
            causes.push(Cause::duplicate(field, &name.into()));
        }
        seen.push(same);
    }
}

/// The profiles that are on the node are named, the others are not.
struct Profiles {
    what: &'static str,
    required: &'static str,
    kinds: &'static [&'static str],
}

fn seccomp(profile: &Value, place: &str, causes: &mut Vec<Cause>) {
    let profiles = Profiles {
        what: "seccomp",
        required: "type is required when seccompProfile is set",
        kinds: &["Localhost", "RuntimeDefault", "Unconfined"],
    };
    check_profile(profile, &profiles, place, causes);
    let path = text(&profile["localhostProfile"]);
    if profile["type"] == "Localhost" && !path.is_empty() {
        faults(
            &formats::local_path(path),
            &format!("{place}.localhostProfile"),
            &path.into(),
            causes,
        );
    }
}

fn app_armor(profile: &Value, place: &str, causes: &mut Vec<Cause>) {
    let profiles = Profiles {
        what: "AppArmor",
        required: "type is required when appArmorProfile is set",
        kinds: &["Localhost", "RuntimeDefault", "Unconfined"],
    };
    check_profile(profile, &profiles, place, causes);
}

fn check_profile(profile: &Value, profiles: &Profiles, place: &str, causes: &mut Vec<Cause>) {
    if !profile.is_object() {
        return;
    }
    let local = &profile["localhostProfile"];
    let field = format!("{place}.localhostProfile");
    match text(&profile["type"]) {
        "Localhost" if local.is_null() => {
            let detail = format!("must be set when {} type is Localhost", profiles.what);
            causes.push(Cause::required(field, &detail));
        }
        "Localhost" => {}
        "" => causes.push(Cause::required(format!("{place}.type"), profiles.required)),
        kind => {
            if !profiles.kinds.contains(&kind) {
                causes.push(Cause::not_supported(format!("{place}.type"), &kind.into(), profiles.kinds));
            }
            if !local.is_null() {
                let detail = format!("can only be set when {} type is Localhost", profiles.what);
                causes.push(Cause::invalid(field, local, &detail));
            }
        }
    }
}

const CONTEXT: &[(&str, &str)] = &[
    ("Capabilities", "null"),
    ("Privileged", "null"),
    ("SELinuxOptions", "null"),
    ("WindowsOptions", "null"),
    ("RunAsUser", "null"),
    ("RunAsGroup", "null"),
    ("RunAsNonRoot", "null"),
    ("ReadOnlyRootFilesystem", "null"),
    ("AllowPrivilegeEscalation", "null"),
    ("ProcMount", "null"),
    ("SeccompProfile", "null"),
    ("AppArmorProfile", "null"),
];

/// Who has all privileges cannot be kept from gaining more.
fn escalation(context: &Value, place: &str, causes: &mut Vec<Cause>) {
    if context["allowPrivilegeEscalation"] != false {
        return;
    }
    let mut refuse = |detail: &str| causes.push(invalid_shown(place, &as_struct(context, CONTEXT), detail));
    if context["privileged"] == true {
        refuse("cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
    }
    if items(&context["capabilities"]["add"]).iter().any(|c| *c == "CAP_SYS_ADMIN") {
        refuse("cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
    }
}
