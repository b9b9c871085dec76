//! Clusters by pattern or role: what `on` and `from` may name besides ids.

use glob::Pattern;
use indexmap::IndexMap;
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

use crate::{Cluster, ClusterId, OneOrMany, Role};

const ROLE: &str = "role=";

/// What stands where clusters are named and is no id.
pub(crate) enum Selector<'t> {
    /// All clusters of a role: `role=dataplane`. `None`: there is no such role.
    Role(&'t str, Option<Role>),
    /// All clusters whose id matches: `dataplane_*`. `None`: the pattern is broken.
    Pattern(Option<Pattern>),
}

impl<'t> Selector<'t> {
    /// `None`: the text is an id.
    pub(crate) fn of(text: &'t str) -> Option<Self> {
        if let Some(role) = text.strip_prefix(ROLE) {
            let deserializer: StrDeserializer<'_, Error> = role.into_deserializer();
            Some(Self::Role(role, Role::deserialize(deserializer).ok()))
        } else {
            text.contains(['*', '?', '[']).then(|| Self::Pattern(Pattern::new(text).ok()))
        }
    }

    fn matches(&self, id: &str, cluster: &Cluster) -> bool {
        match self {
            Self::Role(_, role) => *role == Some(cluster.role),
            Self::Pattern(pattern) => pattern.as_ref().is_some_and(|pattern| pattern.matches(id)),
        }
    }
}

/// Puts ids in the place of patterns and roles, in the file's order; a cluster that is named already is not named again. What chooses
/// nothing stays as it is, for the check to refuse.
pub(crate) fn expand(on: &mut OneOrMany<String>, clusters: &IndexMap<ClusterId, Cluster>) {
    let written = std::mem::take(&mut on.0);
    let named: Vec<String> = written.iter().map(|text| text.value.clone()).collect();
    for text in written {
        let Some(selector) = Selector::of(&text.value) else {
            on.0.push(text);
            continue;
        };
        let before = on.0.len();
        let mut chosen = clusters
            .iter()
            .filter(|(id, cluster)| selector.matches(id, cluster))
            .map(|(id, _)| id)
            .peekable();
        if chosen.peek().is_none() {
            on.0.push(text);
            continue;
        }
        for id in chosen {
            if !named.contains(id) && !on.0[..before].iter().any(|earlier| earlier.value == *id) {
                let mut of_selector = text.clone();
                of_selector.value.clone_from(id);
                on.0.push(of_selector);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use yaml::Spanned;

    use super::*;

    #[rstest]
    #[case(&["dataplane_*"], &["dataplane_1", "dataplane_2"])]
    #[case(&["role=dataplane"], &["dataplane_1", "dataplane_2", "gpu"])]
    #[case(&["role=dataplane", "dataplane_1"], &["dataplane_2", "gpu", "dataplane_1"])]
    #[case(&["*_?", "*"], &["dataplane_1", "dataplane_2", "control", "gpu"])]
    #[case(&["control", "control"], &["control", "control"])]
    #[case(&["x*", "role=other", "role=none"], &["x*", "role=other", "role=none"])]
    fn selectors_become_ids(#[case] written: &[&str], #[case] expected: &[&str]) {
        let clusters =
            "{control: {role: controlplane}, dataplane_1: {role: dataplane}, dataplane_2: {role: dataplane}, gpu: {role: dataplane}}";
        let clusters: IndexMap<ClusterId, Cluster> = yaml::strict::from_str(clusters).unwrap();
        let mut on = OneOrMany(written.iter().map(|text| Spanned::made((*text).to_owned())).collect());
        expand(&mut on, &clusters);
        assert_eq!(on.iter().map(|id| id.value.as_str()).collect::<Vec<_>>(), expected);
    }
}
