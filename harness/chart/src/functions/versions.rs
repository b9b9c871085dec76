//! `semver` and `semverCompare`.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use semver::Version;

use super::semver_range::{Range, coerce};
use super::{Args, Function, function};
use crate::template::{Fault, Object, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("semver", 1, 1, |_, a| {
        let original = a.str(0)?.to_owned();
        let version = coerce(&original).ok_or_else(|| Fault::call("invalid semantic version"))?;
        Ok(value(version, original, Form::Pointer))
    }),
    function("semverCompare", 2, 2, |_, a| {
        let range = Range::parse(a.str(0)?).map_err(Fault::call)?;
        let version = coerce(a.str(1)?).ok_or_else(|| Fault::call("invalid semantic version"))?;
        Ok(Value::Bool(range.matches(&version)))
    }),
];

/// Whether Go holds the version itself or a pointer to it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Form {
    Pointer,
    Plain,
}

/// A Go `semver.Version`.
#[derive(Debug)]
struct Semver {
    version: Version,
    original: String,
    form: Form,
}

fn value(version: Version, original: String, form: Form) -> Value {
    Value::Object(Rc::new(Semver { version, original, form }))
}

/// Precedence of versions; build metadata has none.
fn order(a: &Version, b: &Version) -> Ordering {
    a.cmp_precedence(b)
}

impl Semver {
    /// The next version; the original keeps its `v`.
    fn raised(&self, major: u64, minor: u64, patch: u64) -> Value {
        let version = Version::new(major, minor, patch);
        let v = if self.original.starts_with('v') { "v" } else { "" };
        let original = format!("{v}{version}");
        value(version, original, Form::Plain)
    }

    fn compared(&self, method: &str, args: &[Value], test: fn(Ordering) -> bool) -> Result<Value> {
        Ok(Value::Bool(test(self.order(method, args)?)))
    }

    fn order(&self, method: &str, args: &[Value]) -> Result<Ordering> {
        let args = Args::new(method, args);
        let other: Option<&Semver> = match args.all() {
            [Value::Object(object)] => {
                let any: &dyn Any = object.as_ref();
                any.downcast_ref()
            }
            _ => None,
        };
        let other = other.ok_or_else(|| args.wrong(0, "*semver.Version"))?;
        Ok(order(&self.version, &other.version))
    }
}

impl Object for Semver {
    fn type_name(&self) -> &'static str {
        match self.form {
            Form::Pointer => "*semver.Version",
            Form::Plain => "semver.Version",
        }
    }

    fn kind(&self) -> &'static str {
        match self.form {
            Form::Pointer => "ptr",
            Form::Plain => "struct",
        }
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        let version = &self.version;
        let part = |n: u64| Ok(Value::Int64(n as i64));
        Some(match (name, args) {
            ("Major", []) => part(version.major),
            ("Minor", []) => part(version.minor),
            ("Patch", []) => part(version.patch),
            ("Prerelease", []) => Ok(Value::str(version.pre.as_str())),
            ("Metadata", []) => Ok(Value::str(version.build.as_str())),
            ("Original", []) => Ok(Value::str(&self.original)),
            ("String", []) => Ok(Value::str(self.text())),
            ("IncMajor", []) => Ok(self.raised(version.major + 1, 0, 0)),
            ("IncMinor", []) => Ok(self.raised(version.major, version.minor + 1, 0)),
            // A version before a release becomes that release.
            ("IncPatch", []) if version.pre.is_empty() => Ok(self.raised(version.major, version.minor, version.patch + 1)),
            ("IncPatch", []) => Ok(self.raised(version.major, version.minor, version.patch)),
            ("Compare", [_]) => self.order(name, args).map(|order| Value::Int(order as i64)),
            ("Equal", [_]) => self.compared(name, args, Ordering::is_eq),
            ("LessThan", [_]) => self.compared(name, args, Ordering::is_lt),
            ("LessThanEqual", [_]) => self.compared(name, args, Ordering::is_le),
            ("GreaterThan", [_]) => self.compared(name, args, Ordering::is_gt),
            ("GreaterThanEqual", [_]) => self.compared(name, args, Ordering::is_ge),
            _ => return None,
        })
    }

    fn text(&self) -> String {
        self.version.to_string()
    }

    fn plain(&self) -> Value {
        Value::str(self.text())
    }
}
