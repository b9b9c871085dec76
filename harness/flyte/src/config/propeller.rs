//! What flytepropeller reads from its configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::Toleration;

use super::{Config, ConfigError, Storage};

/// flytepropeller's configuration, defaults filled in.
#[derive(Clone, Debug)]
pub struct PropellerConfig {
    /// Where flyteadmin is.
    pub admin: AdminEndpoint,
    /// Name that events carry; flyteadmin compares it with the recorded cluster.
    pub cluster_id: String,
    /// Namespace to watch; `None` for all.
    pub namespace: Option<String>,
    /// Failed rounds before a run is given up.
    pub max_workflow_retries: i64,
    /// Time between two looks at what a run waits for in flyteadmin.
    pub reeval: Duration,
    /// Time between two collections of finished objects.
    pub gc_interval: Duration,
    /// Hours that finished objects are kept.
    pub max_ttl_hours: i64,
    /// Folder below the bucket for inputs and outputs.
    pub metadata_prefix: String,
    /// Where tasks may write data of their own.
    pub raw_output_prefix: String,
    /// Section `storage`.
    pub storage: Storage,
    /// Section `catalog-cache`; `None` if its type is `noop`, as by default: nothing is cached then.
    pub catalog: Option<CatalogCache>,
    /// The lock that replicas compete for, if any.
    pub leader_election: Option<LeaderElection>,
    /// Where pods may run that may be interrupted.
    pub interruptible: Interruptible,
    /// Resource requests of task containers that name none.
    pub default_cpu: String,
    /// As `default_cpu`.
    pub default_memory: String,
}

/// Where pods of tasks may run that may be interrupted: `plugins.k8s.interruptible-*`, and when they no longer may.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Interruptible {
    /// Taints that they stand.
    pub tolerations: Vec<Toleration>,
    /// Labels of nodes for them.
    pub node_selector: BTreeMap<String, String>,
    /// After so many failures that are not the user's, a task is not interruptible any more.
    pub failures: u32,
}

impl Interruptible {
    fn read(config: &Config) -> Result<Self, ConfigError> {
        let k8s = config.section("plugins").child("k8s");
        let tolerations = k8s.child("interruptible-tolerations").items()?;
        let tolerations = tolerations.iter().map(|item| {
            let value = item.value().cloned().unwrap_or_default();
            serde_json::from_value(value).map_err(|error| item.error(&error.to_string()))
        });
        let selector = k8s.child("interruptible-node-selector").entries();
        let selector = selector.into_iter().map(|(key, value)| Ok((key.to_owned(), value.string()?)));
        let nodes = config.section("propeller").child("node-config");
        let threshold = nodes.child("interruptible-failure-threshold").integer()?.unwrap_or(-1);
        let retries = nodes.child("max-node-retries-system-failures").integer()?.unwrap_or(3);
        // A threshold that is not positive is counted from the last retry back.
        let failures = if threshold > 0 { threshold } else { retries + threshold };
        Ok(Self {
            tolerations: tolerations.collect::<Result<_, _>>()?,
            node_selector: selector.collect::<Result<_, ConfigError>>()?,
            failures: u32::try_from(failures).unwrap_or(0),
        })
    }
}

/// Section `admin`, which every client of flyteadmin has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminEndpoint {
    /// `host:port`.
    pub endpoint: String,
    /// Plain text in place of TLS.
    pub insecure: bool,
}

/// Section `catalog-cache` of type `datacatalog`: where results of tasks are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogCache {
    /// `host:port`.
    pub endpoint: String,
    /// Plain text in place of TLS.
    pub insecure: bool,
    /// Results older than this count as none; zero for no limit.
    pub max_age: Duration,
    /// Further tries of a call that did not reach the catalog.
    pub max_retries: u32,
    /// Pause before the first of them; it doubles.
    pub pause: Duration,
}

/// `propeller.leader-election`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaderElection {
    /// Name of the Lease.
    pub name: String,
    /// Namespace of the Lease.
    pub namespace: String,
    /// How long a lease lasts without renewal.
    pub lease_duration: Duration,
    /// A leader that could not renew for so long gives up.
    pub renew_deadline: Duration,
    /// Time between two tries.
    pub retry_period: Duration,
}

impl AdminEndpoint {
    /// Reads section `admin`.
    ///
    /// # Errors
    /// [`ConfigError`] if a value has the wrong form.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let admin = config.section("admin");
        let endpoint = admin.child("endpoint").string()?;
        // gRPC's name syntax: `dns:///host:port` means `host:port`.
        let endpoint = endpoint.strip_prefix("dns:///").unwrap_or(&endpoint);
        Ok(Self {
            endpoint: endpoint.to_owned(),
            insecure: admin.child("insecure").boolean()?,
        })
    }
}

impl PropellerConfig {
    /// Reads the sections that flytepropeller uses.
    ///
    /// # Errors
    /// [`ConfigError`] if a value has the wrong form.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let propeller = config.section("propeller");
        let k8s = config.section("plugins").child("k8s");
        let storage = Storage::read(config)?;
        let namespace = propeller.child("limit-namespace").string()?;
        let text = |key: &str, fallback: &str| {
            let value = propeller.child(key).string()?;
            Ok::<_, ConfigError>(if value.is_empty() { fallback.to_owned() } else { value })
        };
        Ok(Self {
            admin: AdminEndpoint::read(config)?,
            cluster_id: text("cluster-id", "propeller")?,
            namespace: (!namespace.is_empty() && namespace != "all").then_some(namespace),
            max_workflow_retries: propeller.child("max-workflow-retries").integer()?.unwrap_or(10),
            reeval: propeller.child("workflow-reeval-duration").duration(Duration::from_secs(10))?,
            gc_interval: propeller.child("gc-interval").duration(Duration::from_secs(30 * 60))?,
            max_ttl_hours: propeller.child("max-ttl-hours").integer()?.unwrap_or(23),
            metadata_prefix: text("metadata-prefix", "metadata/propeller")?,
            raw_output_prefix: text("rawoutput-prefix", "")?,
            storage,
            catalog: catalog(config)?,
            interruptible: Interruptible::read(config)?,
            leader_election: leader_election(config)?,
            default_cpu: k8s.child("default-cpus").string()?,
            default_memory: k8s.child("default-memory").string()?,
        })
    }
}

fn catalog(config: &Config) -> Result<Option<CatalogCache>, ConfigError> {
    let section = config.section("catalog-cache");
    match section.child("type").string()?.as_str() {
        "" | "noop" => return Ok(None),
        "datacatalog" => {}
        other => return Err(section.child("type").error(&format!("no such catalog type available: {other}"))),
    }
    let auth = section.child("use-admin-auth");
    if auth.boolean()? {
        return Err(auth.error("not implemented by the reference data plane"));
    }
    let number = |key: &str, default: u32| match section.child(key).integer()? {
        None => Ok(default),
        Some(number) => u32::try_from(number).map_err(|_| section.child(key).error("out of range")),
    };
    let endpoint = section.child("endpoint").string()?;
    Ok(Some(CatalogCache {
        endpoint: endpoint.strip_prefix("dns:///").unwrap_or(&endpoint).to_owned(),
        insecure: section.child("insecure").boolean()?,
        max_age: section.child("max-cache-age").duration(Duration::ZERO)?,
        max_retries: number("max-retries", 5)?,
        pause: Duration::from_millis(number("base-scalar", 100)?.into()),
    }))
}

fn leader_election(config: &Config) -> Result<Option<LeaderElection>, ConfigError> {
    let section = config.section("propeller").child("leader-election");
    if !section.child("enabled").boolean()? {
        return Ok(None);
    }
    let lock = section.child("lock-config-map");
    let duration = |key: &str, seconds| section.child(key).duration(Duration::from_secs(seconds));
    Ok(Some(LeaderElection {
        name: lock.child("name").string()?,
        namespace: lock.child("namespace").string()?,
        lease_duration: duration("lease-duration", 15)?,
        renew_deadline: duration("renew-deadline", 10)?,
        retry_period: duration("retry-period", 2)?,
    }))
}
