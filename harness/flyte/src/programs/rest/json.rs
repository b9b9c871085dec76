//! Messages as JSON, and fields from the text of paths and queries.

use prost_reflect::{
    DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, ReflectMessage, SerializeOptions, Value,
};
use serde_json::Value as Json;
use tonic::Status;

/// Reads a message. Unknown fields are ignored, as flyteadmin's gateway does.
pub(super) fn message(descriptor: MessageDescriptor, body: &[u8]) -> Result<DynamicMessage, Status> {
    let invalid = |error: serde_json::Error| Status::invalid_argument(error.to_string());
    let mut reader = serde_json::Deserializer::from_slice(body);
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let message = DynamicMessage::deserialize_with_options(descriptor, &mut reader, &options).map_err(invalid)?;
    reader.end().map_err(invalid)?;
    Ok(message)
}

/// A message with the proto's own names and with what is not set: empty values, and `null` for messages.
pub(super) fn value(message: &DynamicMessage) -> Json {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(false);
    let mut value = message
        .serialize_with_options(serde_json::value::Serializer, &options)
        .unwrap_or(Json::Null);
    show_unset(&mut value, &message.descriptor());
    value
}

fn show_unset(value: &mut Json, descriptor: &MessageDescriptor) {
    // Google's own types have forms of their own.
    if descriptor.full_name().starts_with("google.protobuf.") {
        return;
    }
    let Json::Object(object) = value else { return };
    for field in descriptor.fields() {
        let Kind::Message(inner) = field.kind() else { continue };
        let Some(value) = object.get_mut(field.name()) else {
            if field.containing_oneof().is_none() && !field.is_list() && !field.is_map() {
                object.insert(field.name().to_owned(), Json::Null);
            }
            continue;
        };
        match (value, field.is_map()) {
            (Json::Array(items), _) => items.iter_mut().for_each(|item| show_unset(item, &inner)),
            (Json::Object(entries), true) => {
                if let Kind::Message(of_entry) = inner.map_entry_value_field().kind() {
                    entries.values_mut().for_each(|entry| show_unset(entry, &of_entry));
                }
            }
            (value, _) => show_unset(value, &inner),
        }
    }
}

/// Sets the field that a dotted name leads to; one that repeats gets another element.
pub(super) fn set(message: &mut DynamicMessage, name: &str, text: &str) -> Result<(), Status> {
    let (first, rest) = name.split_once('.').map_or((name, None), |(first, rest)| (first, Some(rest)));
    let descriptor = message.descriptor();
    let field = descriptor
        .get_field_by_name(first)
        .or_else(|| descriptor.get_field_by_json_name(first));
    // Parameters that are no fields are ignored.
    let Some(field) = field else { return Ok(()) };
    match (rest, field.kind()) {
        (Some(rest), Kind::Message(_)) if !field.is_list() && !field.is_map() => message
            .get_field_mut(&field)
            .as_message_mut()
            .map_or(Ok(()), |inner| set(inner, rest, text)),
        (Some(_), _) => Err(invalid(name, text)),
        (None, _) => {
            let value = scalar(&field, text).ok_or_else(|| invalid(name, text))?;
            if let (true, Some(list)) = (field.is_list(), message.get_field_mut(&field).as_list_mut()) {
                list.push(value);
            } else {
                message.set_field(&field, value);
            }
            Ok(())
        }
    }
}

fn scalar(field: &FieldDescriptor, text: &str) -> Option<Value> {
    Some(match field.kind() {
        Kind::String => Value::String(text.to_owned()),
        Kind::Bool => Value::Bool(text.parse().ok()?),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => Value::I32(text.parse().ok()?),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => Value::I64(text.parse().ok()?),
        Kind::Uint32 | Kind::Fixed32 => Value::U32(text.parse().ok()?),
        Kind::Uint64 | Kind::Fixed64 => Value::U64(text.parse().ok()?),
        Kind::Double => Value::F64(text.parse().ok()?),
        Kind::Float => Value::F32(text.parse().ok()?),
        Kind::Enum(kind) => Value::EnumNumber(match text.parse() {
            Ok(number) => kind.get_value(number)?.number(),
            Err(_) => kind.get_value_by_name(text)?.number(),
        }),
        Kind::Message(kind) => {
            let text = serde_json::to_vec(text).ok()?;
            Value::Message(message(kind, &text).ok()?)
        }
        Kind::Bytes => return None,
    })
}

fn invalid(name: &str, text: &str) -> Status {
    Status::invalid_argument(format!("parsing field {name:?}: invalid value {text:?}"))
}
