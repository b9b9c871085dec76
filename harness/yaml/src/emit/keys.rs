//! The order of mapping keys: go-yaml's "natural" one, in which `a2` stands before `a10`.

use std::cmp::Ordering;

use serde_json::{Map, Value};

/// The entries in go-yaml's order.
pub(super) fn sorted(map: &Map<String, Value>) -> Vec<(&String, &Value)> {
    // Go's order is not transitive (10a < 1a < 2 < 10a), at which the standard library's sort would panic.
    let mut entries: Vec<(&String, &Value)> = Vec::with_capacity(map.len());
    for entry in map {
        let place = entries.partition_point(|(key, _)| compare(key, entry.0).is_lt());
        entries.insert(place, entry);
    }
    entries
}

/// At the first difference: two letters by code point, a letter after anything else, otherwise numbers by value, then by
/// length, then by character. A prefix comes first.
fn compare(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => return a[at].cmp(&b[at]),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    // With a zero at the difference, significant digits before it must not be forgotten.
    let inside_number = (a[at] == '0' || b[at] == '0') && a[..at].iter().rev().take_while(|c| c.is_numeric()).any(|digit| *digit != '0');
    let (a_value, a_end) = number(&a, at, inside_number);
    let (b_value, b_end) = number(&b, at, inside_number);
    a_value.cmp(&b_value).then(a_end.cmp(&b_end)).then(a[at].cmp(&b[at]))
}

/// The number that starts at `at` (after a 1 when inside a longer number) and where it ends.
fn number(text: &[char], at: usize, inside: bool) -> (i64, usize) {
    let digits = text[at..].iter().take_while(|c| c.is_numeric());
    let value = digits.clone().fold(i64::from(inside), |value, digit| {
        value
            .wrapping_mul(10)
            .wrapping_add(i64::from(u32::from(*digit)) - i64::from(u32::from('0')))
    });
    (value, at + digits.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_order() {
        let expected = [
            "", "-x", "_y", "1", "2", "10", "10a", "A", "a", "a b", "a-b", "a_b", "a1", "a1-", "a1b", "a01", "a2", "a10", "aB", "ä",
        ];
        let map: Map<String, Value> = expected.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
        let keys: Vec<&str> = sorted(&map).into_iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, expected);
    }
}
