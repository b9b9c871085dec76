//! Files from keys: which keys of an object appear, and under which paths.

use std::collections::BTreeMap;

use bytes::Bytes;
use k8s_openapi::api::core::v1::{ConfigMap, KeyToPath, Secret};

/// A volume's files by relative path.
pub(crate) type Files = BTreeMap<String, Bytes>;

/// All data of a ConfigMap.
pub(crate) fn config_map_data(map: &ConfigMap) -> Files {
    let text = map
        .data
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), Bytes::from(value.clone())));
    let binary = map.binary_data.iter().flatten();
    text.chain(binary.map(|(key, value)| (key.clone(), Bytes::from(value.0.clone()))))
        .collect()
}

/// All data of a Secret.
pub(crate) fn secret_data(secret: &Secret) -> Files {
    let data = secret.data.iter().flatten();
    data.map(|(key, value)| (key.clone(), Bytes::from(value.0.clone()))).collect()
}

/// The files that `items` choose from `data`; all of it without items. The error names a key that is not there.
pub(crate) fn project(data: Files, items: Option<&[KeyToPath]>, optional: bool) -> Result<Files, String> {
    let Some(items) = items.filter(|items| !items.is_empty()) else {
        return Ok(data);
    };
    let mut files = Files::new();
    for item in items {
        match data.get(&item.key) {
            Some(content) => drop(files.insert(item.path.clone(), content.clone())),
            None if optional => {}
            None => return Err(item.key.clone()),
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use k8s_openapi::api::core::v1::KeyToPath;

    use super::{Files, project};

    #[test]
    fn items_choose_and_rename_keys() {
        let data = Files::from([("a".to_owned(), Bytes::from("1")), ("b".to_owned(), Bytes::from("2"))]);
        let item = |key: &str, path: &str| KeyToPath {
            key: key.into(),
            path: path.into(),
            mode: None,
        };
        assert_eq!(project(data.clone(), None, false).unwrap(), data);
        let chosen = project(data.clone(), Some(&[item("a", "deep/a.txt")]), false).unwrap();
        assert_eq!(chosen, Files::from([("deep/a.txt".to_owned(), Bytes::from("1"))]));
        assert_eq!(project(data.clone(), Some(&[item("c", "c")]), false).unwrap_err(), "c");
        assert!(project(data, Some(&[item("c", "c")]), true).unwrap().is_empty());
    }
}
