//! What the doubles share: a folder beside the `bin` that they are called from.
//!
//! `calls.jsonl` has every call, `clusters/` and `networks/` what there is. `script/<command>` holds names of recordings, one a line, that the
//! next calls of that command answer with; `hang` stands for one that does not come to an end.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;

/// The doubles' world.
pub(crate) struct World(PathBuf);

impl World {
    /// The world beside a bench's `bin`.
    pub(crate) fn at(root: &Path) -> Self {
        Self(root.to_owned())
    }

    /// The world of the double that is running.
    pub(crate) fn of_double() -> Self {
        let program = PathBuf::from(std::env::args().next().unwrap());
        Self(program.parent().unwrap().parent().unwrap().to_owned())
    }

    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// Notes a call, with what the ledgers say at that moment.
    pub(crate) fn call(&self, program: &str) {
        let args: Vec<String> = std::env::args().skip(1).collect();
        let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
        let ledger: String = entries(&self.0.join("state/ledger"))
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
            .collect();
        let network = std::env::var("KIND_EXPERIMENTAL_DOCKER_NETWORK").ok();
        let call = json!({"program": program, "args": args, "env": names, "ledger": ledger, "network": network});
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.0.join("calls.jsonl"))
            .unwrap();
        file.write_all(format!("{call}\n").as_bytes()).unwrap();
    }

    /// The next line of a command's script.
    pub(crate) fn scripted(&self, command: &str) -> Option<String> {
        // Doubles run side by side.
        let lock = fs::File::create(self.0.join("lock")).unwrap();
        lock.lock().unwrap();
        let file = self.0.join("script").join(command);
        let text = fs::read_to_string(&file).ok()?;
        let (first, rest) = text.split_once('\n')?;
        fs::write(file, rest).unwrap();
        Some(first.to_owned())
    }

    pub(crate) fn script(&self, command: &str, lines: &[&str]) {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::create_dir_all(self.0.join("script")).unwrap();
        fs::write(self.0.join("script").join(command), text).unwrap();
    }

    pub(crate) fn cluster(&self, name: &str) -> PathBuf {
        self.0.join("clusters").join(name)
    }

    /// The file with the address of a node's container.
    pub(crate) fn machine(&self, node: &str) -> PathBuf {
        self.0.join("machines").join(node)
    }

    pub(crate) fn network(&self, name: &str) -> PathBuf {
        self.0.join("networks").join(name)
    }

    pub(crate) fn clusters(&self) -> Vec<String> {
        names(&self.0.join("clusters"))
    }

    pub(crate) fn networks(&self) -> Vec<String> {
        names(&self.0.join("networks"))
    }
}

/// Paths in a folder, sorted; none where there is no folder.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

fn names(folder: &Path) -> Vec<String> {
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    entries(folder).iter().map(name).collect()
}
