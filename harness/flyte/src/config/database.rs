//! Section `database`, which flyteadmin and datacatalog have.

use super::{Config, ConfigError, Section};
use crate::stores::DatabaseAddress;

/// The connection's keys.
pub(super) fn section(config: &Config) -> Section<'_> {
    let database = config.section("database");
    // Old releases nested the connection one level deeper; Flyte still accepts both.
    match database.child("postgres") {
        nested if nested.present() => nested,
        _ => database,
    }
}

/// Which database it is.
pub(super) fn address(config: &Config) -> Result<DatabaseAddress, ConfigError> {
    let database = section(config);
    let text = |key: &str, fallback: &str| {
        let value = database.child(key).string()?;
        Ok::<_, ConfigError>(if value.is_empty() { fallback.to_owned() } else { value })
    };
    Ok(DatabaseAddress {
        host: text("host", "localhost")?,
        port: database.child("port").port(5432)?,
        dbname: text("dbname", "postgres")?,
    })
}
