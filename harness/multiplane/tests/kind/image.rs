//! Archives of images.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde_json::{Value, json};

/// Writes what `docker save` would.
pub(crate) fn save(image: &str, file: &Path) {
    let mut builder = tar::Builder::new(File::create(file).unwrap());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append_data(&mut header, name, content).unwrap();
    };
    let config = json!({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:00"]}});
    add("config.json", config.to_string().as_bytes());
    add("layer.tar", b"layer");
    let manifest = json!([{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]);
    add("manifest.json", manifest.to_string().as_bytes());
    builder.finish().unwrap();
}

/// The names of the images in an archive; none if it is no archive.
pub(crate) fn tags(file: &Path) -> Vec<String> {
    let mut archive = tar::Archive::new(File::open(file).unwrap());
    for entry in archive.entries().unwrap() {
        let Ok(mut entry) = entry else { return Vec::new() };
        if entry.path().unwrap() == Path::new("manifest.json") {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            let manifest: Value = serde_json::from_str(&text).unwrap();
            let tags = manifest
                .as_array()
                .unwrap()
                .iter()
                .flat_map(|image| image["RepoTags"].as_array().unwrap());
            return tags.map(|tag| tag.as_str().unwrap().to_owned()).collect();
        }
    }
    Vec::new()
}
