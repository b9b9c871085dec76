//! The emitter writes what Helm's `toYaml` writes.

use serde_json::Value;

#[test]
fn same_as_helm() {
    let table = std::fs::read_to_string("tests/data/helm-toyaml.jsonl").unwrap();
    let mut rows = 0;
    for line in table.lines() {
        let (value, expected): (Value, String) = serde_json::from_str(line).unwrap();
        // Helm trims the final newline.
        let written = yaml::emit::document(&value);
        assert_eq!(written.strip_suffix('\n').unwrap(), expected, "{value}");
        rows += 1;
    }
    assert!(rows > 300);
}
