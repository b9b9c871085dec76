//! Which image a cluster's nodes run.

use crate::backend::ClusterSpec;
use crate::backend::kind::NodeImage;

/// The image of a version that names none, and the versions that are known.
const KNOWN: [(&str, &str); 1] = [("1.36", "rancher/k3s:v1.36.1-k3s1")];

/// Images by Kubernetes version: those that the user names, then the known ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Images that win over the known ones.
    pub images: Vec<NodeImage>,
}

impl Tags {
    /// Kubernetes versions with a known image, the default one first.
    pub fn versions() -> Vec<String> {
        KNOWN.iter().map(|(version, _)| (*version).to_owned()).collect()
    }

    /// The image for a cluster; `None` if none of its version is known.
    pub fn image(&self, spec: &ClusterSpec) -> Option<String> {
        let given = self.images.iter().find(|given| given.version == spec.kubernetes);
        if let Some(given) = given {
            return Some(given.image.clone());
        }
        let wanted = spec.kubernetes.as_deref().unwrap_or(KNOWN[0].0);
        KNOWN
            .iter()
            .find(|(version, _)| *version == wanted)
            .map(|(_, image)| (*image).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case(None, &[], Some("rancher/k3s:v1.36.1-k3s1"))]
    #[case(Some("1.36"), &[], Some("rancher/k3s:v1.36.1-k3s1"))]
    #[case(Some("1.30"), &[], None)]
    #[case(Some("1.30"), &["1.30=rancher/k3s:v1.30.0-k3s1"], Some("rancher/k3s:v1.30.0-k3s1"))]
    #[case(None, &["local/k3s:1"], Some("local/k3s:1"))]
    fn images(#[case] version: Option<&str>, #[case] given: &[&str], #[case] expected: Option<&str>) {
        let tags = Tags {
            images: given.iter().map(|text| text.parse().unwrap()).collect(),
        };
        let spec = ClusterSpec {
            id: "a".to_owned(),
            role: scenario::Role::Other,
            nodes: 1,
            kubernetes: version.map(str::to_owned),
            api_names: Vec::new(),
            ingress_names: Vec::new(),
            issuer: None,
        };
        assert_eq!(tags.image(&spec).as_deref(), expected);
    }
}
