//! The command that runs a scenario again in the same way.

use std::collections::BTreeMap;

use crate::shell::word;

/// The command, ready to paste into a shell.
pub(super) fn command(file: &str, backend: &str, seed: u64, matrix: &BTreeMap<String, String>) -> String {
    let cell = matrix
        .iter()
        .map(|(key, value)| format!(" --matrix {}", word(&format!("{key}={value}"))));
    let cell: String = cell.collect();
    format!("multiplane run {} --backend {backend} --seed {seed}{cell}", word(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_split_is_quoted() {
        let cell = BTreeMap::from([("label".to_owned(), "it's".to_owned())]);
        let expected = r"multiplane run 'my tests/scenario.yaml' --backend embedded --seed 7 --matrix 'label=it'\''s'";
        assert_eq!(command("my tests/scenario.yaml", "embedded", 7, &cell), expected);
        let expected = "multiplane run a/scenario.yaml --backend kind --seed 0";
        assert_eq!(command("a/scenario.yaml", "kind", 0, &BTreeMap::new()), expected);
    }
}
