//! Pruning: what a schema does not declare goes.

use crate::value::{Map, Value};

use super::props::Props;
use crate::schema::builtin;
use crate::schema::decode::{self as types, DecodeError};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
const OF_EVERY_OBJECT: [&str; 3] = ["apiVersion", "kind", "metadata"];

pub(super) fn decode(root: &Props, object: &mut Value) -> Result<Vec<String>, DecodeError> {
    let mut walk = Walk::default();
    walk.prune(root, object, true);
    for pointer in std::iter::once(String::new()).chain(std::mem::take(&mut walk.embedded)) {
        metadata(object, &pointer, &mut walk.pruned)?;
    }
    Ok(walk.pruned)
}

/// Checks the metadata of the object at `pointer`.
fn metadata(object: &mut Value, pointer: &str, pruned: &mut Vec<String>) -> Result<(), DecodeError> {
    let (Some(schema), Some(object)) = (builtin().of_name(OBJECT_META), object.pointer_mut(pointer)) else {
        return Ok(());
    };
    let Some(metadata) = object.get_mut("metadata").filter(|metadata| !metadata.is_null()) else {
        return Ok(());
    };
    let path = path_of(pointer);
    pruned.extend(
        types::check(schema, metadata)?
            .into_iter()
            .map(|field| format!("{path}metadata.{field}")),
    );
    Ok(())
}

/// `/spec/emb` is `spec.emb.`, with indices in brackets.
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) {
            path.pop();
            path.push_str(&format!("[{part}]."));
        } else {
            path.push_str(&format!("{}.", part.replace("~1", "/").replace("~0", "~")));
        }
    }
    path
}

#[derive(Default)]
struct Walk {
    path: String,
    pointer: String,
    pruned: Vec<String>,
    /// Pointers of embedded resources.
    embedded: Vec<String>,
}

impl Walk {
    fn prune(&mut self, props: &Props, value: &mut Value, resource: bool) {
        match value {
            Value::Object(object) => {
                if !resource && props.embedded {
                    self.embedded.push(self.pointer.clone());
                }
                self.object(props, object, resource || props.embedded);
            }
            Value::Array(items) => {
                if let Some(props) = &props.items {
                    for (index, item) in items.iter_mut().enumerate() {
                        self.inside(&format!("[{index}]"), &format!("/{index}"), |walk| walk.prune(props, item, false));
                    }
                }
            }
            _ => {}
        }
    }

    fn object(&mut self, props: &Props, object: &mut Map, resource: bool) {
        let mut removed = Vec::new();
        for (name, value) in object.iter_mut() {
            let separator = if self.path.is_empty() { "" } else { "." };
            let step = format!("{separator}{name}");
            let pointer = format!("/{}", name.replace('~', "~0").replace('/', "~1"));
            if resource && OF_EVERY_OBJECT.contains(&name.as_str()) {
                continue;
            }
            match props.properties.get(name.as_str()).or(props.map_values()) {
                Some(props) => self.inside(&step, &pointer, |walk| walk.prune(props, value, false)),
                None if props.preserves() || props.kind.is_empty() => {}
                None => {
                    self.pruned.push(format!("{}{step}", self.path));
                    removed.push(name.clone());
                }
            }
        }
        for name in removed {
            object.remove(&name);
        }
    }

    fn inside(&mut self, step: &str, pointer: &str, walk: impl FnOnce(&mut Self)) {
        let lengths = (self.path.len(), self.pointer.len());
        self.path.push_str(step);
        self.pointer.push_str(pointer);
        walk(self);
        self.path.truncate(lengths.0);
        self.pointer.truncate(lengths.1);
    }
}
