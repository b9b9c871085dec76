//! Putting a container's environment together.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::core::v1::{ConfigMapKeySelector, Container, EnvFromSource, EnvVarSource, SecretKeySelector, Service};

use super::super::context::PodContext;
use super::super::prepare::ConfigError;
use super::{Lookups, downward, expand, services};

type Env = BTreeMap<String, String>;

/// A container's environment: Services, then `envFrom`, then `env`, each over the one before.
pub(crate) async fn resolve(ctx: &PodContext, container: &Container, lookups: &mut Lookups) -> Result<Env, ConfigError> {
    let mut env = services::variables(services_seen(ctx).await.iter().map(AsRef::as_ref));
    env.insert("HOSTNAME".to_owned(), hostname(ctx));
    env.entry("PATH".to_owned())
        .or_insert_with(|| "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned());
    for source in container.env_from.iter().flatten() {
        env.extend(all_keys(source, lookups).await?);
    }
    for variable in container.env.iter().flatten() {
        let value = match (&variable.value, &variable.value_from) {
            (Some(value), _) => Some(expand(value, &env)),
            (None, Some(source)) => one_value(ctx, container, source, lookups).await?,
            (None, None) => Some(String::new()),
        };
        if let Some(value) = value {
            env.insert(variable.name.clone(), value);
        }
    }
    Ok(env)
}

fn hostname(ctx: &PodContext) -> String {
    ctx.spec().hostname.clone().unwrap_or_else(|| ctx.name.clone())
}

/// The Services that a pod is told of: its namespace's, unless it asks not to be, and the API server's.
async fn services_seen(ctx: &PodContext) -> Vec<Arc<Service>> {
    ctx.node.services.synced().await;
    let links = ctx.spec().enable_service_links.unwrap_or(true);
    let services = ctx.node.services.snapshot();
    let seen = |(namespace, name): &(String, String)| {
        let api_server = namespace == "default" && name == "kubernetes";
        api_server || (links && *namespace == ctx.namespace)
    };
    services
        .iter()
        .filter(|(key, _)| seen(key))
        .map(|(_, service)| service.clone())
        .collect()
}

/// All keys of an `envFrom` source.
async fn all_keys(source: &EnvFromSource, lookups: &mut Lookups) -> Result<Env, ConfigError> {
    let prefix = source.prefix.as_deref().unwrap_or_default();
    let named = |data: Env| data.into_iter().map(|(key, value)| (format!("{prefix}{key}"), value)).collect();
    if let Some(from) = &source.config_map_ref {
        let found = lookups.config_map(&from.name).await?;
        return match found {
            Some(map) => Ok(named(map.data.clone().unwrap_or_default())),
            None if from.optional.unwrap_or(false) => Ok(Env::new()),
            None => Err(missing("configmap", &from.name)),
        };
    }
    let Some(from) = &source.secret_ref else {
        return Ok(Env::new());
    };
    match lookups.secret(&from.name).await? {
        Some(secret) => {
            let data = secret.data.clone().unwrap_or_default();
            Ok(named(
                data.into_iter()
                    .map(|(key, value)| (key, String::from_utf8_lossy(&value.0).into_owned()))
                    .collect(),
            ))
        }
        None if from.optional.unwrap_or(false) => Ok(Env::new()),
        None => Err(missing("secret", &from.name)),
    }
}

/// The value of a `valueFrom`; `None` where an optional one is not there.
async fn one_value(
    ctx: &PodContext,
    container: &Container,
    source: &EnvVarSource,
    lookups: &mut Lookups,
) -> Result<Option<String>, ConfigError> {
    if source.field_ref.is_some() || source.resource_field_ref.is_some() {
        return downward(ctx, container, source.field_ref.as_ref(), source.resource_field_ref.as_ref()).map(Some);
    }
    if let Some(from) = &source.config_map_key_ref {
        return config_map_key(ctx, from, lookups).await;
    }
    if let Some(from) = &source.secret_key_ref {
        return secret_key(ctx, from, lookups).await;
    }
    Err(ConfigError::Field(
        "env valueFrom is not supported by virtual nodes: fileKeyRef".to_owned(),
    ))
}

async fn config_map_key(ctx: &PodContext, from: &ConfigMapKeySelector, lookups: &mut Lookups) -> Result<Option<String>, ConfigError> {
    let optional = from.optional.unwrap_or(false);
    let Some(map) = lookups.config_map(&from.name).await? else {
        return if optional {
            Ok(None)
        } else {
            Err(missing("configmap", &from.name))
        };
    };
    match map.data.as_ref().and_then(|data| data.get(&from.key)) {
        Some(value) => Ok(Some(value.clone())),
        None if optional => Ok(None),
        None => Err(missing_key(ctx, "ConfigMap", &from.name, &from.key)),
    }
}

async fn secret_key(ctx: &PodContext, from: &SecretKeySelector, lookups: &mut Lookups) -> Result<Option<String>, ConfigError> {
    let optional = from.optional.unwrap_or(false);
    let Some(secret) = lookups.secret(&from.name).await? else {
        return if optional { Ok(None) } else { Err(missing("secret", &from.name)) };
    };
    match secret.data.as_ref().and_then(|data| data.get(&from.key)) {
        Some(value) => Ok(Some(String::from_utf8_lossy(&value.0).into_owned())),
        None if optional => Ok(None),
        None => Err(missing_key(ctx, "Secret", &from.name, &from.key)),
    }
}

fn missing(kind: &'static str, name: &str) -> ConfigError {
    ConfigError::Missing {
        kind,
        name: name.to_owned(),
    }
}

fn missing_key(ctx: &PodContext, kind: &'static str, name: &str, key: &str) -> ConfigError {
    ConfigError::MissingKey {
        key: key.to_owned(),
        kind,
        namespace: ctx.namespace.clone(),
        name: name.to_owned(),
    }
}
