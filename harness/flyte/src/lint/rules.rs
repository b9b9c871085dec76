//! The rules: stable codes, and what Flyte does in each case.

use yaml::{Diagnostic, Severity};

use super::merged::Place;

/// A known fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable code.
    pub code: &'static str,
    /// How bad it is. An error: the set-up does not come up, or not as written.
    pub severity: Severity,
    /// What the rule finds.
    pub title: &'static str,
    /// What Flyte v1.16.8 and its chart flyte-core do with it.
    pub flyte: &'static str,
}

impl Rule {
    /// A finding at a place.
    pub(super) fn at(&self, place: Place<'_>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(self.severity, self.code, message)
            .at(place.file, place.span)
            .note(format!("Flyte: {}", self.flyte))
    }
}

macro_rules! rules {
    ($($name:ident $code:literal $severity:ident $title:literal => $flyte:literal;)*) => {
        $(pub(super) const $name: Rule =
            Rule { code: $code, severity: Severity::$severity, title: $title, flyte: $flyte };)*
        /// All rules, by code.
        pub const RULES: &[Rule] = &[$($name),*];
    };
}

rules! {
    CLUSTERS_EMPTY "FLY001" Error "`configmap.clusters` is empty" =>
        "the chart does not render: nil pointer evaluating interface {}.labelClusterMap";
    MISPLACED "FLY002" Error "a key of the section `clusters` stands elsewhere" =>
        "nothing reads it there";
    WRONG_TYPE "FLY003" Error "a value does not convert to its field's type" =>
        "flyteadmin does not start: its configuration cannot be decoded";
    UNKNOWN_KEY "FLY004" Warning "an unknown key in the section `clusters`" =>
        "flyteadmin ignores it";
    SINGLE_CLUSTER "FLY005" Note "no clusterConfigs" =>
        "single-cluster mode: everything runs in flyteadmin's own cluster, and a label in a request is refused";
    TEMPLATED "FLY006" Note "a templated value where none can be checked" =>
        "the chart renders templates in `configmap.clusters` before flyteadmin reads it";
    DUPLICATE_NAME "FLY010" Error "two clusters of one name" =>
        "flyteadmin does not start: Duplicate cluster names";
    NONE_ENABLED "FLY011" Error "no cluster is enabled" =>
        "flyteadmin does not start: entries is empty";
    ENABLED_LEFT_OUT "FLY012" Warning "`enabled` is left out" =>
        "the cluster is disabled: never drawn, though its token and CA files must exist all the same";
    BURST_MISSING "FLY013" Error "`qps` without `burst`" =>
        "flyteadmin does not start: burst is required to be greater than 0";
    CLIENT_LIMITS "FLY014" Note "`kubeClientConfig` is incomplete or unused" =>
        "it replaces the server-wide one as a whole: fields left out mean 5 qps, burst 10, no timeout; inCluster entries do not use it";
    AUTH_TYPE "FLY015" Note "`auth.type` is set" =>
        "there is no such field: flyteadmin ignores it, and always reads the token and the CA from files";
    ENDPOINT_MISSING "FLY016" Warning "a remote cluster without an endpoint" =>
        "flyteadmin starts; its calls go to https://localhost";
    ENDPOINT_PLACEHOLDER "FLY017" Error "an endpoint that is still a placeholder" =>
        "it is no valid host name, so no client can be made for the cluster";
    ENDPOINT_HTTP "FLY018" Warning "an endpoint without TLS" =>
        "the token crosses the network in the clear, and the CA is not used";
    ENDPOINT_SHARED "FLY019" Warning "two clusters with one endpoint" =>
        "both names lead to the same cluster";
    WEIGHT_RANGE "FLY020" Error "a weight that is not within 0 to 1" =>
        "flyteadmin does not start: invalid weight";
    WEIGHT_DORMANT "FLY021" Warning "such a weight on a cluster that is disabled or not configured" =>
        "flyteadmin starts, but no longer does once the cluster is enabled";
    LABEL_CAPITALS "FLY022" Warning "a label with capitals" =>
        "the config library lower-cases the keys of mappings: executions labelled as written find no pool and go anywhere";
    LABEL_COLLISION "FLY023" Warning "two labels that differ only in case" =>
        "both become one key; which of them wins is not defined";
    ID_UNKNOWN "FLY024" Warning "an id that clusterConfigs lacks" =>
        "the entry is dropped without a warning; the others share its part";
    ID_DISABLED "FLY025" Warning "a disabled cluster under a label" =>
        "the entry is dropped without a warning; the others share its part";
    LABEL_DEAD "FLY026" Warning "a label without any enabled cluster" =>
        "it counts as unknown: its executions go to the default label's clusters, else to any enabled cluster";
    DEFAULT_UNKNOWN "FLY027" Warning "a default label without a pool" =>
        "flyteadmin starts; executions without a known label go to any enabled cluster";
    WEIGHTS_SCALED "FLY028" Note "weights that do not add up to 1" =>
        "the draw is scaled by their sum; this is allowed";
    WEIGHT_ZERO "FLY029" Note "weight 0 beside others" =>
        "the cluster is never drawn for this label";
    NO_DEFAULT "FLY030" Note "no default label" =>
        "executions whose label is missing, misspelt or unknown go to any enabled cluster, in equal shares";
    NO_LABELS "FLY031" Error "clusterConfigs without labelClusterMap" =>
        "the chart then mounts no credentials into sync-cluster-resources and syncresources; both crash, and flyteadmin does not come up";
    LABEL_RESOLVED "FLY032" Warning "a label that YAML takes for a boolean or a number" =>
        "Helm reads `on`, `off`, `yes` and `no` as true and false, also as keys: executions labelled as written find no pool";
    CREDENTIALS_MISSING "FLY040" Error "a remote cluster without `auth.tokenPath` or `auth.certPath`" =>
        "flyteadmin does not start: Failed to get auth token, or auth CA";
    NOT_MOUNTED "FLY041" Error "a credentials file that no volume is mounted for" =>
        "flyteadmin does not start: Failed to get auth token, or auth CA";
    SYNC_MOUNT "FLY042" Error "credentials elsewhere than syncresources has them" =>
        "the chart mounts Secret `cluster-credentials` at /var/run/credentials into syncresources, whatever the values say; it crashes when its files are not there";
    CREDENTIALS_NAME "FLY043" Warning "a credentials file that is not named after its cluster" =>
        "flyteadmin reads whatever the path names: another cluster's token is refused with 401";
    VOLUME_MISSING "FLY045" Error "a mount of a volume that is not there" =>
        "Kubernetes refuses the Deployment flyteadmin";
    INIT_MOUNTS "FLY046" Warning "`initContainerClusterSyncAdditionalVolumeMounts` is set" =>
        "the chart has no such value; sync-cluster-resources gets `additionalVolumeMounts`";
    STORED_UNMAPPED "FLY050" Warning "a stored label without a pool" =>
        "flyteadmin stores it unchecked; the executions go to the default label's clusters, else to any enabled cluster";
    SYNC_STAYS "FLY060" Warning "`standaloneDeployment` without `standalone_deploy`" =>
        "the chart looks at `cluster_resource_manager.standalone_deploy` only, which its values.yaml lacks: the init container stays, and one unreachable data plane keeps flyteadmin from coming up";
    CONNECTOR_ALONE "FLY061" Error "flyteconnector without flytepropeller" =>
        "the chart writes the connector's part of flytepropeller's ConfigMap without the rest: a document that is no object";
    REMOVED_ROLES "FLY062" Error "`createClusterRole` or `clusterRole` of older charts" =>
        "the chart does not render: it fails on purpose when they are set";
    RBAC_NAMESPACE "FLY063" Warning "`rbacScope: namespace`" =>
        "the chart then makes Roles without a namespace, in the release's namespace only: neither namespaces of projects nor FlyteWorkflows in them can be made";
    PLACEHOLDER "FLY064" Warning "a placeholder that is not filled in" =>
        "the chart passes it on as it is: a host or bucket of that name does not exist";
    DATA_PLANE_DEFAULT "FLY065" Warning "a data plane with an address of the control plane's cluster" =>
        "the chart's default names a Service of the same namespace, which only the control plane has";
}
