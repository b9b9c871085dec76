//! The cluster's objects as the watches tell them, indexed by what controllers look for.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use smol_str::SmolStr;

use crate::controllers::fields::Fields;
use crate::controllers::resources::{PODS, REPLICA_SETS};
use crate::object::Object;
use crate::resource::Resource;

/// Namespace and name of an object; the namespace is empty for cluster-scoped ones.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    /// Namespace, or empty.
    pub(crate) namespace: SmolStr,
    /// Name.
    pub(crate) name: SmolStr,
}

impl Key {
    /// A key from its parts.
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The key of an object.
    pub(crate) fn of(object: &Object) -> Self {
        Self::new(object.namespace().unwrap_or_default(), object.name())
    }

    /// The namespace as the client takes it.
    pub(crate) fn scope(&self) -> Option<&str> {
        Some(self.namespace.as_str()).filter(|namespace| !namespace.is_empty())
    }
}

/// One change of one object, with the state before it.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    /// The object's type.
    pub(crate) resource: Resource,
    /// The latest state; of a deleted object, the last one.
    pub(crate) object: Arc<Object>,
    /// Before; none for a new object.
    pub(crate) old: Option<Arc<Object>>,
    /// Whether the object was deleted.
    pub(crate) gone: bool,
}

impl Change {
    fn put(resource: &Resource, object: Arc<Object>, old: Option<Arc<Object>>) -> Self {
        Self {
            resource: resource.clone(),
            object,
            old,
            gone: false,
        }
    }

    fn removed(resource: &Resource, last: Arc<Object>, old: Option<Arc<Object>>) -> Self {
        Self {
            resource: resource.clone(),
            object: last,
            old,
            gone: true,
        }
    }

    /// Whether it is about an object of this type.
    pub(crate) fn is(&self, resource: &Resource) -> bool {
        self.resource == *resource
    }

    /// The state after it; none when the object was deleted.
    pub(crate) fn new_state(&self) -> Option<&Object> {
        (!self.gone).then_some(&*self.object)
    }

    /// The object's key.
    pub(crate) fn key(&self) -> Key {
        Key::of(&self.object)
    }

    /// Old and new state, as far as there are.
    pub(crate) fn states(&self) -> impl Iterator<Item = &Arc<Object>> {
        self.old.iter().chain([&self.object])
    }

    /// Keys of the controllers of kind `kind` that own or owned the object.
    pub(crate) fn controllers(&self, kind: &str) -> Vec<Key> {
        let mut keys: Vec<Key> = self
            .states()
            .filter_map(|object| Some((object, object.controller().filter(|owner| owner.kind == kind)?)))
            .map(|(object, owner)| Key::new(object.namespace().unwrap_or_default(), &owner.name))
            .collect();
        keys.dedup();
        keys
    }
}

type Place = (Resource, Key);

const OWNERS: &str = "/metadata/ownerReferences";

#[derive(Default)]
struct Indexes {
    objects: BTreeMap<Resource, BTreeMap<Key, Arc<Object>>>,
    /// Where an object is, by uid.
    places: HashMap<String, Place>,
    /// Dependents, by the owner's uid.
    dependents: HashMap<String, BTreeSet<Place>>,
    /// Pods and replica sets without controller, by namespace: what controllers may adopt.
    adoptable: BTreeMap<(Resource, SmolStr), BTreeSet<Key>>,
}

/// A cache of all watched objects. Reading never waits.
#[derive(Default)]
pub(crate) struct Cache {
    indexes: Mutex<Indexes>,
}

impl Cache {
    fn lock(&self) -> MutexGuard<'_, Indexes> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an object's new state in, and answers what changed.
    pub(crate) fn put(&self, resource: &Resource, object: Arc<Object>) -> Change {
        let mut indexes = self.lock();
        let key = Key::of(&object);
        let old = indexes
            .objects
            .entry(resource.clone())
            .or_default()
            .insert(key.clone(), object.clone());
        indexes.relink(resource, &key, old.as_deref(), &object);
        Change::put(resource, object, old)
    }

    /// Drops a deleted object; `last` is its last state.
    pub(crate) fn remove(&self, resource: &Resource, last: Arc<Object>) -> Change {
        let mut indexes = self.lock();
        let key = Key::of(&last);
        let old = indexes.objects.get_mut(resource).and_then(|objects| objects.remove(&key));
        if let Some(old) = &old {
            indexes.unlink(resource, &key, old);
        }
        Change::removed(resource, last, old)
    }

    /// Makes a type's objects those of a list, and answers what changed.
    pub(crate) fn replace(&self, resource: &Resource, items: Vec<Arc<Object>>) -> Vec<Change> {
        let mut indexes = self.lock();
        let mut before = indexes.objects.remove(resource).unwrap_or_default();
        let now: BTreeMap<Key, Arc<Object>> = items.into_iter().map(|object| (Key::of(&object), object)).collect();
        let mut changes = Vec::with_capacity(now.len());
        for (key, object) in &now {
            let old = before.remove(key);
            if old.as_ref().is_none_or(|old| old.revision() != object.revision()) {
                indexes.relink(resource, key, old.as_deref(), object);
                changes.push(Change::put(resource, object.clone(), old));
            }
        }
        let gone = before.into_iter().map(|(key, object)| {
            indexes.unlink(resource, &key, &object);
            Change::removed(resource, object.clone(), Some(object))
        });
        let gone: Vec<Change> = gone.collect();
        indexes.objects.insert(resource.clone(), now);
        gone.into_iter().chain(changes).collect()
    }

    /// One object.
    pub(crate) fn get(&self, resource: &Resource, key: &Key) -> Option<Arc<Object>> {
        self.lock().objects.get(resource)?.get(key).cloned()
    }

    /// All objects of a type, sorted by namespace and name.
    pub(crate) fn all(&self, resource: &Resource) -> Vec<Arc<Object>> {
        self.lock()
            .objects
            .get(resource)
            .into_iter()
            .flat_map(BTreeMap::values)
            .cloned()
            .collect()
    }

    /// All objects of a type in a namespace, sorted by name.
    pub(crate) fn in_namespace(&self, resource: &Resource, namespace: &str) -> Vec<Arc<Object>> {
        let indexes = self.lock();
        let Some(objects) = indexes.objects.get(resource) else {
            return Vec::new();
        };
        let from = objects.range(Key::new(namespace, "")..);
        from.take_while(|(key, _)| key.namespace == namespace)
            .map(|(_, object)| object.clone())
            .collect()
    }

    /// The types that have objects in a namespace.
    pub(crate) fn types_in_namespace(&self, namespace: &str) -> Vec<Resource> {
        let first = Key::new(namespace, "");
        let holds =
            |objects: &BTreeMap<Key, Arc<Object>>| objects.range(&first..).next().is_some_and(|(key, _)| key.namespace == namespace);
        let indexes = self.lock();
        indexes
            .objects
            .iter()
            .filter(|(_, objects)| holds(objects))
            .map(|(resource, _)| resource.clone())
            .collect()
    }

    /// The object with a uid, and its type.
    pub(crate) fn by_uid(&self, uid: &str) -> Option<(Resource, Arc<Object>)> {
        let indexes = self.lock();
        indexes.find(indexes.places.get(uid)?)
    }

    /// All objects that name `uid` as an owner.
    pub(crate) fn dependents(&self, uid: &str) -> Vec<(Resource, Arc<Object>)> {
        let indexes = self.lock();
        indexes
            .dependents
            .get(uid)
            .into_iter()
            .flatten()
            .filter_map(|place| indexes.find(place))
            .collect()
    }

    /// Objects of a type whose controller is `uid`.
    pub(crate) fn controlled(&self, resource: &Resource, uid: &str) -> Vec<Arc<Object>> {
        let of_type = self
            .dependents(uid)
            .into_iter()
            .filter(|(r, _)| r == resource)
            .map(|(_, object)| object);
        of_type
            .filter(|object| object.controller().is_some_and(|owner| owner.uid == uid))
            .collect()
    }

    /// Pods or replica sets of a namespace that have no controller.
    pub(crate) fn adoptable(&self, resource: &Resource, namespace: &str) -> Vec<Arc<Object>> {
        let indexes = self.lock();
        let keys = indexes.adoptable.get(&(resource.clone(), namespace.into()));
        let objects = indexes.objects.get(resource);
        keys.into_iter().flatten().filter_map(|key| objects?.get(key).cloned()).collect()
    }
}

impl Indexes {
    fn find(&self, (resource, key): &Place) -> Option<(Resource, Arc<Object>)> {
        Some((resource.clone(), self.objects.get(resource)?.get(key)?.clone()))
    }

    /// Follows an object from one state to the next. Most changes leave alone what the indexes go by.
    fn relink(&mut self, resource: &Resource, key: &Key, old: Option<&Object>, object: &Object) {
        if let Some(old) = old {
            if old.uid() == object.uid() && old.at(OWNERS) == object.at(OWNERS) {
                return;
            }
            self.unlink(resource, key, old);
        }
        self.link(resource, key, object);
    }

    fn link(&mut self, resource: &Resource, key: &Key, object: &Object) {
        let place = (resource.clone(), key.clone());
        for owner in owners(object) {
            self.dependents.entry(owner.to_owned()).or_default().insert(place.clone());
        }
        self.places.insert(object.uid().to_owned(), place);
        if is_adoptable(resource, object) {
            self.adoptable
                .entry((resource.clone(), key.namespace.clone()))
                .or_default()
                .insert(key.clone());
        }
    }

    fn unlink(&mut self, resource: &Resource, key: &Key, object: &Object) {
        let place = (resource.clone(), key.clone());
        for owner in owners(object) {
            if let Some(places) = self.dependents.get_mut(owner) {
                places.remove(&place);
                if places.is_empty() {
                    self.dependents.remove(owner);
                }
            }
        }
        self.places.remove(object.uid());
        if is_adoptable(resource, object) {
            let namespace = (resource.clone(), key.namespace.clone());
            if let Some(keys) = self.adoptable.get_mut(&namespace) {
                keys.remove(key);
                if keys.is_empty() {
                    self.adoptable.remove(&namespace);
                }
            }
        }
    }
}

/// Uids of an object's owners.
fn owners(object: &Object) -> impl Iterator<Item = &str> {
    object.list_at(OWNERS).iter().map(|owner| owner.str_at("/uid"))
}

fn is_adoptable(resource: &Resource, object: &Object) -> bool {
    (*resource == PODS || *resource == REPLICA_SETS) && object.controller().is_none()
}
