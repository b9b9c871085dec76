//! Loading a chart from its folder.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::ignore::Ignore;
use super::metadata::Dependency;
use super::{Chart, ChartFile, Metadata};
use crate::error::Error;

impl Chart {
    /// Loads the chart in a folder, with the subcharts unpacked below `charts/`.
    ///
    /// # Errors
    /// Unreadable or invalid files; packed subcharts, a `values.schema.json` or
    /// `import-values`, which are not supported.
    pub fn load(folder: impl AsRef<Path>) -> Result<Self, Error> {
        let folder = folder.as_ref();
        let invalid = |path: &Path, message: String| Error::Chart {
            path: path.to_owned(),
            message,
        };
        let manifest = folder.join("Chart.yaml");
        if !manifest.is_file() {
            return Err(invalid(folder, "Chart.yaml file is missing".into()));
        }
        let ignore_file = folder.join(".helmignore");
        let rules = if ignore_file.is_file() {
            text(&ignore_file)?
        } else {
            String::new()
        };
        let ignore = Ignore::parse(&rules).map_err(|message| invalid(&ignore_file, message))?;
        let mut found = BTreeMap::new();
        collect(folder, "", &ignore, &mut found)?;

        let metadata = metadata(&manifest)?;
        let mut chart = Chart {
            metadata,
            values: Value::Object(serde_json::Map::new()),
            values_text: String::new(),
            templates: Vec::new(),
            crds: Vec::new(),
            files: BTreeMap::new(),
            subcharts: Vec::new(),
        };
        for (name, path) in found {
            chart.take(&name, &path)?;
        }
        chart.load_subcharts(folder)?;
        chart.check_dependencies(folder)?;
        Ok(chart)
    }

    fn take(&mut self, name: &str, path: &Path) -> Result<(), Error> {
        let unsupported = |message: &str| {
            Err(Error::Unsupported {
                path: path.to_owned(),
                message: message.into(),
            })
        };
        match name {
            "Chart.yaml" | "Chart.lock" => {}
            "values.schema.json" => return unsupported("a schema for values is not checked by the native renderer"),
            "requirements.yaml" => return unsupported("charts of Helm 2 are not supported by the native renderer"),
            "values.yaml" => {
                self.values_text = text(path)?;
                let values = crate::documents::values(&self.values_text);
                let invalid = |message| Error::Chart {
                    path: path.to_owned(),
                    message,
                };
                match values.map_err(invalid)? {
                    Value::Null => {}
                    values @ Value::Object(_) => self.values = values,
                    _ => return Err(invalid("values.yaml is not a mapping".into())),
                }
            }
            _ if name.starts_with("charts/") => {
                if name.ends_with(".tgz") {
                    return unsupported("a packed subchart is not supported by the native renderer; unpack it");
                }
            }
            _ if name.starts_with("templates/") => {
                self.templates.push(ChartFile {
                    name: name.to_owned(),
                    text: text(path)?,
                });
            }
            _ => {
                let crd = name.starts_with("crds/") && [".yaml", ".yml", ".json"].iter().any(|suffix| name.ends_with(suffix));
                if crd {
                    self.crds.push(ChartFile {
                        name: name.to_owned(),
                        text: text(path)?,
                    });
                }
                let bytes = fs::read(path).map_err(|source| Error::Read {
                    path: path.to_owned(),
                    source,
                })?;
                self.files.insert(name.to_owned(), bytes);
            }
        }
        Ok(())
    }

    fn load_subcharts(&mut self, folder: &Path) -> Result<(), Error> {
        let charts = folder.join("charts");
        if !charts.is_dir() {
            return Ok(());
        }
        for path in entries(&charts)? {
            let hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with(['.', '_']));
            if path.is_dir() && !hidden {
                self.subcharts.push(Chart::load(&path)?);
            }
        }
        Ok(())
    }

    fn check_dependencies(&self, folder: &Path) -> Result<(), Error> {
        let lacking = |d: &&Dependency| !self.subcharts.iter().any(|chart| chart.metadata.name == d.name);
        if let Some(missing) = self.metadata.dependencies.iter().find(lacking) {
            return Err(Error::Chart {
                path: folder.to_owned(),
                message: format!("found in Chart.yaml, but missing in charts/ directory: {}", missing.name),
            });
        }
        if self.metadata.dependencies.iter().any(|d| !d.import_values.is_empty()) {
            return Err(Error::Unsupported {
                path: folder.to_owned(),
                message: "import-values is not supported by the native renderer".into(),
            });
        }
        Ok(())
    }
}

fn metadata(path: &Path) -> Result<Metadata, Error> {
    let invalid = |message: String| Error::Chart {
        path: path.to_owned(),
        message,
    };
    let json = crate::documents::value(&text(path)?).map_err(invalid)?;
    let metadata: Metadata = serde_json::from_value(json).map_err(|error| invalid(error.to_string()))?;
    for (field, value) in [
        ("apiVersion", &metadata.api_version),
        ("name", &metadata.name),
        ("version", &metadata.version),
    ] {
        if value.is_empty() {
            return Err(invalid(format!("validation: chart.metadata.{field} is required")));
        }
    }
    Ok(metadata)
}

fn text(path: &Path) -> Result<String, Error> {
    let text = fs::read_to_string(path).map_err(|source| Error::Read {
        path: path.to_owned(),
        source,
    })?;
    Ok(text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let unreadable = |source| Error::Read {
        path: folder.to_owned(),
        source,
    };
    let read = fs::read_dir(folder).map_err(unreadable)?;
    let mut paths: Vec<PathBuf> = read
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn collect(folder: &Path, prefix: &str, ignore: &Ignore, found: &mut BTreeMap<String, PathBuf>) -> Result<(), Error> {
    for path in entries(folder)? {
        let Some(file_name) = path.file_name() else { continue };
        let name = format!("{prefix}{}", file_name.to_string_lossy());
        let is_folder = path.is_dir();
        if ignore.excludes(&name, is_folder) {
            continue;
        }
        if !is_folder {
            found.insert(name, path);
        } else if name != "charts" {
            collect(&path, &format!("{name}/"), ignore, found)?;
        } else {
            for packed in entries(&path)?.into_iter().filter(|p| p.is_file()) {
                let packed_name = packed.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                found.insert(format!("charts/{packed_name}"), packed);
            }
        }
    }
    Ok(())
}
