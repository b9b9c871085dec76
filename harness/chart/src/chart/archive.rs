//! Charts as one file, `tar` and `gzip`, as `helm package` writes them.

use std::io::{Read, Result as IoResult};
use std::path::{Component, Path};

use flate2::read::GzDecoder;

use super::load::Files;
use crate::error::Error;

/// What an archive may unpack to, in bytes, as in Helm.
const LIMIT: u64 = 100 << 20;

/// The chart's files, without the folder in which an archive has them.
pub(super) fn unpack(path: &Path, bytes: &[u8]) -> Result<Files, Error> {
    let files = entries(bytes).map_err(|error| Error::Chart {
        path: path.to_owned(),
        message: format!("not a packed chart: {error}"),
    })?;
    if files.is_empty() {
        return Err(Error::Chart {
            path: path.to_owned(),
            message: "no files in chart archive".into(),
        });
    }
    Ok(files)
}

fn entries(bytes: &[u8]) -> IoResult<Files> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(LIMIT));
    let mut files = Files::new();
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path()?.into_owned();
        let parts: Option<Vec<&str>> = path
            .components()
            .filter(|part| *part != Component::CurDir)
            .map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        let Some(parts) = parts else {
            return Err(std::io::Error::other(format!("{} leads out of the chart", path.display())));
        };
        if let [_, inside @ ..] = parts.as_slice()
            && !inside.is_empty()
        {
            let mut content = Vec::new();
            entry.read_to_end(&mut content)?;
            files.insert(inside.join("/"), content);
        }
    }
    Ok(files)
}
