//! A value of each of Flyte's types, for tasks that do not compute theirs.

use crate::proto::core::literal::Value;
use crate::proto::core::literal_type::Type;
use crate::proto::core::primitive::Value as PrimitiveValue;
use crate::proto::core::scalar::Value as ScalarValue;
use crate::proto::core::{
    Binary, Blob, BlobMetadata, Error, Literal, LiteralCollection, LiteralMap, LiteralType, Primitive, Scalar, Schema, SimpleType,
    StructuredDataset, StructuredDatasetMetadata, Union, Void,
};

/// An empty value of a type. What is kept elsewhere is said to be at `uri`.
pub(crate) fn empty(kind: &LiteralType, uri: &str) -> Literal {
    let value = match &kind.r#type {
        Some(Type::CollectionType(_)) => Value::Collection(LiteralCollection::default()),
        Some(Type::MapValueType(_)) => Value::Map(LiteralMap::default()),
        Some(Type::Simple(simple)) => scalar(simple_value(SimpleType::try_from(*simple).unwrap_or(SimpleType::None), kind)),
        Some(Type::EnumType(kind)) => {
            let first = kind.values.first().cloned().unwrap_or_default();
            scalar(primitive(PrimitiveValue::StringValue(first)))
        }
        Some(Type::Blob(blob)) => scalar(ScalarValue::Blob(Blob {
            metadata: Some(BlobMetadata {
                r#type: Some(blob.clone()),
            }),
            uri: uri.to_owned(),
        })),
        Some(Type::Schema(schema)) => scalar(ScalarValue::Schema(Schema {
            uri: uri.to_owned(),
            r#type: Some(schema.clone()),
        })),
        Some(Type::StructuredDatasetType(dataset)) => scalar(ScalarValue::StructuredDataset(StructuredDataset {
            uri: uri.to_owned(),
            metadata: Some(StructuredDatasetMetadata {
                structured_dataset_type: Some(dataset.clone()),
            }),
        })),
        Some(Type::UnionType(union)) => {
            let first = union.variants.first().cloned().unwrap_or_default();
            scalar(ScalarValue::Union(Box::new(Union {
                value: Some(Box::new(empty(&first, uri))),
                r#type: Some(first),
            })))
        }
        None => scalar(ScalarValue::NoneType(Void {})),
    };
    Literal {
        value: Some(value),
        ..Literal::default()
    }
}

fn simple_value(simple: SimpleType, kind: &LiteralType) -> ScalarValue {
    match simple {
        SimpleType::None => ScalarValue::NoneType(Void {}),
        SimpleType::Integer => primitive(PrimitiveValue::Integer(0)),
        SimpleType::Float => primitive(PrimitiveValue::FloatValue(0.0)),
        SimpleType::String => primitive(PrimitiveValue::StringValue(String::new())),
        SimpleType::Boolean => primitive(PrimitiveValue::Boolean(false)),
        SimpleType::Datetime => primitive(PrimitiveValue::Datetime(prost_types::Timestamp::default())),
        SimpleType::Duration => primitive(PrimitiveValue::Duration(prost_types::Duration::default())),
        SimpleType::Binary => ScalarValue::Binary(Binary::default()),
        SimpleType::Error => ScalarValue::Error(Error::default()),
        // Clients of today read and write dictionaries and data classes as MessagePack: an empty map of it.
        SimpleType::Struct if kind.annotation.is_some() => ScalarValue::Binary(Binary {
            value: vec![0x80],
            tag: "msgpack".to_owned(),
        }),
        SimpleType::Struct => ScalarValue::Generic(prost_types::Struct::default()),
    }
}

fn primitive(value: PrimitiveValue) -> ScalarValue {
    ScalarValue::Primitive(Primitive { value: Some(value) })
}

fn scalar(value: ScalarValue) -> Value {
    Value::Scalar(Box::new(Scalar { value: Some(value) }))
}
