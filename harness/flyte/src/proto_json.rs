//! Protocol buffers as JSON, by what they say of themselves.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorError, DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

/// What Flyte's protocol buffers say of themselves, read once.
pub(crate) static POOL: LazyLock<Result<DescriptorPool, DescriptorError>> = LazyLock::new(|| DescriptorPool::decode(flyteidl::DESCRIPTORS));

/// A message has no JSON form.
#[derive(Debug, thiserror::Error)]
#[error("{0} as JSON: {1}")]
pub(crate) struct JsonError(String, String);

/// A message as protocol buffers define its JSON: names in camel case, without what is not set. `name` is its type's full name.
///
/// # Errors
/// If there is no such type, or the message is not of it.
pub(crate) fn json(name: &str, message: &impl Message) -> Result<Value, JsonError> {
    let failed = |why: String| JsonError(name.to_owned(), why);
    let pool = POOL.as_ref().map_err(|error| failed(error.to_string()))?;
    let descriptor = pool.get_message_by_name(name).ok_or_else(|| failed("no such type".to_owned()))?;
    let dynamic = DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice()).map_err(|error| failed(error.to_string()))?;
    let value = dynamic.serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new());
    value.map_err(|error| failed(error.to_string()))
}
