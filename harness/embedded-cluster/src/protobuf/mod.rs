//! Protobuf bodies of built-in kinds, as kubectl, helm and client-go send them.
//!
//! They become the same trees that JSON bodies become; what follows does not know the difference. Answers are JSON, which those clients accept.

mod table;
mod wire;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::{Map, Text, Value, json};

use table::{Field, Message, Shape, TABLE};
use wire::{Reader, Wire};

/// What every body starts with.
const MAGIC: &[u8] = b"k8s\0";
/// Texts for which empty is not the same as absent. All others are sent even if they are not set.
const POINTERS: &[&str] = &["storageClassName"];
/// How deep messages may lie in each other; Kubernetes' own are far from it.
const DEPTH: usize = 64;

/// Why a body cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtobufError(String);

impl fmt::Display for ProtobufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn fault(text: impl Into<String>) -> ProtobufError {
    ProtobufError(text.into())
}

/// Reads a body: the envelope with `apiVersion` and `kind`, and the object in it.
///
/// # Errors
/// If the bytes are no such body, or the kind has no known protobuf form.
pub(crate) fn object(bytes: &[u8]) -> Result<Value, ProtobufError> {
    let body = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| fault("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]"))?;
    let (mut api_version, mut kind, mut raw) = (String::new(), String::new(), &[][..]);
    let mut envelope = Reader::new(body);
    while let Some((number, wire)) = envelope.field()? {
        match (number, wire) {
            (1, Wire::Bytes(meta)) => {
                let mut meta = Reader::new(meta);
                while let Some((number, wire)) = meta.field()? {
                    match (number, wire) {
                        (1, Wire::Bytes(text)) => api_version = utf8(text)?.to_owned(),
                        (2, Wire::Bytes(text)) => kind = utf8(text)?.to_owned(),
                        _ => {}
                    }
                }
            }
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let message = TABLE
        .of_kind(&api_version, &kind)
        .ok_or_else(|| fault(format!("no kind {kind:?} is registered for version {api_version:?}")))?;
    let mut fields = Map::new();
    read(message, raw, &mut fields, 0)?;
    fields.insert("apiVersion", api_version.into());
    fields.insert("kind", kind.into());
    Ok(fields.into())
}

fn utf8(bytes: &[u8]) -> Result<&str, ProtobufError> {
    std::str::from_utf8(bytes).map_err(|_| fault("string field contains invalid UTF-8"))
}

/// Reads the fields of a message into `fields`.
fn read(message: &Message, bytes: &[u8], fields: &mut Map, depth: usize) -> Result<(), ProtobufError> {
    if depth > DEPTH {
        return Err(fault("nesting too deep"));
    }
    let mut reader = Reader::new(bytes);
    while let Some((number, wire)) = reader.field()? {
        // Fields of later versions are skipped, as Go does.
        let Some(field) = message.field(number) else { continue };
        match field.shape {
            Shape::Inline => {
                if let (Some(inner), Wire::Bytes(bytes)) = (field.message(), wire) {
                    read(inner, bytes, fields, depth + 1)?;
                }
            }
            Shape::One => {
                let value = value(field, wire, depth)?;
                if value != "" || POINTERS.contains(&field.name) {
                    fields.insert(field.name, value);
                }
            }
            Shape::List => {
                let value = value(field, wire, depth)?;
                if let Value::Array(list) = fields.entry(field.name).or_insert_with(|| json!([])) {
                    list.push(value);
                }
            }
            Shape::Map => {
                let (key, value) = entry(field, wire, depth)?;
                if let Value::Object(map) = fields.entry(field.name).or_insert_with(|| json!({})) {
                    map.insert(key, value);
                }
            }
        }
    }
    Ok(())
}

fn entry(field: &Field, wire: Wire<'_>, depth: usize) -> Result<(Text, Value), ProtobufError> {
    let Wire::Bytes(bytes) = wire else {
        return Err(wrong(field));
    };
    let (mut key, mut found) = (Text::default(), None);
    let mut reader = Reader::new(bytes);
    while let Some((number, wire)) = reader.field()? {
        match (number, wire) {
            (1, Wire::Bytes(text)) => key = utf8(text)?.into(),
            (2, wire) => found = Some(value(field, wire, depth)?),
            _ => {}
        }
    }
    let found = found.map_or_else(|| value(field, Wire::Bytes(&[]), depth), Ok)?;
    Ok((key, found))
}

fn value(field: &Field, wire: Wire<'_>, depth: usize) -> Result<Value, ProtobufError> {
    Ok(match (field.kind, wire) {
        ('b', Wire::Varint(number)) => (number != 0).into(),
        ('i', Wire::Varint(number)) => number.cast_signed().into(),
        ('d', Wire::Fixed64(bits)) => f64::from_bits(bits).into(),
        ('s', Wire::Bytes(text)) => utf8(text)?.into(),
        ('y', Wire::Bytes(bytes)) => STANDARD.encode(bytes).into(),
        ('m', Wire::Bytes(bytes)) => {
            let mut fields = Map::new();
            if let Some(message) = field.message() {
                read(message, bytes, &mut fields, depth + 1)?;
            }
            fields.into()
        }
        // A list type of its own: its items are field 1.
        ('L', Wire::Bytes(bytes)) => {
            let mut items: Vec<Value> = Vec::new();
            let mut reader = Reader::new(bytes);
            while let Some((number, wire)) = reader.field()? {
                if let (1, Wire::Bytes(text)) = (number, wire) {
                    items.push(utf8(text)?.into());
                }
            }
            items.into()
        }
        ('Q', Wire::Bytes(bytes)) => text_in(bytes, 1)?.unwrap_or("0").into(),
        ('T', Wire::Bytes(bytes)) => time(bytes, 0)?,
        ('U', Wire::Bytes(bytes)) => time(bytes, 6)?,
        ('I', Wire::Bytes(bytes)) => {
            let is_text = number_in(bytes, 1)? == 1;
            if is_text {
                text_in(bytes, 3)?.unwrap_or_default().into()
            } else {
                number_in(bytes, 2)?.into()
            }
        }
        ('D', Wire::Bytes(bytes)) => number_in(bytes, 1)?.into(),
        // JSON in bytes.
        ('R', Wire::Bytes(bytes)) => {
            let text = text_in(bytes, 1)?.unwrap_or("null");
            serde_json::from_str(text).map_err(|error| fault(error.to_string()))?
        }
        _ => return Err(wrong(field)),
    })
}

fn wrong(field: &Field) -> ProtobufError {
    fault(format!("proto: wrong wireType for field {}", field.name))
}

fn text_in(bytes: &[u8], wanted: u64) -> Result<Option<&str>, ProtobufError> {
    let mut reader = Reader::new(bytes);
    let mut found = None;
    while let Some((number, wire)) = reader.field()? {
        if let (true, Wire::Bytes(text)) = (number == wanted, wire) {
            found = Some(utf8(text)?);
        }
    }
    Ok(found)
}

fn number_in(bytes: &[u8], wanted: u64) -> Result<i64, ProtobufError> {
    let mut reader = Reader::new(bytes);
    let mut found = 0;
    while let Some((number, wire)) = reader.field()? {
        if let (true, Wire::Varint(value)) = (number == wanted, wire) {
            found = value.cast_signed();
        }
    }
    Ok(found)
}

/// A time; an empty message is none.
fn time(bytes: &[u8], digits: usize) -> Result<Value, ProtobufError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let nanos = i32::try_from(number_in(bytes, 2)?).map_err(|_| fault("nanoseconds out of range"))?;
    let time = jiff::Timestamp::new(number_in(bytes, 1)?, nanos).map_err(|error| fault(error.to_string()))?;
    Ok(format!("{time:.digits$}").into())
}

#[cfg(test)]
mod tests {
    use super::object;
    use crate::value::json;

    #[test]
    fn a_secret_as_helm_sends_it() {
        let mut secret = vec![0x0a, 5, 0x0a, 3];
        secret.extend(b"one");
        secret.extend([0x12, 6, 0x0a, 1, b'k', 0x12, 1, 0xff]);
        let mut body = b"k8s\0\x0a\x0c\x0a\x02v1\x12\x06Secret\x12".to_vec();
        body.push(u8::try_from(secret.len()).unwrap());
        body.extend(&secret);
        let expected = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "one"}, "data": {"k": "/w=="}});
        assert_eq!(object(&body), Ok(expected));
        for cut in 0..body.len() {
            // Whatever is missing, it is an answer and no panic.
            let _ = object(&body[..cut]);
        }
        assert!(object(b"{}").is_err());
    }

    #[test]
    fn every_kind_has_its_fields() {
        for (version, kind) in [
            ("v1", "Pod"),
            ("apps/v1", "Deployment"),
            ("networking.k8s.io/v1", "Ingress"),
            ("v1", "DeleteOptions"),
        ] {
            assert!(
                super::TABLE
                    .of_kind(version, kind)
                    .is_some_and(|message| message.field(1).is_some()),
                "{kind}"
            );
        }
        assert!(super::TABLE.of_kind("v1", "Nothing").is_none());
    }
}
