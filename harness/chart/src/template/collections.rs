//! Lists and dicts with their Go types, which `typeOf`, comparisons and parameters of functions tell apart.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Deref;
use std::rc::Rc;

use super::Value;

/// What a list's Go type says of its items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Items {
    /// `[]interface {}`
    Any,
    /// `[]string`
    Text,
    /// `[]int`
    Int,
    /// `[][]interface {}`
    Lists,
    /// `[]map[string]interface {}`
    Dicts,
}

/// A Go slice. It is never changed in place.
#[derive(Clone, Debug)]
pub(crate) struct List {
    items: Rc<Vec<Value>>,
    of: Items,
}

impl List {
    pub(crate) fn new(items: Vec<Value>, of: Items) -> Self {
        List { items: Rc::new(items), of }
    }

    pub(crate) fn of(&self) -> Items {
        self.of
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self.of {
            Items::Any => "[]interface {}",
            Items::Text => "[]string",
            Items::Int => "[]int",
            Items::Lists => "[][]interface {}",
            Items::Dicts => "[]map[string]interface {}",
        }
    }
}

impl Deref for List {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.items
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        self.of == other.of && self.items == other.items
    }
}

/// A dict's Go type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entries {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Text,
    /// `common.Values`: the same entries with methods. `.Values` and the top-level dict are.
    Values,
}

/// A Go map: clones share the same entries, so a change made through one variable
/// is seen through all.
#[derive(Clone, Debug)]
pub(crate) struct Map {
    entries: Rc<RefCell<BTreeMap<Rc<str>, Value>>>,
    of: Entries,
}

impl Map {
    pub(crate) fn new(entries: BTreeMap<Rc<str>, Value>, of: Entries) -> Self {
        Map {
            entries: Rc::new(RefCell::new(entries)),
            of,
        }
    }

    pub(crate) fn of(&self) -> Entries {
        self.of
    }

    /// The same entries under another type, as Go converts them.
    pub(crate) fn typed(&self, of: Entries) -> Self {
        Map {
            entries: Rc::clone(&self.entries),
            of,
        }
    }

    /// Both share their entries.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }

    pub(super) fn type_name(&self) -> &'static str {
        match self.of {
            Entries::Any => "map[string]interface {}",
            Entries::Text => "map[string]string",
            Entries::Values => "common.Values",
        }
    }
}

impl Deref for Map {
    type Target = RefCell<BTreeMap<Rc<str>, Value>>;

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.of == other.of && (self.same(other) || *self.borrow() == *other.borrow())
    }
}
