//! Which volume fits a claim.

use std::sync::Arc;

use crate::controllers::fields::Fields;
use crate::controllers::runtime::Key;
use crate::controllers::selector;
use crate::object::Object;
use crate::schema::quantity::Quantity;

/// The claim that a volume is bound to or kept for.
pub(super) fn claim_of(volume: &Object) -> Option<Key> {
    let claim = volume.at("/spec/claimRef");
    let key = Key::new(claim.str_at("/namespace"), claim.str_at("/name"));
    (!key.name.is_empty()).then_some(key)
}

/// Whether a volume is bound to or kept for this claim, and for no earlier one of its name.
pub(super) fn is_kept_for(volume: &Object, claim: &Object) -> bool {
    let uid = volume.str_at("/spec/claimRef/uid");
    claim_of(volume).is_some_and(|key| key == Key::of(claim)) && (uid.is_empty() || uid == claim.uid())
}

/// The best volume for a claim: one that is kept for it, else the smallest that is large enough.
pub(super) fn best(volumes: &[Arc<Object>], claim: &Object) -> Option<Arc<Object>> {
    let kept = volumes.iter().find(|volume| is_kept_for(volume, claim));
    let free = || {
        let fitting = volumes.iter().filter(|volume| claim_of(volume).is_none() && fits(volume, claim));
        fitting.min_by_key(|volume| capacity(volume))
    };
    kept.or_else(free).cloned()
}

fn fits(volume: &Object, claim: &Object) -> bool {
    let same = |pointer: &str| volume.str_at(pointer) == claim.str_at(pointer);
    let has = volume.list_at("/spec/accessModes");
    let modes = claim.list_at("/spec/accessModes").iter().all(|mode| has.contains(mode));
    let wanted = claim.at("/spec/selector");
    let selected = wanted.is_null() || selector::matches(wanted, volume.labels());
    volume.deletion_timestamp().is_none()
        && volume.str_at("/status/phase") == "Available"
        && same("/spec/storageClassName")
        && same("/spec/volumeMode")
        && modes
        && selected
        && capacity(volume) >= amount(claim.str_at("/spec/resources/requests/storage"))
}

fn capacity(volume: &Object) -> i128 {
    amount(volume.str_at("/spec/capacity/storage"))
}

fn amount(text: &str) -> i128 {
    Quantity::parse(text).map_or(0, |quantity| quantity.nano)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::value::{Value, json};

    fn volume(name: &str, size: &str, class: &str, claim: Value) -> Arc<Object> {
        let spec = json!({
            "capacity": {"storage": size}, "accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "storageClassName": class,
            "volumeMode": "Filesystem", "claimRef": claim,
        });
        let metadata = json!({"name": name, "labels": {"disk": name}});
        Arc::new(Object::new(
            json!({"metadata": metadata, "spec": spec, "status": {"phase": "Available"}}),
        ))
    }

    #[rstest]
    #[case::smallest(json!({}), Some("medium"))]
    #[case::too_large(json!({"resources": {"requests": {"storage": "9Gi"}}}), None)]
    #[case::selected(json!({"selector": {"matchLabels": {"disk": "large"}}}), Some("large"))]
    #[case::class(json!({"storageClassName": "fast"}), Some("fast"))]
    #[case::mode(json!({"accessModes": ["ReadWriteMany"]}), None)]
    #[case::block(json!({"volumeMode": "Block"}), None)]
    fn smallest_that_fits(#[case] differs: Value, #[case] expected: Option<&str>) {
        let taken = json!({"namespace": "ns", "name": "other", "uid": "2"});
        let volumes = [
            volume("small", "1Gi", "", Value::Null),
            volume("large", "8Gi", "", Value::Null),
            volume("medium", "4Gi", "", Value::Null),
            volume("fast", "8Gi", "fast", Value::Null),
            volume("taken", "2Gi", "", taken),
        ];
        let mut claim = json!({
            "metadata": {"namespace": "ns", "name": "c", "uid": "1"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}, "volumeMode": "Filesystem"},
        });
        for (field, value) in differs.as_object().into_iter().flatten() {
            claim["spec"][field.as_str()] = value.clone();
        }
        let found = best(&volumes, &Object::new(claim));
        assert_eq!(found.as_ref().map(|volume| volume.name()), expected);
    }

    #[rstest]
    #[case::kept(json!({"namespace": "ns", "name": "c"}), true)]
    #[case::bound(json!({"namespace": "ns", "name": "c", "uid": "1"}), true)]
    #[case::of_an_earlier_one(json!({"namespace": "ns", "name": "c", "uid": "0"}), false)]
    #[case::of_another(json!({"namespace": "ns", "name": "d"}), false)]
    fn kept_volumes(#[case] reference: Value, #[case] expected: bool) {
        let claim = Object::new(json!({"metadata": {"namespace": "ns", "name": "c", "uid": "1"}}));
        assert_eq!(is_kept_for(&volume("v", "1Gi", "", reference), &claim), expected);
    }
}
