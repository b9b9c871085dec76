//! FieldsV1 trees that are alike are one in memory.
//!
//! What managers of a kind's objects set is mostly the same, and would be the larger part of an object: all events of kubelets share one tree
//! here, and all pods of a Job most of theirs.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use crate::value::Map;

/// So many trees are remembered. Then it starts anew: what is in use is remembered again with its next copy.
const REMEMBERED: usize = 8192;

/// The trees seen last.
#[derive(Debug, Default)]
pub(crate) struct Shared(Mutex<HashMap<u64, Map>>);

impl Shared {
    /// A tree, or the one like it that there is. What is below it was shared before.
    pub(super) fn one(&self, tree: Map) -> Map {
        if tree.is_empty() {
            return tree;
        }
        let mut hasher = DefaultHasher::new();
        for (name, below) in &tree {
            name.hash(&mut hasher);
            below.as_object().map(Map::address).hash(&mut hasher);
        }
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.clear();
        }
        let like = known.entry(hasher.finish()).or_insert_with(|| tree.clone());
        if *like == tree { like.clone() } else { tree }
    }
}

#[cfg(test)]
mod tests {
    use super::Shared;
    use crate::schema::apply::FieldSet;
    use crate::value::json;

    #[test]
    fn trees_that_are_alike_are_one() {
        let shared = Shared::default();
        let tree = |name: &str| {
            let fields = json!({"f:spec": {"f:template": {".": {}, "f:a": {}}, name: {}}});
            FieldSet::from_fields_v1(&fields).to_fields_v1(&shared)
        };
        let (one, same, other) = (tree("f:x"), tree("f:x"), tree("f:y"));
        assert!(one.is_same(&same) && !one.is_same(&other));
        let template = "/f:spec/f:template";
        assert!(one.pointer(template).unwrap().is_same(other.pointer(template).unwrap()));
    }
}
