//! What the real `kind` said.

use std::process::ExitCode;

use serde_json::Value;

const RECORDINGS: &str = include_str!("recordings.jsonl");

/// One recorded command.
pub(crate) struct Recording(Value);

impl Recording {
    /// The recording of this name.
    pub(crate) fn named(name: &str) -> Self {
        let mut records = RECORDINGS.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = records.find(|record| record["name"] == name);
        Self(found.unwrap_or_else(|| panic!("no recording {name}")))
    }

    /// Answers as recorded, with these texts in place of the recorded ones.
    pub(crate) fn answer(&self, replace: &[(&str, &str)]) -> ExitCode {
        let told = |field: &str| {
            let text = self.0[field].as_str().unwrap_or_default().to_owned();
            replace.iter().fold(text, |text, (from, to)| text.replace(from, to))
        };
        print!("{}", told("stdout"));
        eprint!("{}", told("stderr"));
        ExitCode::from(u8::try_from(self.0["exit"].as_u64().unwrap()).unwrap())
    }
}
