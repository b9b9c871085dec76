//! Checks of a control plane's Helm values: each known fault of a multi-cluster set-up with its place, and what Flyte
//! would do with it.
//!
//! [`lint`] merges the values files as Helm does, looks at them as the chart and flyteadmin do, and reports what
//! [`RULES`] lists.

mod attributes;
mod chart;
mod clusters;
mod credentials;
mod endpoints;
mod labels;
mod merged;
mod rules;
mod section;
mod view;

use yaml::{Diagnostics, tree};

use merged::Merged;
pub use rules::{RULES, Rule};
use view::Root;

/// A file of the user's.
#[derive(Clone, Debug)]
pub struct File {
    /// As the user named it.
    pub name: String,
    /// Its content.
    pub text: String,
}

/// Checks values files (the last one wins, as with `helm --values`) and files of stored labels, sorted by place.
///
/// Instead of Helm values there may be a `clusters.yaml` of flyteadmin; what concerns the chart is then left out.
#[must_use]
pub fn lint(values: &[File], attributes: &[File]) -> Diagnostics {
    let mut found = Diagnostics::default();
    let mut roots = Vec::new();
    for file in values {
        match tree::parse(&file.text) {
            Ok(root) => roots.extend(root.map(|root| (file.name.as_str(), root))),
            Err(error) => found.push(error.diagnostic(&file.name)),
        }
    }
    if found.is_empty() {
        let helm = view::is_helm(&roots);
        let trees = roots.iter().map(|(file, root)| Merged::of(file, root, view::scalar_rules(helm)));
        let values_tree = trees.reduce(Merged::overlaid_by);
        let root = values_tree.as_ref().map(|values| Root { values, helm });
        section::check(root.as_ref(), values, &mut found);
        if let Some(root) = &root {
            credentials::check_init_mounts(root, &mut found);
            chart::check(root, &mut found);
        }
        if let Some(view) = root.and_then(|root| root.section(&mut found)) {
            section::check_keys(&view, &mut found);
            clusters::check(&view, &mut found);
            endpoints::check(&view, &mut found);
            labels::check(&view, &mut found);
            credentials::check(&view, &mut found);
            attributes::check(&view, attributes, &mut found);
        }
    }
    found.sort();
    found
}
