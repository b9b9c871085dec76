//! The table's cases about behaviour, run against the reference planes: programs in pods of embedded clusters, in virtual time.
//!
//! One module for each kind. Every field of a case is either looked at or refused: the structures deny what they do not know.

#![expect(clippy::unwrap_used, reason = "tests")]

mod attribute_api;
mod bench;
mod create;
mod datacatalog;
mod event;
mod nodes;
mod plane;
mod propeller;
mod recorder;
mod recordings;
mod startup;
mod switches;
mod sync;
mod table;
mod terminate;
mod traces;

/// Which test looks at how many cases of each kind.
#[test]
fn every_case_of_the_table_has_a_test() {
    let mut found = std::collections::BTreeMap::<String, usize>::new();
    for case in table::all() {
        *found.entry(table::group(&case)).or_default() += 1;
    }
    let expected = [
        ("attribute_api", 14),
        ("create", 15),
        ("distribution", 5),
        ("event", 21),
        // The chart is rendered by the tests of `chart`.
        ("helm", 1),
        ("lookup", 8),
        ("parse", 9),
        ("place", 62),
        ("propeller", 9),
        ("startup", 11),
        ("startup with a fault", 13),
        ("sync", 13),
        ("terminate", 10),
    ];
    let expected = expected.map(|(kind, count)| (kind.to_owned(), count)).into();
    assert_eq!(found, expected);
    assert_eq!(found.values().sum::<usize>(), 191);
}
