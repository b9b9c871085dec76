//! What flyteadmin reads from its configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Config, ConfigError, Section, Storage, Switches, SyncSwitches, database};
use crate::placement::{ClusterConfig, GoDuration, KubeClientConfig};
use crate::stores::DatabaseAddress;

/// flyteadmin's configuration, defaults filled in.
#[derive(Clone, Debug)]
pub struct AdminConfig {
    /// Section `clusters`.
    pub clusters: ClusterConfig,
    /// Section `domains`.
    pub domains: Vec<Domain>,
    /// Section `database`.
    pub database: DatabaseAddress,
    /// File with the database's password; empty for none.
    pub password_path: String,
    /// Port of the HTTP server.
    pub http_port: u16,
    /// Port of the gRPC server.
    pub grpc_port: u16,
    /// `namespace_mapping.template`.
    pub namespace_template: String,
    /// Section `storage`.
    pub storage: Storage,
    /// Folders below the bucket for what flyteadmin writes.
    pub metadata_prefix: Vec<String>,
    /// Server-wide settings of clients of member clusters.
    pub kube_client: KubeClientConfig,
    /// Section `cluster_resources`.
    pub cluster_resources: ClusterResources,
    /// Section `dataProxy`.
    pub data_proxy: DataProxy,
    /// Annotation for an execution's IAM role; empty for none.
    pub role_name_key: String,
    /// How many tasks and launch plans of a run may run at the same time, where nobody says: `maxParallelism`; 0 for no limit.
    pub max_parallelism: u32,
    /// Whether runs are interruptible where nobody says.
    pub interruptible: bool,
    /// Whether runs replace results in the cache where nobody says.
    pub overwrite_cache: bool,
    /// Version of events that propeller is to send.
    pub event_version: i64,
    /// What is otherwise than upstream.
    pub switches: Switches,
}

/// A domain. Runs use the id; namespaces of the resource sync use the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Domain {
    /// The id, as requests name it.
    pub id: String,
    /// The display name.
    pub name: String,
}

/// Section `dataProxy`: limits of signed URLs.
#[derive(Clone, Debug)]
pub struct DataProxy {
    /// How long a place for a file may stay open; also the default.
    pub upload_max: Duration,
    /// As `upload_max`, for reading.
    pub download_max: Duration,
    /// Letters of names that flyteadmin makes up.
    pub file_name_length: usize,
    /// Folder below the bucket.
    pub prefix: String,
}

/// Section `cluster_resources`.
#[derive(Clone, Debug)]
pub struct ClusterResources {
    /// Folder of the templates.
    pub template_path: String,
    /// Values for every namespace.
    pub template_data: BTreeMap<String, TemplateValue>,
    /// Values by domain id.
    pub custom_data: BTreeMap<String, BTreeMap<String, TemplateValue>>,
    /// Time between two passes.
    pub refresh_interval: Duration,
    /// Read projects over gRPC in place of the database.
    pub standalone: bool,
    /// What is otherwise than upstream.
    pub switches: SyncSwitches,
}

/// Where a template value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TemplateValue {
    /// The value itself.
    Literal(String),
    /// An environment variable.
    Env(String),
    /// A file's content.
    File(String),
}

impl AdminConfig {
    /// Reads the sections that flyteadmin uses.
    ///
    /// # Errors
    /// [`ConfigError`] if a value has the wrong form.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let server = config.section("server");
        let admin = config.section("flyteadmin");
        Ok(Self {
            clusters: match config.section("clusters").value() {
                Some(section) => ClusterConfig::from_section(section)?,
                None => ClusterConfig::default(),
            },
            domains: domains(&config.section("domains"))?,
            database: database::address(config)?,
            password_path: database::section(config).child("passwordPath").string()?,
            http_port: server.child("httpPort").port(8088)?,
            grpc_port: server.child("grpc").child("port").port(8089)?,
            namespace_template: default(
                config.section("namespace_mapping").child("template").string()?,
                "{{ project }}-{{ domain }}",
            ),
            storage: Storage::read(config)?,
            metadata_prefix: strings(&admin.child("metadataStoragePrefix"))?,
            kube_client: kube_client(&server.child("kubeClientConfig"))?,
            cluster_resources: cluster_resources(&config.section("cluster_resources"))?,
            data_proxy: data_proxy(&config.section("dataProxy"))?,
            role_name_key: admin.child("roleNameKey").string()?,
            max_parallelism: match admin.child("maxParallelism").integer()? {
                None => 25,
                Some(number) => u32::try_from(number).map_err(|_| admin.child("maxParallelism").error("out of range"))?,
            },
            interruptible: admin.child("interruptible").boolean()?,
            overwrite_cache: admin.child("overwriteCache").boolean()?,
            event_version: admin.child("eventVersion").integer()?.unwrap_or(0),
            switches: Switches::read(&admin.child("multiplane"))?,
        })
    }
}

fn data_proxy(section: &Section<'_>) -> Result<DataProxy, ConfigError> {
    let hour = Duration::from_secs(60 * 60);
    let upload = section.child("upload");
    let length = upload.child("defaultFileNameLength");
    Ok(DataProxy {
        upload_max: upload.child("maxExpiresIn").duration(hour)?,
        download_max: section.child("download").child("maxExpiresIn").duration(hour)?,
        file_name_length: match length.integer()? {
            None => 20,
            Some(number) => usize::try_from(number).map_err(|_| length.error("out of range"))?,
        },
        prefix: upload.child("storagePrefix").string()?,
    })
}

fn kube_client(section: &Section<'_>) -> Result<KubeClientConfig, ConfigError> {
    let default = KubeClientConfig::SERVER_DEFAULT;
    let number = |key: &str, default: i32| match section.child(key).integer()? {
        None => Ok(default),
        Some(value) => i32::try_from(value).map_err(|_| section.child(key).error("out of range")),
    };
    let timeout = section.child("timeout").string()?;
    Ok(KubeClientConfig {
        qps: number("qps", default.qps)?,
        burst: number("burst", default.burst)?,
        timeout: match timeout.as_str() {
            "" => default.timeout,
            text => text
                .parse::<GoDuration>()
                .map_err(|error| section.child("timeout").error(&error.to_string()))?,
        },
    })
}

fn domains(section: &Section<'_>) -> Result<Vec<Domain>, ConfigError> {
    let configured = section
        .items()?
        .iter()
        .map(|item| {
            Ok(Domain {
                id: item.child("id").string()?,
                name: item.child("name").string()?,
            })
        })
        .collect::<Result<Vec<_>, ConfigError>>()?;
    if !configured.is_empty() {
        return Ok(configured);
    }
    Ok(["development", "staging", "production"]
        .map(|name| Domain {
            id: name.to_owned(),
            name: name.to_owned(),
        })
        .into())
}

fn cluster_resources(section: &Section<'_>) -> Result<ClusterResources, ConfigError> {
    Ok(ClusterResources {
        template_path: section.child("templatePath").string()?,
        template_data: values(&section.child("templateData"))?,
        custom_data: section
            .child("customData")
            .entries()
            .into_iter()
            .map(|(domain, data)| Ok((domain.to_owned(), values(&data)?)))
            .collect::<Result<_, ConfigError>>()?,
        refresh_interval: section.child("refreshInterval").duration(Duration::from_secs(60))?,
        standalone: section.child("standaloneDeployment").boolean()?,
        switches: SyncSwitches::read(&section.child("multiplane"))?,
    })
}

fn values(section: &Section<'_>) -> Result<BTreeMap<String, TemplateValue>, ConfigError> {
    section
        .entries()
        .into_iter()
        .map(|(name, source)| {
            let from = source.child("valueFrom");
            let value = match (from.child("env").string()?, from.child("filePath").string()?) {
                (env, _) if !env.is_empty() => TemplateValue::Env(env),
                (_, file) if !file.is_empty() => TemplateValue::File(file),
                _ => TemplateValue::Literal(source.child("value").string()?),
            };
            Ok((name.to_owned(), value))
        })
        .collect()
}

fn strings(section: &Section<'_>) -> Result<Vec<String>, ConfigError> {
    section.items()?.iter().map(Section::string).collect()
}

fn default(value: String, fallback: &str) -> String {
    if value.is_empty() { fallback.to_owned() } else { value }
}
