//! Merging configuration files into one tree.

use serde_json::{Map, Value};

use super::Section;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// No file matches the patterns given with `--config`.
    #[error("no config file found: {0}")]
    NoFile(String),
    /// A file is not YAML.
    #[error("failed to read config file {file}: {source}")]
    Syntax {
        /// The file's path.
        file: String,
        /// What the reader says.
        source: Box<yaml::Error>,
    },
    /// Section `clusters` cannot be read.
    #[error(transparent)]
    Clusters(#[from] crate::placement::ConfigError),
    /// A value has the wrong form.
    #[error("{key}: {reason}")]
    Value {
        /// The key, with dots.
        key: String,
        /// What is wrong.
        reason: String,
    },
}

/// The merged files. Keys are in lower case, as viper keeps them, except inside lists and where a key has a dot.
#[derive(Clone, Debug, Default)]
pub struct Config {
    root: Value,
}

impl Config {
    /// Merges files in the order given: of two values for a key the later one wins, maps are merged.
    ///
    /// # Errors
    /// [`ConfigError::Syntax`] if a file is not YAML.
    pub fn merge<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ConfigError> {
        let mut root = Value::Object(Map::new());
        for (file, text) in files {
            let documents = yaml::manifest::documents(text).map_err(|source| ConfigError::Syntax {
                file: file.to_owned(),
                source: Box::new(source),
            })?;
            if let Some(document) = documents.into_iter().next() {
                merge(&mut root, lower(document));
            }
        }
        Ok(Self { root })
    }

    /// A top-level section; absent sections read as empty.
    #[must_use]
    pub fn section(&self, name: &str) -> Section<'_> {
        Section::root(&self.root).child(name)
    }
}

fn lower(value: Value) -> Value {
    match value {
        Value::Object(map) => map
            .into_iter()
            .map(|(key, value)| {
                let key = if key.contains('.') { key } else { key.to_lowercase() };
                (key, lower(value))
            })
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                match into.get_mut(&key) {
                    Some(old) => merge(old, value),
                    None => {
                        into.insert(key, value);
                    }
                }
            }
        }
        (into, from) => *into = from,
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn later_files_win_and_keys_lose_their_capitals() {
        let config = Config::merge([
            ("a.yaml", "Server: {httpPort: 1, grpc: {port: 2}}\nx.Y: {Z: 1}"),
            ("b.yaml", "server: {grpc: {port: '3'}}\nlist: [{GPU: 4}]"),
        ])
        .unwrap();
        let server = config.section("server");
        assert_eq!(server.child("httpPort").integer().unwrap(), Some(1));
        assert_eq!(server.child("grpc").child("port").integer().unwrap(), Some(3));
        assert_eq!(config.section("list").entries()[0].0, "GPU");
    }
}
