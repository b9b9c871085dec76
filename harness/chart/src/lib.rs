//! Helm charts: native rendering, the helm binary, release records
