//! One image's archive, as `docker save` writes it, made into one with the image under several names.
//!
//! It is done to the archive and not with `docker tag`, which would leave names on the user's machine, and take those that are in use there.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::Path;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tar::{Archive, Builder, Header};

/// Files that describe images: they are written anew. Without an OCI index, `manifest.json` is what counts.
const DESCRIPTIONS: [&str; 4] = ["manifest.json", "repositories", "index.json", "oci-layout"];

/// Writes `target`: the image of `source` under each name, with its program as entry point.
pub(super) fn retag(source: &Path, target: &Path, names: &BTreeMap<String, String>) -> Result<(), String> {
    let manifest: Value = read_json(source, "manifest.json")?;
    let image = manifest.get(0).ok_or("manifest.json names no image")?;
    let config = image["Config"].as_str().ok_or("manifest.json names no configuration")?;
    let config: Value = read_json(source, config)?;

    let output = BufWriter::new(File::create(target).map_err(text)?);
    let mut builder = Builder::new(output);
    for entry in Archive::new(open(source)?).entries().map_err(text)? {
        let entry = entry.map_err(text)?;
        let header = entry.header().clone();
        let described = entry
            .path()
            .is_ok_and(|path| DESCRIPTIONS.iter().any(|name| path == Path::new(name)));
        if !described {
            builder.append(&header, entry).map_err(text)?;
        }
    }
    let mut programs: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, program) in names {
        programs.entry(program).or_default().push(name);
    }
    let mut manifests = Vec::new();
    for (program, tags) in programs {
        let bytes = with_entry_point(config.clone(), program).to_string();
        let file = format!("{}.json", digest(bytes.as_bytes()));
        append(&mut builder, &file, bytes.as_bytes())?;
        manifests.push(json!({"Config": file, "RepoTags": tags, "Layers": image["Layers"]}));
    }
    append(&mut builder, "manifest.json", Value::from(manifests).to_string().as_bytes())?;
    builder.into_inner().and_then(|mut output| output.flush()).map_err(text)
}

/// The names of the images in an archive; none if it is no archive of that kind, which kind itself then tells.
pub(super) fn names_in(archive: &Path) -> Vec<String> {
    let manifest = read_json(archive, "manifest.json").unwrap_or_default();
    let images = manifest.as_array().into_iter().flatten();
    let tags = images.filter_map(|image| image["RepoTags"].as_array()).flatten();
    tags.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn with_entry_point(mut config: Value, program: &str) -> Value {
    config["config"]["Entrypoint"] = json!([format!("/bin/{program}")]);
    config["config"]["Cmd"] = Value::Null;
    config
}

fn append(builder: &mut Builder<impl Write>, name: &str, content: &[u8]) -> Result<(), String> {
    let mut header = Header::new_gnu();
    header.set_size(content.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    builder.append_data(&mut header, name, content).map_err(text)
}

fn read_json(archive: &Path, name: &str) -> Result<Value, String> {
    for entry in Archive::new(open(archive)?).entries_with_seek().map_err(text)? {
        let mut entry = entry.map_err(text)?;
        if entry.path().is_ok_and(|path| path == Path::new(name)) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(text)?;
            return serde_json::from_slice(&bytes).map_err(|error| format!("{name}: {error}"));
        }
    }
    Err(format!("there is no {name} in it"))
}

fn open(file: &Path) -> Result<BufReader<File>, String> {
    File::open(file).map(BufReader::new).map_err(text)
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_under_several_names() {
        let folder = tempfile::tempdir().unwrap();
        let (source, target) = (folder.path().join("saved.tar"), folder.path().join("tagged.tar"));
        let mut builder = Builder::new(File::create(&source).unwrap());
        let config = json!({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/bin/multiplane"], "Cmd": ["x"]}, "rootfs": {"type": "layers", "diff_ids": ["sha256:00"]}});
        append(&mut builder, "blobs/sha256/c0", config.to_string().as_bytes()).unwrap();
        append(&mut builder, "blobs/sha256/10", b"layer").unwrap();
        append(&mut builder, "index.json", b"{}").unwrap();
        let manifest = json!([{"Config": "blobs/sha256/c0", "RepoTags": ["multiplane:dev"], "Layers": ["blobs/sha256/10"]}]);
        append(&mut builder, "manifest.json", manifest.to_string().as_bytes()).unwrap();
        builder.into_inner().unwrap();

        let names = [
            ("a.test/flyteadmin:v1", "flyteadmin"),
            ("flyteadmin:v2", "flyteadmin"),
            ("probe:v1", "multiplane-probe"),
        ];
        let names = names.map(|(name, program)| (name.to_owned(), program.to_owned())).into();
        retag(&source, &target, &names).unwrap();

        assert!(read_json(&target, "index.json").is_err());
        assert_eq!(names_in(&target), ["a.test/flyteadmin:v1", "flyteadmin:v2", "probe:v1"]);
        assert!(names_in(Path::new("/no/such/archive")).is_empty());
        let manifest = read_json(&target, "manifest.json").unwrap();
        assert_eq!(manifest[0]["RepoTags"], json!(["a.test/flyteadmin:v1", "flyteadmin:v2"]));
        assert_eq!(manifest[1]["RepoTags"], json!(["probe:v1"]));
        assert_eq!(manifest[1]["Layers"], json!(["blobs/sha256/10"]));
        let config = read_json(&target, manifest[0]["Config"].as_str().unwrap()).unwrap();
        assert_eq!(config["config"], json!({"Entrypoint": ["/bin/flyteadmin"], "Cmd": null}));
        assert_eq!(config["rootfs"]["diff_ids"], json!(["sha256:00"]));
    }
}
