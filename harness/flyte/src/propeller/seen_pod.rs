//! Pods of runs, as far as a data plane looks at them.
//!
//! A watch tells of every pod five times or more, and what it told last is kept until the pod is gone. So nothing is read that nobody asks for.

use std::borrow::Cow;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use serde::Deserialize;

/// A pod as the API server shows it, without all that data planes do not look at.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct SeenPod {
    #[serde(default)]
    pub(crate) metadata: ObjectMeta,
    #[serde(default)]
    pub(crate) status: PodState,
}

/// How far a pod is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct PodState {
    pub(crate) phase: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
    container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ContainerStatus {
    name: String,
    state: Option<ContainerState>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct ContainerState {
    terminated: Option<Ended>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Ended {
    pub(crate) exit_code: i32,
    pub(crate) reason: Option<String>,
    pub(crate) message: Option<String>,
}

impl SeenPod {
    /// Namespace and name.
    pub(crate) fn key(&self) -> (String, String) {
        (
            self.metadata.namespace.clone().unwrap_or_default(),
            self.metadata.name.clone().unwrap_or_default(),
        )
    }
}

impl PodState {
    /// How the container of this name ended, or the first one, if it has.
    pub(crate) fn ended(&self, container: Option<&str>) -> Option<&Ended> {
        let mut all = self.container_statuses.iter().flatten();
        let status = all.find(|status| container.is_none_or(|name| status.name == name))?;
        status.state.as_ref()?.terminated.as_ref()
    }

    /// The pod's phase. Of a pod with a primary container, how that ended counts, whatever others do.
    pub(crate) fn phase(&self, primary: Option<&str>) -> Option<&str> {
        match primary.and_then(|primary| self.ended(Some(primary))) {
            Some(ended) if ended.exit_code == 0 => Some("Succeeded"),
            Some(_) => Some("Failed"),
            None => self.phase.as_deref(),
        }
    }
}

impl Resource for SeenPod {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        Pod::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        Pod::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        Pod::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        Pod::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, SeenPod};

    #[test]
    fn a_pod_is_read_as_far_as_it_is_there() {
        let pod: SeenPod = serde_json::from_str(r#"{"metadata": {"name": "a", "namespace": "n"}, "spec": {"containers": []}}"#).unwrap();
        assert_eq!(pod.key(), ("n".to_owned(), "a".to_owned()));
        assert_eq!((pod.status.phase.as_deref(), pod.status.ended(None)), (None, None));
        let pod = r#"{"status": {"phase": "Failed", "containerStatuses": [{"name": "a", "state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}}"#;
        let pod: SeenPod = serde_json::from_str(pod).unwrap();
        let ended = Ended {
            exit_code: 3,
            reason: Some("Error".to_owned()),
            message: None,
        };
        assert_eq!(
            (pod.status.phase.as_deref(), pod.status.ended(None)),
            (Some("Failed"), Some(&ended))
        );
        assert_eq!((pod.status.phase(Some("a")), pod.status.ended(Some("b"))), (Some("Failed"), None));
    }
}
