//! YAML in one place: manifests as kubectl reads them, trees with positions, output, diagnostics.
