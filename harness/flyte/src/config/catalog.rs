//! What datacatalog reads from its configuration.

use std::time::Duration;

use super::{Config, ConfigError, Storage, database};
use crate::stores::DatabaseAddress;

/// datacatalog's configuration, defaults filled in.
#[derive(Clone, Debug)]
pub struct CatalogConfig {
    /// Section `database`.
    pub database: DatabaseAddress,
    /// Section `storage`.
    pub storage: Storage,
    /// Folder below the bucket for artifacts' data: `datacatalog.storage-prefix`.
    pub prefix: String,
    /// Longest time between two signs of life of who holds a reservation: `datacatalog.max-reservation-heartbeat`.
    pub heartbeat: Duration,
    /// After so many times without a sign of life a reservation has expired: `datacatalog.heartbeat-grace-period-multiplier`.
    pub grace: u32,
    /// Port of the HTTP server.
    pub http_port: u16,
    /// Port of the gRPC server.
    pub grpc_port: u16,
    /// Port of the profiler.
    pub profiler_port: u16,
}

impl CatalogConfig {
    /// Reads the sections that datacatalog uses.
    ///
    /// # Errors
    /// [`ConfigError`] if a value has the wrong form.
    pub fn read(config: &Config) -> Result<Self, ConfigError> {
        let catalog = config.section("datacatalog");
        let application = config.section("application");
        let grace = catalog.child("heartbeat-grace-period-multiplier");
        let prefix = catalog.child("storage-prefix").string()?;
        Ok(Self {
            database: database::address(config)?,
            storage: Storage::read(config)?,
            prefix: if prefix.is_empty() { "metadata".to_owned() } else { prefix },
            heartbeat: catalog.child("max-reservation-heartbeat").duration(Duration::from_secs(10))?,
            grace: match grace.integer()? {
                None => 3,
                Some(number) => u32::try_from(number).map_err(|_| grace.error("out of range"))?,
            },
            http_port: application.child("httpPort").port(8080)?,
            grpc_port: application.child("grpcPort").port(8089)?,
            profiler_port: catalog.child("profiler-port").port(10254)?,
        })
    }
}
