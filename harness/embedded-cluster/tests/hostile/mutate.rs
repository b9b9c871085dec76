//! Damages bytes and trees.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

/// Draws everything from one seed.
pub(crate) struct Mutator(ChaCha8Rng);

/// Pieces that mean something to some reader.
const PIECES: &[&[u8]] = &[
    b"null",
    b"true",
    b"-1",
    b"0",
    b"1e999",
    b"99999999999999999999",
    b"{}",
    b"[]",
    b"\"\"",
    b"{{",
    b"]",
    b",",
    b":",
    b"\\u0000",
    b"\\ud800",
    b"*",
    b"&a",
    b"*a",
    b"- ",
    b"\n",
    b"~0",
    b"~1",
    b"/-",
    b"/0",
    b"$patch",
    b"delete",
    b"replace",
    b"$setElementOrder/",
    b"$retainKeys",
    b"merge",
    b"metadata",
    b"managedFields",
    b"finalizers",
    b"generateName",
    b"resourceVersion",
    b"\xff",
    b"\x00",
    b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",
    b" in ",
    b" notin ",
    b"(",
    b")",
    b"!",
    b"=",
    b"!=",
    b"100%",
    b"1Ki",
    b"-0.5",
    b"2026-01-01T00:00:00Z",
    b"default",
];

impl Mutator {
    pub(crate) fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    pub(crate) fn below(&mut self, most: usize) -> usize {
        if most == 0 { 0 } else { self.0.random_range(0..most) }
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn piece(&mut self) -> &'static [u8] {
        PIECES[self.below(PIECES.len())]
    }

    /// Damages a body: as a tree where it is one, or as mere bytes.
    pub(crate) fn body(&mut self, body: &[u8], other: &[u8]) -> Vec<u8> {
        if self.below(3) > 0
            && let (Ok(mut tree), other) = (serde_json::from_slice::<Value>(body), serde_json::from_slice(other))
        {
            let other = other.unwrap_or_default();
            for _ in 0..=self.below(3) {
                self.tree(&mut tree, &other);
            }
            return tree.to_string().into_bytes();
        }
        let mut bytes = body.to_vec();
        for _ in 0..=self.below(4) {
            self.bytes(&mut bytes, other);
        }
        bytes
    }

    fn bytes(&mut self, bytes: &mut Vec<u8>, other: &[u8]) {
        let from = self.below(bytes.len() + 1);
        let to = (from + self.below(16)).min(bytes.len());
        match self.below(6) {
            0 if from < bytes.len() => bytes[from] ^= 1 << self.below(8),
            1 => drop(bytes.drain(from..to)),
            2 => {
                let piece: Vec<u8> = bytes[from..to].to_vec();
                let times = self.below(8);
                bytes.splice(to..to, piece.repeat(times));
            }
            3 => {
                let start = self.below(other.len());
                let end = (start + self.below(64)).min(other.len());
                bytes.splice(from..to, other[start..end].iter().copied());
            }
            4 => bytes.truncate(from),
            _ => {
                let piece = self.piece().to_vec();
                bytes.splice(from..to, piece);
            }
        }
    }

    /// Puts something else in a random place of a tree.
    fn tree(&mut self, tree: &mut Value, other: &Value) {
        let mut place = tree;
        while self.below(6) > 0 {
            let size = place
                .as_object()
                .map_or_else(|| place.as_array().map_or(0, Vec::len), serde_json::Map::len);
            if size == 0 {
                break;
            }
            let at = self.below(size);
            place = match place {
                Value::Array(list) => &mut list[at],
                Value::Object(fields) => fields.values_mut().nth(at).unwrap(),
                _ => unreachable!("it has parts"),
            };
        }
        match (self.below(8), &mut *place) {
            (0, Value::Object(fields)) if !fields.is_empty() => {
                let name = fields.keys().nth(self.below(fields.len())).cloned().unwrap();
                fields.remove(&name);
            }
            (1, Value::Object(fields)) if !fields.is_empty() => {
                let name = fields.keys().nth(self.below(fields.len())).cloned().unwrap();
                let value = fields.remove(&name).unwrap();
                fields.insert(String::from_utf8_lossy(self.piece()).into_owned(), value);
            }
            (2, Value::Array(list)) if !list.is_empty() => {
                let item = list[self.below(list.len())].clone();
                list.push(item);
            }
            (3, Value::String(text)) => {
                let mut bytes = std::mem::take(text).into_bytes();
                self.bytes(&mut bytes, b"abcdefghijklmnopqrstuvwxyz-./0123456789");
                *text = String::from_utf8_lossy(&bytes).into_owned();
            }
            (4, place) => *place = self.part(other),
            (_, place) => *place = self.leaf(),
        }
    }

    /// A random part of a tree.
    fn part(&mut self, tree: &Value) -> Value {
        let parts: Vec<&Value> = match tree {
            Value::Array(list) => list.iter().collect(),
            Value::Object(fields) => fields.values().collect(),
            _ => vec![],
        };
        if parts.is_empty() || self.below(3) == 0 {
            return tree.clone();
        }
        let part = *self.pick(&parts);
        self.part(part)
    }

    fn leaf(&mut self) -> Value {
        match self.below(12) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(0),
            3 => json!(-1),
            4 => json!(i64::MAX),
            5 => json!(i64::MIN),
            6 => json!(1.5e300),
            7 => json!({}),
            8 => json!([]),
            9 => json!("x".repeat(self.below(300))),
            10 => json!([{"name": "a"}, {"name": "a"}]),
            _ => String::from_utf8_lossy(self.piece()).into_owned().into(),
        }
    }
}
