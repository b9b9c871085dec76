//! Sets of fields, as tries.

use std::collections::BTreeMap;
use std::fmt;

use super::sorted::Sorted;
use crate::value::{Text, Value};

use crate::schema::Node;

/// One step of a path. Keys and values are kept as canonical JSON, so that elements compare and sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PathElement {
    /// A field or a key of a map.
    Field(Text),
    /// The item of a map list with these keys, a JSON object.
    Key(Text),
    /// The item of a set with this value.
    Value(Text),
    /// The item at this place.
    Index(usize),
}

impl fmt::Display for PathElement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PathElement::Field(name) => write!(f, ".{name}"),
            PathElement::Key(keys) => {
                let keys: BTreeMap<String, Value> = serde_json::from_str(keys).unwrap_or_default();
                for (index, (name, value)) in keys.iter().enumerate() {
                    f.write_str(if index == 0 { "[" } else { "," })?;
                    write!(f, "{name}={value}")?;
                }
                f.write_str("]")
            }
            PathElement::Value(value) => write!(f, "[={value}]"),
            PathElement::Index(index) => write!(f, "[{index}]"),
        }
    }
}

/// A set of paths. A path in the set does not imply those below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct FieldSet {
    members: Sorted<PathElement, ()>,
    children: Sorted<PathElement, FieldSet>,
}

impl FieldSet {
    /// Whether no path is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty() && self.children.is_empty()
    }

    /// Number of paths.
    pub(crate) fn len(&self) -> usize {
        self.members.len() + self.children.iter().map(|(_, set)| set.len()).sum::<usize>()
    }

    /// Adds the path that ends here.
    pub(crate) fn insert(&mut self, element: PathElement) {
        self.members.insert(element, ());
    }

    /// Adds paths below `element`.
    pub(crate) fn insert_below(&mut self, element: PathElement, set: FieldSet) {
        if set.is_empty() {
            return;
        }
        match self.children.get_mut(&element) {
            Some(child) => child.union_with(set),
            None => self.children.insert(element, set),
        }
    }

    /// The set with one path of fields.
    pub(crate) fn of_path(path: &[&str]) -> FieldSet {
        let mut set = FieldSet::default();
        if let [first, rest @ ..] = path {
            let element = PathElement::Field((*first).into());
            if rest.is_empty() {
                set.insert(element);
            } else {
                set.insert_below(element, FieldSet::of_path(rest));
            }
        }
        set
    }

    /// Whether the path of this one element is in the set.
    pub(crate) fn has(&self, element: &PathElement) -> bool {
        self.members.get(element).is_some()
    }

    /// The paths below an element.
    pub(crate) fn below(&self, element: &PathElement) -> Option<&FieldSet> {
        self.children.get(element)
    }

    /// At most so many elements are at this level.
    pub(super) fn len_here(&self) -> usize {
        self.members.len() + self.children.len()
    }

    /// Paths that end at this level, in order.
    pub(super) fn members(&self) -> impl Iterator<Item = &PathElement> {
        self.members.iter().map(|(element, ())| element)
    }

    /// What is below this level, in order.
    pub(super) fn children(&self) -> impl Iterator<Item = (&PathElement, &FieldSet)> {
        self.children.iter()
    }

    /// Adds every path of `other`.
    pub(crate) fn union_with(&mut self, other: FieldSet) {
        self.members.merge(other.members, |(), ()| ());
        self.children.merge(other.children, FieldSet::union_with);
    }

    /// Paths of both sets.
    pub(crate) fn union(mut self, other: &FieldSet) -> FieldSet {
        self.union_with(other.clone());
        self
    }

    /// Paths of this set that are not in the other.
    pub(crate) fn difference(&self, other: &FieldSet) -> FieldSet {
        FieldSet {
            members: self.members_where(|element| !other.has(element)),
            children: self.map_children(|element, set| match other.children.get(element) {
                Some(other) => set.difference(other),
                None => set.clone(),
            }),
        }
    }

    /// Removes the paths of `other`; costs what `other` is large.
    pub(crate) fn remove(&mut self, other: &FieldSet) {
        if self.is_empty() {
            return;
        }
        for element in other.members() {
            self.members.remove(element);
        }
        for (element, other) in other.children() {
            if let Some(set) = self.children.get_mut(element) {
                set.remove(other);
                if set.is_empty() {
                    self.children.remove(element);
                }
            }
        }
    }

    /// Removes the paths of `other` and what is below them; costs what `other` is large.
    pub(crate) fn remove_all(&mut self, other: &FieldSet) {
        if self.is_empty() {
            return;
        }
        for element in other.members() {
            self.members.remove(element);
            self.children.remove(element);
        }
        for (element, other) in other.children() {
            if let Some(set) = self.children.get_mut(element) {
                set.remove_all(other);
                if set.is_empty() {
                    self.children.remove(element);
                }
            }
        }
    }

    /// Paths of this set that are neither in the other nor below one of its paths.
    pub(crate) fn recursive_difference(&self, other: &FieldSet) -> FieldSet {
        FieldSet {
            members: self.members_where(|element| !other.has(element)),
            children: self.map_children(|element, set| {
                if other.has(element) {
                    return FieldSet::default();
                }
                match other.children.get(element) {
                    Some(other) => set.recursive_difference(other),
                    None => set.clone(),
                }
            }),
        }
    }

    /// Paths in both sets.
    pub(crate) fn intersection(&self, other: &FieldSet) -> FieldSet {
        FieldSet {
            members: self.members_where(|element| other.has(element)),
            children: self.map_children(|element, set| match other.children.get(element) {
                Some(other) => set.intersection(other),
                None => FieldSet::default(),
            }),
        }
    }

    /// The set with every declared field that has paths below it as a path itself: an object is managed by whoever
    /// manages something in it. Keys of maps and items of lists are not added.
    pub(crate) fn with_declared_parents(&self, schema: &Node) -> FieldSet {
        let mut members = self.members.clone();
        let object = schema.as_object();
        let children = self
            .children
            .iter()
            .map(|(element, set)| {
                let node = match element {
                    PathElement::Field(name) => {
                        if object.is_some_and(|object| object.fields.contains_key(name.as_str())) {
                            members.insert(element.clone(), ());
                        }
                        schema.field(name).0
                    }
                    _ => match schema.resolve() {
                        Node::List(list) => &list.items,
                        _ => &Node::Any,
                    },
                };
                (element.clone(), set.with_declared_parents(node))
            })
            .collect();
        FieldSet { members, children }
    }

    /// Every path, as messages print it.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::with_capacity(self.len());
        self.collect_paths(&mut String::new(), &mut paths);
        paths
    }

    fn collect_paths(&self, prefix: &mut String, paths: &mut Vec<String>) {
        for element in self.members() {
            paths.push(format!("{prefix}{element}"));
        }
        for (element, set) in self.children() {
            let length = prefix.len();
            prefix.push_str(&element.to_string());
            set.collect_paths(prefix, paths);
            prefix.truncate(length);
        }
    }

    fn members_where(&self, keep: impl Fn(&PathElement) -> bool) -> Sorted<PathElement, ()> {
        self.members()
            .filter(|element| keep(element))
            .map(|element| (element.clone(), ()))
            .collect()
    }

    fn map_children(&self, map: impl Fn(&PathElement, &FieldSet) -> FieldSet) -> Sorted<PathElement, FieldSet> {
        self.children
            .iter()
            .map(|(element, set)| (element.clone(), map(element, set)))
            .filter(|(_, set)| !set.is_empty())
            .collect()
    }
}
