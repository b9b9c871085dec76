//! What a volume is made from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use k8s_openapi::api::core::v1::{
    ConfigMapProjection, DownwardAPIProjection, SecretProjection, ServiceAccountTokenProjection, Volume, VolumeProjection,
};

/// What a volume holds.
pub(crate) enum Content {
    /// Nothing at first; containers write.
    Empty,
    Sources(Vec<Source>),
    /// A folder of this computer.
    Disk(PathBuf),
    /// The volume that a claim with this name is bound to.
    Claim {
        name: String,
        read_only: bool,
    },
    /// A kind of volume that needs a real node.
    Refused(&'static str),
}

/// One source of a projected volume. Every other volume that is filled has just one.
pub(crate) enum Source {
    ConfigMap(ConfigMapProjection),
    Secret(SecretProjection),
    Downward(DownwardAPIProjection),
    Token(ServiceAccountTokenProjection),
}

/// What a pod's volume holds, on a machine with these folders.
pub(crate) fn content(volume: &Volume, host_paths: &BTreeMap<String, PathBuf>) -> Content {
    let host_path = volume.host_path.as_ref().and_then(|host| host_paths.get(&host.path));
    if let Some(folder) = host_path {
        return Content::Disk(folder.clone());
    }
    if volume.empty_dir.is_some() {
        return Content::Empty;
    }
    if let Some(claim) = volume.persistent_volume_claim.clone() {
        return Content::Claim {
            name: claim.claim_name,
            read_only: claim.read_only.unwrap_or(false),
        };
    }
    if let Some(map) = volume.config_map.clone() {
        let projection = ConfigMapProjection {
            name: map.name,
            items: map.items,
            optional: map.optional,
        };
        return Content::Sources(vec![Source::ConfigMap(projection)]);
    }
    if let Some(secret) = volume.secret.clone() {
        let projection = SecretProjection {
            name: secret.secret_name.unwrap_or_default(),
            items: secret.items,
            optional: secret.optional,
        };
        return Content::Sources(vec![Source::Secret(projection)]);
    }
    if let Some(downward) = volume.downward_api.clone() {
        return Content::Sources(vec![Source::Downward(DownwardAPIProjection { items: downward.items })]);
    }
    match volume.projected.clone() {
        Some(projected) => {
            let sources: Option<Vec<Source>> = projected.sources.unwrap_or_default().into_iter().map(projection).collect();
            sources.map_or(
                Content::Refused("projected clusterTrustBundle and podCertificate"),
                Content::Sources,
            )
        }
        None => Content::Refused(kind(volume)),
    }
}

fn projection(source: VolumeProjection) -> Option<Source> {
    let config_map = source.config_map.map(Source::ConfigMap);
    config_map
        .or(source.secret.map(Source::Secret))
        .or(source.downward_api.map(Source::Downward))
        .or(source.service_account_token.map(Source::Token))
}

/// A volume's kind by its field's name, for the message that refuses it.
fn kind(volume: &Volume) -> &'static str {
    match volume {
        Volume { host_path: Some(_), .. } => "hostPath",
        Volume { csi: Some(_), .. } => "csi",
        Volume { ephemeral: Some(_), .. } => "ephemeral",
        Volume { nfs: Some(_), .. } => "nfs",
        Volume { image: Some(_), .. } => "image",
        _ => "such",
    }
}
