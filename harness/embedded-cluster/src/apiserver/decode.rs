//! Request bodies: from bytes to a checked object, in Kubernetes' words where that fails.

use std::collections::HashMap;

use crate::value::{Text, Value, json};

use super::{Body, Options, PatchKind, Request, patching};
use crate::kinds::Kind;
use crate::protobuf;
use crate::schema::{self, decode::DecodeError};
use crate::status::{Cause, Status};

/// Largest body, in bytes.
pub(crate) const BODY_LIMIT: usize = 3 * 1024 * 1024;

/// Most oddities that a body is told about.
const MOST_ODDITIES: usize = 100;

const READ: &str = "application/json, application/yaml, application/vnd.kubernetes.protobuf";

pub(super) const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// An object and what was odd about its body.
pub(super) struct Decoded {
    pub(super) value: Value,
    pub(super) warnings: Vec<String>,
}

/// A body as an object of `kind`; a missing `apiVersion` and `kind` are the URL's.
///
/// # Errors
/// 400 for what cannot be read or is of another kind, 415 for other media types.
pub(super) fn object(kind: &Kind, body: &Body, options: &Options) -> Result<Decoded, Status> {
    let (value, oddities) = match body {
        Body::Value(value) | Body::Patch(_, value) => (value.clone(), vec![]),
        Body::Wire { content_type, bytes } => match media_type(content_type) {
            "" | "application/json" => json_object(bytes, &kind.kind)?,
            "application/yaml" => yaml_object(bytes, &kind.kind)?,
            PROTOBUF if kind.custom.is_some() => return Err(Status::unsupported_media_type("application/json, application/yaml")),
            PROTOBUF => (protobuf_object(bytes)?, vec![]),
            _ => return Err(Status::unsupported_media_type(READ)),
        },
    };
    let value = if value.is_null() { json!({}) } else { value };
    let value = of_kind(value, kind)?;
    let handled = |fault: &str| {
        Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: {fault}",
            kind.kind,
            kind.resource.version(),
            kind.kind
        ))
    };
    let mut decoded = check(kind, value, None, oddities, options, ToString::to_string).map_err(|fault| handled(&fault))?;
    if kind.custom.is_none() {
        in_document_order(&mut decoded.warnings, body);
    }
    decoded.value["apiVersion"] = kind.api_version().into();
    decoded.value["kind"] = kind.kind.clone().into();
    Ok(decoded)
}

/// Checks an object that was made here (a patched one) against its schema. The error is the bare text.
pub(super) fn checked(kind: &Kind, value: Value, options: &Options) -> Result<Decoded, String> {
    check(kind, value, None, vec![], options, ToString::to_string)
}

/// As [`checked`], for what a patch made of `old`; the patch's own oddities count too.
pub(super) fn checked_patch(kind: &Kind, value: Value, old: &Value, patch: &Patch, options: &Options) -> Result<Decoded, String> {
    let told = |error: &DecodeError| match patch.kind {
        PatchKind::Strategic => error.of_conversion().to_owned(),
        _ => error.to_string(),
    };
    check(kind, value, Some(old), patch.oddities.clone(), options, told)
}

/// Drops undeclared fields and canonicalises values; oddities are refused or become warnings.
fn check(
    kind: &Kind,
    mut value: Value,
    old: Option<&Value>,
    mut oddities: Vec<String>,
    options: &Options,
    told: impl Fn(&DecodeError) -> String,
) -> Result<Decoded, String> {
    let unknown = kind.decode_change(&mut value, old).map_err(|error| told(&error))?;
    oddities.extend(unknown.iter().map(|path| format!("unknown field {path:?}")));
    match options.field_validation.as_str() {
        "Strict" if !oddities.is_empty() => Err(format!("strict decoding error: {}", oddities.join(", "))),
        "Ignore" => Ok(Decoded { value, warnings: vec![] }),
        _ => Ok(Decoded { value, warnings: oddities }),
    }
}

/// Puts warnings about fields into the order in which the document has the fields.
fn in_document_order(warnings: &mut Vec<String>, body: &Body) {
    let Body::Wire { bytes, .. } = body else { return };
    if warnings.len() < 2 {
        return;
    }
    let field = |warning: &String| {
        let path = warning
            .strip_prefix("unknown field \"")
            .or(warning.strip_prefix("duplicate field \""));
        path.and_then(|path| path.strip_suffix('"')).map(str::to_owned)
    };
    let mut order: HashMap<String, usize> = HashMap::new();
    for (at, path) in schema::decode::paths(bytes).into_iter().enumerate() {
        order.entry(path).or_insert(at);
    }
    warnings.sort_by_cached_key(|warning| order.get(&field(warning)?).copied());
    warnings.truncate(MOST_ODDITIES);
}

fn of_kind(mut value: Value, kind: &Kind) -> Result<Value, Status> {
    let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
    let (found_version, found_kind) = (text("apiVersion"), text("kind"));
    let (wanted_version, wanted_kind) = (kind.api_version(), kind.kind.clone());
    if found_version.is_empty() {
        value["apiVersion"] = wanted_version.clone().into();
    }
    if found_kind.is_empty() {
        value["kind"] = wanted_kind.clone().into();
    }
    let same = (found_version.is_empty() || found_version == wanted_version) && (found_kind.is_empty() || found_kind == wanted_kind);
    if same {
        return Ok(value);
    }
    if kind.custom.is_some() {
        return Err(other_custom_kind(&value, kind));
    }
    let or = |found: String, wanted: &str| if found.is_empty() { wanted.to_owned() } else { found };
    let (found_version, found_kind) = (or(found_version, &wanted_version), or(found_kind, &wanted_kind));
    let (group, version) = found_version.rsplit_once('/').unwrap_or(("", &found_version));
    if crate::kinds::BUILTIN.kind_of(group, version, &found_kind).is_none() {
        return Err(Status::bad_request(format!(
            "{found_kind} in version {version:?} cannot be handled as a {wanted_kind}: no kind {found_kind:?} is registered for version \
             {found_version:?} in scheme \"pkg/api/legacyscheme/scheme.go:30\""
        )));
    }
    Err(Status::bad_request(format!(
        "{found_kind} in version {version:?} cannot be handled as a {wanted_kind}: converting ({version}.{found_kind}) to ({}.{wanted_kind}): \
         unknown conversion",
        internal_package(kind.resource.group())
    )))
}

/// A custom object of another version, or of another kind.
fn other_custom_kind(value: &Value, kind: &Kind) -> Status {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let (found, wanted) = (text("apiVersion"), kind.api_version());
    if !found.is_empty() && found != wanted {
        // Nothing is declared in a version that is not there.
        let fields = value.as_object().into_iter().flat_map(|object| object.keys());
        let unknown = fields.filter(|field| !["apiVersion", "kind", "metadata"].contains(&field.as_str()));
        return Status::bad_request(format!(
            "the API version in the data ({found}) does not match the expected API version ({wanted})"
        ))
        .with_warnings(unknown.map(|field| format!("unknown field {:?}", field.as_str())).collect());
    }
    let cause = Cause::invalid("kind", &value["kind"], &format!("must be {}", kind.kind));
    let name = value["metadata"]["name"].as_str().unwrap_or_default();
    Status::invalid(kind.resource.group(), text("kind"), name, vec![cause])
}

/// The name of a group's internal Go package, which messages show.
pub(super) fn internal_package(group: &str) -> &str {
    if group.is_empty() {
        "core"
    } else {
        group.split('.').next().unwrap_or(group)
    }
}

fn json_object(bytes: &[u8], kind: &str) -> Result<(Value, Vec<String>), Status> {
    let unrecognised = |why: &str, shown: &str| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why} ({shown})"
        ))
    };
    let parsed = schema::decode::parse(bytes).map_err(|error| unrecognised(&go_syntax_error(&error, bytes), &summary(bytes)))?;
    if let Some(why) = no_type(&parsed.value) {
        return Err(unrecognised(&why, &summary(bytes)));
    }
    Ok((
        parsed.value,
        parsed.duplicates.iter().map(|path| format!("duplicate field {path:?}")).collect(),
    ))
}

/// The beginning of a body, as messages show it.
fn summary(bytes: &[u8]) -> String {
    const MOST: usize = 30;
    let first = &bytes[..bytes.len().min(MOST)];
    let more = if bytes.len() > MOST { " ..." } else { "" };
    match first.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{more}", String::from_utf8_lossy(first)),
        Some(_) => first.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + more,
    }
}

/// What Go says where the type of an object cannot be read from it; null is an empty one.
fn no_type(value: &Value) -> Option<String> {
    if !value.is_object() && !value.is_null() {
        return Some(format!(
            "json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \
             \"json:\\\"kind,omitempty\\\"\" }}",
            go_type(value)
        ));
    }
    let mut fields = ["apiVersion", "kind"].into_iter();
    let field = fields.find(|field| value.get(*field).is_some_and(|found| !found.is_string() && !found.is_null()))?;
    Some(format!(
        "json: cannot unmarshal {} into Go struct field .{field} of type string",
        go_type(&value[field])
    ))
}

/// A protobuf body as a tree.
///
/// # Errors
/// 400 for what cannot be read.
pub(super) fn protobuf_object(bytes: &[u8]) -> Result<Value, Status> {
    protobuf::object(bytes).map_err(|error| Status::bad_request(error.to_string()))
}

fn yaml_object(bytes: &[u8], kind: &str) -> Result<(Value, Vec<String>), Status> {
    let text = std::str::from_utf8(bytes).map_err(|_| Status::bad_request("yaml: invalid leading UTF-8 octet"))?;
    if text.trim_start().starts_with('{') {
        return json_object(bytes, kind);
    }
    let (value, duplicates) = yaml::manifest::lenient(text).map_err(|error| {
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; error converting YAML to JSON: {error}"
        ))
    })?;
    let value = Value::from(value);
    if let Some(why) = no_type(&value) {
        return Err(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: {why}"
        )));
    }
    let oddity = |(line, key): &(usize, String)| format!("line {line}: key {key:?} already set in map");
    Ok((value, duplicates.iter().map(oddity).collect()))
}

/// How a patch body is to be read.
///
/// # Errors
/// 415 for other media types.
pub(super) fn patch_kind(content_type: &str) -> Result<PatchKind, Status> {
    match media_type(content_type) {
        "application/json-patch+json" => Ok(PatchKind::Json),
        "application/merge-patch+json" => Ok(PatchKind::Merge),
        "application/strategic-merge-patch+json" => Ok(PatchKind::Strategic),
        "application/apply-patch+yaml" => Ok(PatchKind::Apply),
        _ => Err(unsupported_patch()),
    }
}

/// 415 for a patch.
pub(super) fn unsupported_patch() -> Status {
    Status::unsupported_patch()
}

/// A patch body as JSON.
///
/// # Errors
/// 400 in Go's words.
pub(super) fn patch(kind: PatchKind, bytes: &[u8]) -> Result<Patch, Status> {
    if kind == PatchKind::Apply {
        let text = String::from_utf8_lossy(bytes);
        let refuse = |why: String| Status::bad_request(format!("error decoding YAML: {why}"));
        let (content, _) = yaml::manifest::lenient(&text).map_err(|error| refuse(error.to_string()))?;
        let content = match Value::from(content) {
            Value::Null => json!({}),
            Value::Object(object) => object.into(),
            other => {
                let why = format!(
                    "json: cannot unmarshal {} into Go value of type map[string]interface {{}}",
                    go_type(&other)
                );
                return Err(refuse(format!("error unmarshaling JSON: while decoding JSON: {why}")));
            }
        };
        return Ok(Patch {
            kind,
            content,
            oddities: vec![],
        });
    }
    let refuse = |why: &str| Status::bad_request(format!("error decoding patch: {why}"));
    let parsed = schema::decode::parse(bytes).map_err(|error| refuse(&go_syntax_error(&error, bytes)))?;
    let value = parsed.value;
    let of = if kind == PatchKind::Json { "json patch " } else { "" };
    let mut oddities: Vec<String> = unknown_operation_fields(kind, &value).collect();
    oddities.extend(parsed.duplicates.iter().map(|path| format!("{of}duplicate field {path:?}")));
    let accepted = |content: Value| Ok(Patch { kind, content, oddities });
    let unmarshal =
        |found: &Value, wanted: &str| refuse(&format!("json: cannot unmarshal {} into Go value of type {wanted}", go_type(found)));
    match (kind, &value) {
        (PatchKind::Json, Value::Array(operations)) => match operations.iter().find(|o| !o.is_object()) {
            Some(wrong) => Err(unmarshal(wrong, "handlers.jsonPatchOp")),
            None => accepted(value),
        },
        // Go reads `null` into a list or a map as an empty one.
        (PatchKind::Json, Value::Null) => accepted(json!([])),
        (PatchKind::Strategic, Value::Null) => accepted(json!({})),
        (PatchKind::Json, other) => Err(unmarshal(other, "[]handlers.jsonPatchOp")),
        (_, Value::Object(_)) => accepted(value),
        (_, other) => Err(unmarshal(other, "map[string]interface {}")),
    }
}

/// A patch as it came.
pub(super) struct Patch {
    pub(super) kind: PatchKind,
    pub(super) content: Value,
    /// Duplicate and unknown fields of the patch itself, as warnings tell them.
    pub(super) oddities: Vec<String>,
}

/// Fields of JSON patch operations that mean nothing.
fn unknown_operation_fields(kind: PatchKind, patch: &Value) -> impl Iterator<Item = String> {
    let operations = match kind {
        PatchKind::Json => patch.as_array(),
        _ => None,
    };
    operations.into_iter().flatten().enumerate().flat_map(|(index, operation)| {
        let unknown = |name: &&Text| !matches!(name.as_str(), "op" | "path" | "from" | "value");
        let names = operation
            .as_object()
            .into_iter()
            .flat_map(|operation| operation.keys())
            .filter(unknown);
        names.map(move |name| format!("json patch unknown field \"[{index}].{name}\""))
    })
}

/// A strategic merge patch, by the kind's schema.
///
/// # Errors
/// 500, as Kubernetes answers a patch that it cannot merge.
pub(super) fn strategic_merge(kind: &Kind, object: &Value, patch: &Value) -> Result<Value, Status> {
    let node = kind.schema().ok_or_else(unsupported_patch)?;
    schema::strategic::patch(node, object, patch).map_err(|error| Status::plain(500, error.to_string()))
}

/// Fills in what the kind's defaults say.
pub(super) fn defaults(kind: &Kind, object: &mut Value, applied: bool) {
    kind.set_defaults(object, applied);
}

/// Brings a new object into the form it is stored in: canonical values, and the status that
/// Kubernetes shows from the beginning where the kind has one.
///
/// # Errors
/// 500 when something set a field that the schema does not allow.
pub(super) fn complete(kind: &Kind, object: &mut Value) -> Result<(), Status> {
    if kind.custom.is_some() {
        return Ok(()); // what clients sent was checked, and nothing is added
    }
    let Some(node) = kind.schema() else { return Ok(()) };
    let has_status = node.as_object().is_some_and(|o| o.fields.contains_key("status"));
    if has_status && object.get("status").is_none() {
        object["status"] = json!({});
    }
    schema::decode::check(node, object).map_err(Status::internal)?;
    Ok(())
}

/// A DELETE's parameters: those of a `DeleteOptions` body if there is one, else those of the query.
///
/// # Errors
/// As [`object`], and 422 for values that are not allowed.
pub(super) fn delete_options(request: &Request) -> Result<Options, Status> {
    let mut options = request.options.clone();
    if let Body::Wire { content_type, bytes } = &request.body
        && !bytes.is_empty()
    {
        let kind = "DeleteOptions";
        let mut body = match media_type(content_type) {
            "" | "application/json" => json_object(bytes, kind)?.0,
            "application/yaml" => yaml_object(bytes, kind)?.0,
            PROTOBUF => protobuf_object(bytes)?,
            _ => return Err(Status::unsupported_media_type(READ)),
        };
        // Whatever group's version it names, it is the same; what it does not know, it passes over.
        if let Some(node) = Kind::part("", "v1", kind).schema() {
            let wrong = |error| Status::bad_request(format!("{kind} in version \"v1\" cannot be handled as a {kind}: {error}"));
            schema::decode::check(node, &mut body).map_err(wrong)?;
        }
        options.forget_delete();
        options.merge_delete_body(&body)?;
    }
    Ok(options)
}

/// `application/json` of `application/json; charset=utf-8`.
pub(crate) fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// What Go says about JSON that is none.
fn go_syntax_error(error: &serde_json::Error, bytes: &[u8]) -> String {
    if error.to_string().starts_with("recursion limit exceeded") {
        return "exceeded max depth".into();
    }
    if error.is_eof() || bytes.iter().all(u8::is_ascii_whitespace) {
        return "unexpected end of JSON input".into();
    }
    let text = String::from_utf8_lossy(bytes);
    let at = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .and_then(|line| line.chars().nth(error.column().saturating_sub(1)));
    match at {
        Some(c) if error.line() == 1 && error.column() <= 1 => format!("invalid character '{c}' looking for beginning of value"),
        Some(c) => format!("invalid character '{c}' looking for beginning of object key string"),
        None => error.to_string(),
    }
}

/// The kind and content of a patch body.
///
/// # Errors
/// As [`patch_kind`] and [`patch`].
pub(super) fn patch_of(body: &Body) -> Result<Patch, Status> {
    match body {
        Body::Patch(kind, content) => Ok(Patch {
            kind: *kind,
            content: content.clone(),
            oddities: vec![],
        }),
        Body::Value(_) => Err(unsupported_patch()),
        Body::Wire { content_type, bytes } => {
            let kind = patch_kind(content_type)?;
            patch(kind, bytes)
        }
    }
}

/// A patch of something that is not stored, such as a `Scale`.
///
/// # Errors
/// 422 for patches that do not fit, 415 for apply.
pub(super) fn apply_simple_patch(kind: &Kind, patch_kind: PatchKind, value: &Value, patch: &Value) -> Result<Value, Status> {
    let mut value = value.clone();
    match patch_kind {
        PatchKind::Json => {
            patching::json(&mut value, patch)?;
        }
        PatchKind::Merge => patching::merge(&mut value, patch),
        PatchKind::Strategic => value = strategic_merge(kind, &value, patch)?,
        PatchKind::Apply => return Err(unsupported_patch()),
    }
    Ok(value)
}
