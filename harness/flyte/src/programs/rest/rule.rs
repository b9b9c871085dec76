//! `google.api.http`: which method answers which path.

use http::Method;
use percent_encoding::percent_decode_str;
use prost_reflect::{DynamicMessage, MethodDescriptor, ReflectMessage, Value};

use super::RuleError;

/// One path of one method.
pub(super) struct Rule {
    pub(super) method: Method,
    pub(super) rpc: MethodDescriptor,
    /// The body is the message; otherwise parameters are in the query.
    pub(super) body: bool,
    path: Vec<Segment>,
}

enum Segment {
    Literal(String),
    /// Fills the field of this dotted name.
    Field(String),
}

impl Rule {
    /// The fields that `path` fills, if it is of this rule.
    pub(super) fn matches(&self, path: &str) -> Option<Vec<(String, String)>> {
        let mut fields = Vec::new();
        let mut given = path.strip_prefix('/')?.split('/');
        for segment in &self.path {
            let text = given.next()?;
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Literal(_) => return None,
                Segment::Field(_) if text.is_empty() => return None,
                Segment::Field(name) => fields.push((name.clone(), percent_decode_str(text).decode_utf8().ok()?.into_owned())),
            }
        }
        given.next().is_none().then_some(fields)
    }
}

/// The rules of a method: none if it has no path.
pub(super) fn of(rpc: &MethodDescriptor) -> Result<Vec<Rule>, RuleError> {
    let options = rpc.options();
    let Some(extension) = rpc.parent_pool().get_extension_by_name("google.api.http") else {
        return Err(RuleError("the descriptors lack google.api.http".to_owned()));
    };
    if !options.has_extension(&extension) {
        return Ok(Vec::new());
    }
    let value = options.get_extension(&extension);
    let Some(first) = value.as_message() else { return Ok(Vec::new()) };
    let further = first.get_field_by_name("additional_bindings");
    let further = further.as_ref().and_then(|value| value.as_list()).unwrap_or_default();
    let further = further.iter().filter_map(Value::as_message);
    std::iter::once(first).chain(further).map(|rule| read(rpc, rule)).collect()
}

fn read(rpc: &MethodDescriptor, rule: &DynamicMessage) -> Result<Rule, RuleError> {
    let text = |name: &str| {
        let value = rule.get_field_by_name(name);
        value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
    };
    let unknown = || {
        RuleError(format!(
            "{}: a path of {:?} is not understood",
            rpc.full_name(),
            rule.descriptor().name()
        ))
    };
    let verbs = [
        ("get", Method::GET),
        ("put", Method::PUT),
        ("post", Method::POST),
        ("delete", Method::DELETE),
        ("patch", Method::PATCH),
    ];
    let (method, path) = verbs
        .into_iter()
        .map(|(name, method)| (method, text(name)))
        .find(|(_, path)| !path.is_empty())
        .ok_or_else(unknown)?;
    let body = match text("body").as_str() {
        "" => false,
        "*" => true,
        _ => return Err(unknown()),
    };
    let segments = path.strip_prefix('/').ok_or_else(unknown)?.split('/');
    let path = segments.map(|segment| match segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(name) if name.contains(['=', '*']) => Err(unknown()),
        Some(name) => Ok(Segment::Field(name.to_owned())),
        None if segment.contains(['{', '}', '*', ':']) => Err(unknown()),
        None => Ok(Segment::Literal(segment.to_owned())),
    });
    Ok(Rule {
        method,
        rpc: rpc.clone(),
        body,
        path: path.collect::<Result<_, _>>()?,
    })
}
