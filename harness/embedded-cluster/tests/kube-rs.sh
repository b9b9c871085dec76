#!/bin/sh
# kube-rs' own cluster tests, as its published crates have them, against a cluster of `multiplane up`.
#
# Usage: kube-rs.sh KUBECONFIG [FOLDER]     in this repository; FOLDER (default: target/kube-rs) is where they are built.
#
# The crates are copied from cargo's registry, in the versions of the lock file. Two of them test with `kube`, which is above them and so not
# among their published dependencies; hence the workspace around the three.
set -eu
kubeconfig=$(realpath "$1")
root=$(git rev-parse --show-toplevel)
folder=${2:-$root/target/kube-rs}
mkdir -p "$folder"
version=$(sed -n '/^name = "kube"$/{n;s/version = "\(.*\)"/\1/p;}' "$root/Cargo.lock")
cargo fetch --quiet --locked --manifest-path "$root/Cargo.toml"
for crate in kube kube-client kube-runtime; do
    rm -rf "${folder:?}/$crate"
    cp -r "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$crate-$version" "$folder/$crate"
    rm -f "$folder/$crate/Cargo.lock"
done
cat > "$folder/Cargo.toml" <<TOML
[workspace]
resolver = "2"
members = ["kube", "kube-client", "kube-runtime"]
[patch.crates-io]
kube = { path = "kube" }
kube-client = { path = "kube-client" }
kube-runtime = { path = "kube-runtime" }
TOML
for crate in kube-client kube-runtime; do
    cat >> "$folder/$crate/Cargo.toml" <<TOML

[dev-dependencies.kube]
version = "$version"
features = ["client", "derive", "runtime", "ws"]
TOML
done
cp "$root/Cargo.lock" "$folder/Cargo.lock"
cd "$folder"
export CARGO_TARGET_DIR="$folder/target" CARGO_PROFILE_DEV_DEBUG=0 KUBECONFIG="$kubeconfig"
# One after the other: some use the same names.
cargo test --lib --no-fail-fast -p kube -p kube-client -p kube-runtime \
    --features kube-client/ws,kube-client/rustls-tls,kube-client/ring,kube-client/jsonpatch,kube/derive,kube/runtime,kube/ws \
    -- --ignored --test-threads 1
