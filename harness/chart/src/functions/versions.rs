//! `semver` and `semverCompare`.

use super::semver_range::{Range, coerce};
use super::{Function, function};
use crate::template::{Fault, Value};

pub(super) const TABLE: &[Function] = &[
    function("semver", 1, 1, |_, a| {
        let text = a.str(0)?;
        let version = coerce(text).ok_or_else(|| Fault::call("invalid semantic version"))?;
        Ok(Value::map([
            ("Major", Value::Int64(version.major as i64)),
            ("Minor", Value::Int64(version.minor as i64)),
            ("Patch", Value::Int64(version.patch as i64)),
            ("Prerelease", Value::str(version.pre.as_str())),
            ("Metadata", Value::str(version.build.as_str())),
            ("Original", Value::str(text)),
        ]))
    }),
    function("semverCompare", 2, 2, |_, a| {
        let range = Range::parse(a.str(0)?).map_err(Fault::call)?;
        let version = coerce(a.str(1)?).ok_or_else(|| Fault::call("invalid semantic version"))?;
        Ok(Value::Bool(range.matches(&version)))
    }),
];
