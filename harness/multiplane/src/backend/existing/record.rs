//! What one scenario has in one cluster, in files: all that clean-up needs, also after a SIGKILL.
//!
//! ```text
//! <run>/<scenario>/<cluster>/about.json    the run and the context
//!                            kubeconfig    this context and no other
//!                            before.jsonl  all objects that were there, written as a whole before anything is made
//!                            made.jsonl    what the run makes, each written before its request is sent
//! ```

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use kube::config::Kubeconfig;
use serde::{Deserialize, Serialize};

use super::contexts::Context;
use super::key::Key;
use super::listing::Listing;
use crate::backend::ledger::create_private;

/// Whose the cluster is, and which.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) run: String,
    pub(super) cluster: String,
    pub(super) context: String,
    pub(super) server: String,
}

/// The files of one cluster.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// The files in this folder.
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Begins them.
    pub(super) fn begin(path: &Path, about: &About, context: &Context) -> io::Result<Self> {
        create_private(path)?;
        let folder = Self(path.to_owned());
        let kubeconfig = yaml::emit::to_string(&context.kubeconfig).map_err(io::Error::other)?;
        write(&folder.kubeconfig(), kubeconfig.as_bytes())?;
        write(&path.join("about.json"), &serde_json::to_vec(about)?)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    fn kubeconfig(&self) -> PathBuf {
        self.0.join("kubeconfig")
    }

    /// What it is about; `None` if it never began.
    pub(super) fn about(&self) -> io::Result<Option<(About, Kubeconfig)>> {
        let text = match std::fs::read(self.0.join("about.json")) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        // A file that the machine's end cut short: nothing was made yet.
        let Ok(about) = serde_json::from_slice(&text) else {
            return Ok(None);
        };
        let kubeconfig = Kubeconfig::read_from(self.kubeconfig()).map_err(io::Error::other)?;
        Ok(Some((about, kubeconfig)))
    }

    /// Keeps what was there before. From then on things may be made.
    pub(super) fn keep_before(&self, listing: &Listing) -> io::Result<()> {
        let mut text = Vec::new();
        for key in listing.keys() {
            serde_json::to_writer(&mut text, key)?;
            text.push(b'\n');
        }
        let part = self.0.join("before.part");
        write(&part, &text)?;
        std::fs::rename(part, self.0.join("before.jsonl"))
    }

    /// What was there before; `None` if nothing was made yet.
    pub(super) fn before(&self) -> io::Result<Option<BTreeSet<Key>>> {
        Ok(read(&self.0.join("before.jsonl"))?.map(|keys| keys.into_iter().collect()))
    }

    /// What was made, in order.
    pub(super) fn made(&self) -> io::Result<Vec<Key>> {
        Ok(read(&self.0.join("made.jsonl"))?.unwrap_or_default())
    }

    /// The file that what is made is written to.
    pub(super) fn record(&self) -> io::Result<File> {
        OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(self.0.join("made.jsonl"))
    }
}

/// Writes down what is about to be made, so that it lasts.
pub(super) fn append(file: &mut File, key: &Key) -> io::Result<()> {
    let mut text = serde_json::to_vec(key)?;
    text.push(b'\n');
    file.write_all(&text)?;
    file.sync_data()
}

fn write(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_data()
}

/// Lines up to one that was cut short: its request was never sent.
fn read(path: &Path) -> io::Result<Option<Vec<Key>>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.lines().map_while(|line| serde_json::from_str(line).ok()).collect())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
