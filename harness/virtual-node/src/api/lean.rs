//! Objects without `metadata.managedFields`, which can be most of an object and which only people read.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};

/// An object whose managed fields are skipped when it is read, as client-go's `TransformStripManagedFields` does.
///
/// `Api<Lean<K>>` reads what `Api<K>` reads. Written back, it leaves the managed fields as they are: to an API server, none means no change.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Lean<K>(pub K);

/// An object that is written and whose answer nobody reads: `Api<Unread<K>>` decodes nothing of it.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct Unread<K>(pub K);

impl<K> Deref for Lean<K> {
    type Target = K;

    fn deref(&self) -> &K {
        &self.0
    }
}

macro_rules! resource {
    ($name:ident) => {
        impl<K: Resource> Resource for $name<K> {
            type DynamicType = K::DynamicType;
            type Scope = K::Scope;

            fn kind(dt: &Self::DynamicType) -> Cow<'_, str> {
                K::kind(dt)
            }

            fn group(dt: &Self::DynamicType) -> Cow<'_, str> {
                K::group(dt)
            }

            fn version(dt: &Self::DynamicType) -> Cow<'_, str> {
                K::version(dt)
            }

            fn plural(dt: &Self::DynamicType) -> Cow<'_, str> {
                K::plural(dt)
            }

            fn metadata_api() -> bool {
                K::metadata_api()
            }

            fn meta(&self) -> &ObjectMeta {
                self.0.meta()
            }

            fn meta_mut(&mut self) -> &mut ObjectMeta {
                self.0.meta_mut()
            }
        }
    };
}

resource!(Lean);
resource!(Unread);

impl<'de, K: Default> Deserialize<'de> for Unread<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self(K::default()))
    }
}

impl<'de, K: DeserializeOwned> Deserialize<'de> for Lean<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        K::deserialize(Without(deserializer, Place::Object)).map(Self)
    }
}

/// Where in an object.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    Object,
    Metadata,
}

/// A deserializer, or a part of one, that skips managed fields.
struct Without<T>(T, Place);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Without<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(Without(visitor, self.1))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_option(Without(visitor, self.1))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct seq
        tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Without<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.expecting(f)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_none()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<V::Value, D::Error> {
        self.0.visit_some(Without(deserializer, self.1))
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<V::Value, E> {
        self.0.visit_unit()
    }

    fn visit_map<A: MapAccess<'de>>(self, access: A) -> Result<V::Value, A::Error> {
        self.0.visit_map(Fields {
            access,
            place: self.1,
            in_metadata: false,
        })
    }
}

/// The fields of an object or of its metadata.
struct Fields<A> {
    access: A,
    place: Place,
    /// Whether the value that comes next is the object's metadata.
    in_metadata: bool,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Fields<A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        while let Some(key) = self.access.next_key_seed(Key(PhantomData))? {
            if self.place == Place::Metadata && key == "managedFields" {
                self.access.next_value::<IgnoredAny>()?;
                continue;
            }
            self.in_metadata = self.place == Place::Object && key == "metadata";
            return seed.deserialize(key.into_deserializer()).map(Some);
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        if self.in_metadata {
            self.access.next_value_seed(Without(seed, Place::Metadata))
        } else {
            self.access.next_value_seed(seed)
        }
    }
}

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for Without<S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        self.0.deserialize(Without(deserializer, self.1))
    }
}

/// A key, borrowed where the document has it in one piece.
struct Key<'de>(PhantomData<&'de str>);

impl<'de> DeserializeSeed<'de> for Key<'de> {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cow<'de, str>, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key<'de> {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::{Lean, Unread};
    use k8s_openapi::api::core::v1::Pod;

    const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "managedFields": [{"manager": "x", "fieldsV1": {"f:spec": {}}}],
        "labels": {"managedFields": "stays"}}, "spec": {"containers": [{"name": "c"}]}}"#;

    #[test]
    fn only_the_managed_fields_are_missing() {
        let mut expected: Pod = serde_json::from_str(POD).unwrap();
        assert!(expected.metadata.managed_fields.take().is_some());
        let lean: Lean<Pod> = serde_json::from_str(POD).unwrap();
        assert_eq!(lean.0, expected);
        assert_eq!(serde_json::to_value(&lean).unwrap(), serde_json::to_value(&expected).unwrap());
    }

    #[test]
    fn of_an_unread_object_only_the_syntax_counts() {
        assert_eq!(serde_json::from_str::<Unread<Pod>>(POD).unwrap().0, Pod::default());
        assert!(serde_json::from_str::<Unread<Pod>>("{").is_err());
        assert!(serde_json::from_str::<Lean<Pod>>("[]").is_err());
    }
}
