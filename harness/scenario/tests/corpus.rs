//! Files that must be accepted, and files that must be refused with exactly the stored diagnostics.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};

fn files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(Path::new("tests").join(folder)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn name(path: &Path) -> String {
    path.file_stem().unwrap().to_string_lossy().into_owned()
}

#[test]
fn valid() {
    for path in files("valid") {
        let loaded = scenario::load(&path).unwrap_or_else(|invalid| panic!("{}:\n{invalid}", path.display()));
        // What was read, defaults filled in.
        insta::assert_snapshot!(format!("valid-{}", name(&path)), yaml::emit::to_string(&loaded.scenario).unwrap());
        let lines: Vec<String> = loaded.scenario.steps.iter().map(|step| step.verb.to_string()).collect();
        insta::assert_snapshot!(format!("steps-{}", name(&path)), lines.join("\n"));
    }
}

#[test]
fn invalid() {
    for path in files("invalid") {
        let invalid = scenario::load(&path).expect_err(&path.display().to_string());
        insta::assert_snapshot!(format!("invalid-{}", name(&path)), invalid);
    }
}
