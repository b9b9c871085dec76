//! Takes the definitions out of the OpenAPI v3 documents of Kubernetes, one line each, so that the running process
//! parses only those it uses.
//!
//! A line is `NAME <tab> GROUP/VERSION/KIND,.. <tab> JSON`; lines are sorted by name.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

const DOCUMENTS: &str = "data/kubernetes-1.36/openapi-v3";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={DOCUMENTS}");
    let mut definitions: BTreeMap<String, (Vec<String>, Value)> = BTreeMap::new();
    for entry in std::fs::read_dir(DOCUMENTS)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "gz") {
            collect(&path, &mut definitions)?;
        }
    }
    let mut lines = String::new();
    for (name, (mut kinds, schema)) in definitions {
        kinds.sort();
        kinds.dedup();
        writeln!(lines, "{name}\t{}\t{schema}", kinds.join(","))?;
    }
    let out = std::env::var("OUT_DIR")?;
    std::fs::write(Path::new(&out).join("definitions.tsv"), lines)?;
    Ok(())
}

fn collect(path: &Path, definitions: &mut BTreeMap<String, (Vec<String>, Value)>) -> Result<(), Box<dyn Error>> {
    let file = GzDecoder::new(std::fs::File::open(path)?);
    let mut document: Value = serde_json::from_reader(std::io::BufReader::new(file))?;
    let Some(schemas) = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut) else {
        return Ok(()); // discovery and version documents
    };
    for (name, mut schema) in std::mem::take(schemas) {
        // One definition can list kinds of several groups, and not every document lists all of them.
        let kinds = schema
            .as_object_mut()
            .and_then(|object| object.remove("x-kubernetes-group-version-kind"));
        let kinds: Vec<String> = kinds
            .as_ref()
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .map(|kind| {
                let part = |key: &str| kind[key].as_str().unwrap_or_default().to_owned();
                format!("{}/{}/{}", part("group"), part("version"), part("kind"))
            })
            .collect();
        definitions.entry(name).or_insert_with(|| (Vec::new(), schema)).0.extend(kinds);
    }
    Ok(())
}
