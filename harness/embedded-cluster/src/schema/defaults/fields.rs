//! Short ways to fill in fields.

use crate::value::{Map, Value};

/// Fields of an object, as the rules of this folder use them.
pub(super) trait Fields {
    /// Sets an absent field.
    fn default(&mut self, name: &str, value: impl Into<Value>);
    /// The object in a field, if there is one.
    fn object(&mut self, name: &str) -> Option<&mut Map>;
    /// The object in a field, created if absent.
    fn object_or_new(&mut self, name: &str) -> &mut Map;
    /// Calls `rule` with every object of a list.
    fn each(&mut self, name: &str, rule: impl FnMut(&mut Map));
    /// A text, `""` if absent.
    fn text(&self, name: &str) -> &str;
    /// Whether a field is there.
    fn has(&self, name: &str) -> bool;
}

impl Fields for Map {
    fn default(&mut self, name: &str, value: impl Into<Value>) {
        if !self.has(name) {
            self.insert(name.to_owned(), value.into());
        }
    }

    fn object(&mut self, name: &str) -> Option<&mut Map> {
        self.get_mut(name)?.as_object_mut()
    }

    fn object_or_new(&mut self, name: &str) -> &mut Map {
        let value = self.entry(name).or_insert(Value::Null);
        if !value.is_object() {
            *value = Value::Object(Map::new());
        }
        match value {
            Value::Object(object) => object,
            _ => unreachable!("it was made an object above"),
        }
    }

    fn each(&mut self, name: &str, rule: impl FnMut(&mut Map)) {
        if let Some(Value::Array(items)) = self.get_mut(name) {
            items.iter_mut().filter_map(Value::as_object_mut).for_each(rule);
        }
    }

    fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !value.is_null())
    }
}
