//! Short hashes of templates, as they stand in names and labels.

use crate::value::Value;

/// Letters and digits of generated names: no vowels, no look-alikes.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// A hash of a pod template, in the form of Kubernetes' `pod-template-hash`. `collisions` is the
/// number of times that the hash of this template was taken already.
///
/// The form is upstream's (FNV-1a in the safe alphabet), the hashed text is not: upstream hashes
/// how Go prints the template, which is the same for no other program.
pub(crate) fn template_hash(template: &Value, collisions: i64) -> String {
    let mut hash = Fnv::default();
    hash.value(template);
    if collisions > 0 {
        hash.bytes(&collisions.to_le_bytes());
    }
    let digits = hash.0.to_string();
    digits
        .bytes()
        .map(|digit| char::from(ALPHABET[usize::from(digit) % ALPHABET.len()]))
        .collect()
}

/// FNV-1a, 32 bits.
struct Fnv(u32);

impl Default for Fnv {
    fn default() -> Self {
        Self(0x811c_9dc5)
    }
}

impl Fnv {
    fn bytes(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u32::from(*byte)).wrapping_mul(0x0100_0193);
        }
    }

    /// Independent of the order of an object's fields.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Object(fields) => {
                let mut fields: Vec<_> = fields.iter().collect();
                fields.sort_by_key(|(name, _)| *name);
                self.bytes(b"{");
                for (name, value) in fields {
                    self.bytes(name.as_bytes());
                    self.bytes(b":");
                    self.value(value);
                }
                self.bytes(b"}");
            }
            Value::Array(items) => {
                self.bytes(b"[");
                items.iter().for_each(|item| self.value(item));
                self.bytes(b"]");
            }
            scalar => self.bytes(scalar.to_string().as_bytes()),
        }
        self.bytes(b",");
    }
}

#[cfg(test)]
mod tests {
    use crate::value::json;

    use super::*;

    #[test]
    fn depends_on_content_and_collisions_only() {
        let one: Value = serde_json::from_str(r#"{"a": 1, "b": ["x"]}"#).unwrap();
        let same: Value = serde_json::from_str(r#"{"b": ["x"], "a": 1}"#).unwrap();
        assert_eq!(template_hash(&one, 0), template_hash(&same, 0));
        assert_ne!(template_hash(&one, 0), template_hash(&one, 1));
        assert_ne!(template_hash(&one, 0), template_hash(&json!({"a": 1, "b": ["y"]}), 0));
        assert!(template_hash(&one, 0).bytes().all(|c| ALPHABET.contains(&c)));
    }
}
