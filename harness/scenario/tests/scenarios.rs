//! Every scenario of the repository passes the check, and has a name of its own.

use std::path::PathBuf;

use scenario::Given;

#[test]
fn all_scenarios_pass_the_check() {
    let found = scenario::discover::discover(&[PathBuf::from("../../scenarios")]).unwrap();
    let mut faults = String::new();
    let mut names = std::collections::BTreeMap::new();
    for path in &found {
        match scenario::load_all(path, &Given::default()) {
            Ok(cells) => {
                for loaded in cells {
                    if let Some(other) = names.insert(loaded.scenario.metadata.name.value, path) {
                        faults += &format!("{} and {} have the same name\n", path.display(), other.display());
                    }
                }
            }
            Err(invalid) => faults += &format!("{invalid}\n\n"),
        }
    }
    assert!(faults.is_empty(), "{faults}");
}
