//! `.Capabilities`.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::functions::Args;
use crate::template::{Object, Result, Value};

/// What the cluster can do, as charts ask for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Version of the API server, as `v1.36.2`.
    pub kube_version: String,
    /// `v1`, `apps/v1`, and with kinds `apps/v1/Deployment`.
    pub api_versions: BTreeSet<String>,
}

/// What `helm template` assumes without a cluster (Helm 4.1).
const DEFAULT_APIS: &str = "v1 admissionregistration.k8s.io/v1 admissionregistration.k8s.io/v1alpha1 \
admissionregistration.k8s.io/v1beta1 internal.apiserver.k8s.io/v1alpha1 apps/v1 apps/v1beta1 apps/v1beta2 \
authentication.k8s.io/v1 authentication.k8s.io/v1alpha1 authentication.k8s.io/v1beta1 authorization.k8s.io/v1 \
authorization.k8s.io/v1beta1 autoscaling/v1 autoscaling/v2 autoscaling/v2beta1 autoscaling/v2beta2 batch/v1 \
batch/v1beta1 certificates.k8s.io/v1 certificates.k8s.io/v1beta1 certificates.k8s.io/v1alpha1 \
coordination.k8s.io/v1alpha2 coordination.k8s.io/v1beta1 coordination.k8s.io/v1 discovery.k8s.io/v1 \
discovery.k8s.io/v1beta1 events.k8s.io/v1 events.k8s.io/v1beta1 extensions/v1beta1 flowcontrol.apiserver.k8s.io/v1 \
flowcontrol.apiserver.k8s.io/v1beta1 flowcontrol.apiserver.k8s.io/v1beta2 flowcontrol.apiserver.k8s.io/v1beta3 \
networking.k8s.io/v1 networking.k8s.io/v1beta1 node.k8s.io/v1 node.k8s.io/v1alpha1 node.k8s.io/v1beta1 policy/v1 \
policy/v1beta1 rbac.authorization.k8s.io/v1 rbac.authorization.k8s.io/v1beta1 rbac.authorization.k8s.io/v1alpha1 \
resource.k8s.io/v1 resource.k8s.io/v1beta2 resource.k8s.io/v1beta1 resource.k8s.io/v1alpha3 \
scheduling.k8s.io/v1alpha1 scheduling.k8s.io/v1beta1 scheduling.k8s.io/v1 storage.k8s.io/v1beta1 storage.k8s.io/v1 \
storage.k8s.io/v1alpha1 storagemigration.k8s.io/v1beta1 apiextensions.k8s.io/v1beta1 apiextensions.k8s.io/v1";

impl Default for Capabilities {
    /// What `helm template` assumes without a cluster.
    fn default() -> Self {
        Capabilities {
            kube_version: "v1.35.0".into(),
            api_versions: DEFAULT_APIS.split_whitespace().map(str::to_owned).collect(),
        }
    }
}

impl Capabilities {
    pub(super) fn object(&self) -> Value {
        Value::map([
            ("KubeVersion", Value::Object(Rc::new(KubeVersion::new(&self.kube_version)))),
            ("APIVersions", Value::Object(Rc::new(ApiVersions(self.api_versions.clone())))),
            (
                "HelmVersion",
                Value::map([
                    ("Version", Value::str("v4.1.4")),
                    ("GitCommit", Value::str("05fa37973dc9e42b76e1d2883494c87174b6074f")),
                    ("GitTreeState", Value::str("clean")),
                    ("GoVersion", Value::str("go1.25.9")),
                    ("KubeClientVersion", Value::str("v1.35")),
                ]),
            ),
        ])
    }
}

#[derive(Debug)]
struct KubeVersion {
    version: String,
    major: String,
    minor: String,
}

impl KubeVersion {
    fn new(version: &str) -> Self {
        let version = if version.starts_with('v') {
            version.to_owned()
        } else {
            format!("v{version}")
        };
        let mut parts = version.trim_start_matches('v').split('.');
        let mut part = || {
            let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>();
            parts.next().map(digits).unwrap_or_default()
        };
        let (major, minor) = (part(), part());
        KubeVersion { version, major, minor }
    }
}

impl Object for KubeVersion {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        match (name, args) {
            ("Version" | "String" | "GitVersion", []) => Some(Ok(Value::str(&self.version))),
            ("Major", []) => Some(Ok(Value::str(&self.major))),
            ("Minor", []) => Some(Ok(Value::str(&self.minor))),
            _ => None,
        }
    }

    fn text(&self) -> String {
        self.version.clone()
    }

    fn plain(&self) -> Value {
        Value::map([
            ("Version", Value::str(&self.version)),
            ("Major", Value::str(&self.major)),
            ("Minor", Value::str(&self.minor)),
        ])
    }
}

#[derive(Debug)]
struct ApiVersions(BTreeSet<String>);

impl Object for ApiVersions {
    fn type_name(&self) -> &'static str {
        "common.VersionSet"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        let args = Args::new("Has", args);
        (name == "Has").then(|| args.str(0).map(|version| Value::Bool(self.0.contains(version))))
    }

    fn kind(&self) -> &'static str {
        "slice"
    }

    fn text(&self) -> String {
        crate::template::go_text(&self.plain())
    }

    fn plain(&self) -> Value {
        Value::list(self.0.iter().map(Value::str).collect())
    }
}
