//! Names and small shapes that many fields share.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor, value};
use serde::{Deserialize, Serialize, Serializer};
use yaml::Spanned;

/// A cluster's id in the scenario; also Flyte's name for it in `clusterConfigs`.
pub type ClusterId = String;

/// The cluster's name where Kubernetes, Docker, kind and DNS allow fewer characters: `_` becomes `-`.
pub fn dns_name(cluster: &str) -> String {
    cluster.replace('_', "-")
}

/// The Secret that holds a cluster's long-lived token, as the deployment guide names it: `dataplane_1` has
/// `dataplane1-token`. Characters that a Secret's name cannot have are dropped.
pub fn token_secret_name(cluster: &str) -> String {
    format!("{}-token", cluster.replace('_', ""))
}

/// An object in a namespace, written `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamespacedName {
    /// The namespace.
    pub namespace: String,
    /// The object's name.
    pub name: String,
}

impl fmt::Display for NamespacedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

impl Serialize for NamespacedName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NamespacedName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.split_once('/') {
            Some((namespace, name)) if is_dns_label(namespace) && is_dns_subdomain(name) => Ok(Self {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            }),
            _ => Err(D::Error::custom(format!("`{text}` is not of the form `namespace/name`"))),
        }
    }
}

impl JsonSchema for NamespacedName {
    fn schema_name() -> Cow<'static, str> {
        "NamespacedName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An object in a namespace: `namespace/name`.",
            "type": "string",
            "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?/[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        })
    }
}

/// One value, or a list of at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<Spanned<T>>);

impl<T> OneOrMany<T> {
    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = &Spanned<T>> {
        self.0.iter()
    }
}

impl<T: Serialize> Serialize for OneOrMany<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            many => many.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for OneOrMany<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;
        impl<'de> Visitor<'de> for Texts {
            type Value = Vec<Spanned<String>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(vec![Spanned::made(text.to_owned())])
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                let texts = Vec::deserialize(value::SeqAccessDeserializer::new(seq))?;
                if texts.is_empty() {
                    Err(A::Error::custom("the list is empty"))
                } else {
                    Ok(texts)
                }
            }
        }
        struct Any(Vec<Spanned<String>>);
        impl<'de> Deserialize<'de> for Any {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Texts).map(Any)
            }
        }
        let mut outer = Spanned::<Any>::deserialize(deserializer)?;
        if let [one] = outer.value.0.as_mut_slice()
            && one.span.line == 0
        {
            one.span = outer.span;
        }
        Ok(Self(outer.value.0))
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("OneOrMany_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    }
}

/// A DNS label (RFC 1123) as Kubernetes demands for namespaces: lower case, digits and `-`, at most 63 characters.
pub(crate) fn is_dns_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.len() <= 63 && text.chars().all(inner) && !text.starts_with('-') && !text.ends_with('-')
}

/// DNS labels joined by dots, at most 253 characters.
pub(crate) fn is_dns_subdomain(text: &str) -> bool {
    text.len() <= 253 && text.split('.').all(is_dns_label)
}

/// A cluster id: starts with a lower-case letter, then lower-case letters, digits, `-` and `_`, ends with none of the
/// latter two, at most 40 characters, so that all names made from it fit.
pub(crate) fn is_cluster_id(text: &str) -> bool {
    text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_lowercase()) && is_dns_label(&dns_name(text))
}
