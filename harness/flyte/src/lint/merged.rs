//! Several values files as one tree, by Helm's precedence, every part with its place.

use serde_json::{Map, Value as Json};
use yaml::Span;
use yaml::scalar::Rules;
use yaml::tree::{Node, Scalar, Value as TreeValue};

/// Where something stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) file: &'a str,
    pub(super) span: Span,
}

/// A value of one of the files.
#[derive(Debug)]
pub(super) struct Merged<'a> {
    pub(super) place: Place<'a>,
    pub(super) value: Value<'a>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    Scalar(&'a Scalar),
    List(Vec<Merged<'a>>),
    Map(Vec<Field<'a>>),
}

/// A key and its value.
#[derive(Debug)]
pub(super) struct Field<'a> {
    /// As the reader resolves it: Helm reads `on` as the key `true`.
    pub(super) key: String,
    /// As it stands in the file.
    pub(super) written: &'a str,
    pub(super) key_place: Place<'a>,
    pub(super) value: Merged<'a>,
}

impl<'a> Merged<'a> {
    /// One file, its keys read by the given rules.
    pub(super) fn of(file: &'a str, node: &'a Node, rules: Rules) -> Self {
        let place = |span| Place { file, span };
        let value = match &node.value {
            TreeValue::Scalar(scalar) => Value::Scalar(scalar),
            TreeValue::Sequence(nodes) => Value::List(nodes.iter().map(|node| Self::of(file, node, rules)).collect()),
            TreeValue::Mapping(entries) => Value::Map(
                entries
                    .iter()
                    .map(|entry| Field {
                        // A null key is what the text says it is: no check asks for it.
                        key: entry.key.resolve_key(rules).unwrap_or_else(|| entry.key.text.clone()),
                        written: &entry.key.text,
                        key_place: place(entry.key_span),
                        value: Self::of(file, &entry.value, rules),
                    })
                    .collect(),
            ),
        };
        Self {
            place: place(node.span),
            value,
        }
    }

    /// The tree when `over` comes later on Helm's command line: mappings merge, everything else is replaced.
    pub(super) fn overlaid_by(self, over: Self) -> Self {
        match (self.value, over.value) {
            (Value::Map(mut fields), Value::Map(later)) => {
                for field in later {
                    match fields.iter().position(|earlier| earlier.key == field.key) {
                        Some(index) => {
                            let earlier = fields.remove(index);
                            let value = earlier.value.overlaid_by(field.value);
                            fields.insert(index, Field { value, ..field });
                        }
                        None => fields.push(field),
                    }
                }
                Self {
                    place: over.place,
                    value: Value::Map(fields),
                }
            }
            (_, value) => Self { place: over.place, value },
        }
    }

    /// The field called `key`, whatever its case; exact spelling first.
    pub(super) fn field(&self, key: &str) -> Option<&Field<'a>> {
        let fields = self.fields();
        fields
            .iter()
            .find(|field| field.key == key)
            .or_else(|| fields.iter().find(|field| field.key.eq_ignore_ascii_case(key)))
    }

    /// The value of `key`; null counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&Merged<'a>> {
        self.field(key).map(|field| &field.value).filter(|value| !value.is_null())
    }

    pub(super) fn fields(&self) -> &[Field<'a>] {
        match &self.value {
            Value::Map(fields) => fields,
            _ => &[],
        }
    }

    /// The elements of a list; a lone value is a list of one, as flyteadmin reads it.
    pub(super) fn items(&self) -> Vec<&Merged<'a>> {
        match &self.value {
            Value::List(items) => items.iter().collect(),
            Value::Map(fields) if fields.is_empty() => Vec::new(),
            _ => vec![self],
        }
    }

    pub(super) fn text(&self) -> Option<&'a str> {
        match &self.value {
            Value::Scalar(scalar) => Some(&scalar.text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.resolve(Rules::Core) == Some(Json::Null))
    }

    /// As JSON. Numbers that JSON has not become text, which then does not convert.
    pub(super) fn to_json(&self, rules: Rules) -> Json {
        match &self.value {
            Value::Scalar(scalar) => scalar.resolve(rules).unwrap_or_else(|| Json::String(scalar.text.clone())),
            Value::List(items) => items.iter().map(|item| item.to_json(rules)).collect(),
            Value::Map(fields) => fields
                .iter()
                .map(|field| (field.key.clone(), field.value.to_json(rules)))
                .collect::<Map<_, _>>()
                .into(),
        }
    }
}
