//! `allOf`, `anyOf`, `oneOf` and `not`.

use crate::value::Value;

use super::props::Props;
use super::validate;
use crate::status::Cause;

pub(super) fn check(props: &Props, path: &str, value: &Value, causes: &mut Vec<Cause>) {
    let failures = |alternatives: &[Props]| -> Vec<Vec<Cause>> {
        alternatives
            .iter()
            .map(|props| {
                let mut causes = Vec::new();
                validate::value(props, path, value, None, &mut causes);
                causes
            })
            .collect()
    };
    let mut refuse = |message: String, details: Vec<Cause>| {
        causes.push(Cause::invalid("<nil>", &"".into(), &message));
        causes.extend(details);
    };
    if !props.any_of.is_empty() {
        let failures = failures(&props.any_of);
        if failures.iter().all(|causes| !causes.is_empty()) {
            refuse(format!("{path:?} must validate at least one schema (anyOf)"), least(failures));
        }
    }
    if !props.one_of.is_empty() {
        let failures = failures(&props.one_of);
        let valid = failures.iter().filter(|causes| causes.is_empty()).count();
        let message = format!("{path:?} must validate one and only one schema (oneOf)");
        match valid {
            0 => refuse(format!("{message}. Found none valid"), least(failures)),
            1 => {}
            _ => refuse(format!("{message}. Found {valid} valid alternatives"), Vec::new()),
        }
    }
    if !props.all_of.is_empty() {
        let failures = failures(&props.all_of);
        if failures.iter().any(|causes| !causes.is_empty()) {
            let message = format!("{path:?} must validate all the schemas (allOf)");
            let none = if failures.iter().all(|causes| !causes.is_empty()) {
                ". None validated"
            } else {
                ""
            };
            refuse(format!("{message}{none}"), failures.into_iter().flatten().collect());
        }
    }
    if let Some(not) = &props.not
        && failures(std::slice::from_ref(not)).iter().all(Vec::is_empty)
    {
        refuse(format!("{path:?} must not validate the schema (not)"), Vec::new());
    }
}

/// The failures of the alternative that came closest; of equal ones the first.
fn least(failures: Vec<Vec<Cause>>) -> Vec<Cause> {
    failures.into_iter().min_by_key(Vec::len).unwrap_or_default()
}
