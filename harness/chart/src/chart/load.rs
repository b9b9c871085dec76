//! Loading a chart: the files of a folder or an archive, sorted by what they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::ignore::Ignore;
use super::{Chart, ChartFile, Metadata, Schema, archive};
use crate::error::Error;

/// A chart's files by their path in it, with `/`.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

impl Chart {
    /// Loads a chart: a folder, or the archive that `helm package` and `helm pull` write. Subcharts are those in `charts/`, of either form.
    ///
    /// # Errors
    /// Unreadable or invalid files; a chart of Helm 2, which is not supported.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let files = if path.is_file() {
            archive::unpack(path, &read(path)?)?
        } else {
            folder(path)?
        };
        Self::from_files(path, files)
    }

    /// `origin` is where the files come from, for errors.
    fn from_files(origin: &Path, mut files: Files) -> Result<Self, Error> {
        let manifest = files.remove("Chart.yaml");
        let manifest = manifest.ok_or_else(|| invalid(origin, "Chart.yaml file is missing".into()))?;
        let mut chart = Chart {
            metadata: metadata(&origin.join("Chart.yaml"), manifest)?,
            values: Value::Object(serde_json::Map::new()),
            values_text: String::new(),
            schema: None,
            templates: Vec::new(),
            crds: Vec::new(),
            files: BTreeMap::new(),
            subcharts: Vec::new(),
        };
        let mut folders: BTreeMap<String, Files> = BTreeMap::new();
        for (name, bytes) in files {
            let path = origin.join(&name);
            match name.strip_prefix("charts/") {
                None => chart.take(name, &path, bytes)?,
                Some(inner) if inner.starts_with(['.', '_']) => {}
                Some(inner) => match inner.split_once('/') {
                    Some((sub, file)) => drop(folders.entry(sub.to_owned()).or_default().insert(file.to_owned(), bytes)),
                    None if inner.ends_with(".tgz") => chart.subcharts.push(Self::from_files(&path, archive::unpack(&path, &bytes)?)?),
                    None => {
                        return Err(invalid(
                            &path,
                            "Chart.yaml file is missing: what stands in charts/ is a chart".into(),
                        ));
                    }
                },
            }
        }
        for (name, files) in folders {
            chart.subcharts.push(Self::from_files(&origin.join("charts").join(name), files)?);
        }
        chart.check_dependencies(origin)?;
        Ok(chart)
    }

    fn take(&mut self, name: String, path: &Path, bytes: Vec<u8>) -> Result<(), Error> {
        match name.as_str() {
            "Chart.lock" => {}
            "values.schema.json" => self.schema = Some(Schema::new(path, &text(path, bytes)?)?),
            "requirements.yaml" => {
                return Err(Error::Unsupported {
                    path: path.to_owned(),
                    message: "charts of Helm 2 are not supported by the native renderer".into(),
                });
            }
            "values.yaml" => {
                self.values_text = text(path, bytes)?;
                match crate::documents::values(&self.values_text).map_err(|message| invalid(path, message))? {
                    Value::Null => {}
                    values @ Value::Object(_) => self.values = values,
                    _ => return Err(invalid(path, "values.yaml is not a mapping".into())),
                }
            }
            _ if name.starts_with("templates/") => {
                let text = text(path, bytes)?;
                self.templates.push(ChartFile { name, text });
            }
            _ => {
                let crd = name.starts_with("crds/") && [".yaml", ".yml", ".json"].iter().any(|suffix| name.ends_with(suffix));
                if crd {
                    self.crds.push(ChartFile {
                        name: name.clone(),
                        text: text(path, bytes.clone())?,
                    });
                }
                self.files.insert(name, bytes);
            }
        }
        Ok(())
    }

    fn check_dependencies(&self, origin: &Path) -> Result<(), Error> {
        let there = |name: &str| self.subcharts.iter().any(|chart| chart.metadata.name == name);
        let missing: Vec<&str> = self
            .metadata
            .dependencies
            .iter()
            .map(|d| d.name.as_str())
            .filter(|name| !there(name))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let missing = missing.join(", ");
        let message = format!("found in Chart.yaml, but missing in charts/ directory: {missing}; `helm dependency build` brings them");
        Err(invalid(origin, message))
    }
}

fn invalid(path: &Path, message: String) -> Error {
    Error::Chart {
        path: path.to_owned(),
        message,
    }
}

fn metadata(path: &Path, bytes: Vec<u8>) -> Result<Metadata, Error> {
    let json = crate::documents::value(&text(path, bytes)?).map_err(|message| invalid(path, message))?;
    let metadata: Metadata = serde_json::from_value(json).map_err(|error| invalid(path, error.to_string()))?;
    for (field, value) in [
        ("apiVersion", &metadata.api_version),
        ("name", &metadata.name),
        ("version", &metadata.version),
    ] {
        if value.is_empty() {
            return Err(invalid(path, format!("validation: chart.metadata.{field} is required")));
        }
    }
    let refused = |field: &str, value: &str| invalid(path, format!("validation: chart.metadata.{field} {value:?} is invalid"));
    if !matches!(metadata.api_version.as_str(), "v1" | "v2") {
        return Err(refused("apiVersion", &metadata.api_version));
    }
    if metadata.name.contains('/') || matches!(metadata.name.as_str(), "." | "..") {
        return Err(refused("name", &metadata.name));
    }
    if crate::functions::version(&metadata.version).is_none() {
        return Err(refused("version", &metadata.version));
    }
    if !matches!(metadata.kind.as_str(), "" | "application" | "library") {
        let message = "validation: chart.metadata.type must be application or library";
        return Err(invalid(path, message.into()));
    }
    Ok(metadata)
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String, Error> {
    let text = String::from_utf8(bytes).map_err(|error| invalid(path, error.to_string()))?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn unreadable(path: &Path) -> impl Fn(std::io::Error) -> Error {
    move |source| Error::Read {
        path: path.to_owned(),
        source,
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    fs::read(path).map_err(unreadable(path))
}

/// The files of a chart's folder without those that its `.helmignore` leaves out. Those of subcharts count for nothing, as in Helm.
fn folder(path: &Path) -> Result<Files, Error> {
    if !path.join("Chart.yaml").is_file() {
        return Err(invalid(path, "Chart.yaml file is missing".into()));
    }
    let ignore_file = path.join(".helmignore");
    let rules = if ignore_file.is_file() {
        text(&ignore_file, read(&ignore_file)?)?
    } else {
        String::new()
    };
    let ignore = Ignore::parse(&rules).map_err(|message| invalid(&ignore_file, message))?;
    let mut files = Files::new();
    collect(path, "", &ignore, &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, prefix: &str, ignore: &Ignore, files: &mut Files) -> Result<(), Error> {
    let entries = fs::read_dir(folder).map_err(unreadable(folder))?;
    let paths: Result<Vec<PathBuf>, _> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    for path in paths.map_err(unreadable(folder))? {
        let Some(file_name) = path.file_name() else { continue };
        let name = format!("{prefix}{}", file_name.to_string_lossy());
        let is_folder = path.is_dir();
        if ignore.excludes(&name, is_folder) {
            continue;
        }
        if is_folder {
            collect(&path, &format!("{name}/"), ignore, files)?;
        } else {
            files.insert(name, read(&path)?);
        }
    }
    Ok(())
}
