//! Generates messages, clients and server traits from `proto/flyteidl-v1.binpb`.

use prost::Message;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=proto/flyteidl-v1.binpb");
    let bytes = std::fs::read("proto/flyteidl-v1.binpb")?;
    let mut set = prost_types::FileDescriptorSet::decode(bytes.as_slice())?;
    // What remains, google's HTTP and OpenAPI annotations, only describes options.
    set.file.retain(|file| {
        let package = file.package();
        package.starts_with("flyteidl") || package == "datacatalog" || package == "google.protobuf"
    });
    tonic_prost_build::configure()
        .generate_default_stubs(true)
        .btree_map(".")
        .include_file("flyte.rs")
        .compile_fds(set)?;
    Ok(())
}
