//! Tokens and CAs: paths, mounts, the names of the Secret's keys.

use yaml::Diagnostics;

use super::merged::{Merged, Place};
use super::rules;
use super::view::{Root, View};

/// Where the chart mounts the Secret [`SECRET`] into syncresources.
const SYNC_PATH: &str = "/var/run/credentials";
const SECRET: &str = "cluster-credentials";

/// A volume mounted into flyteadmin.
struct Mount<'a> {
    path: &'a str,
    place: Place<'a>,
    /// The Secret behind it; `None` if it is something else, or the volume is not there.
    secret: Option<&'a str>,
}

/// A credentials file that a cluster names.
struct Credential<'a> {
    cluster: String,
    /// `token` or `cacert`: what its name should end in.
    kind: &'static str,
    path: String,
    place: Place<'a>,
}

pub(super) fn check(view: &View<'_, '_>, found: &mut Diagnostics) {
    let credentials = credentials(view, found);
    if view.helm {
        let mounts = mounts(view.root.get("flyteadmin"), found);
        for credential in &credentials {
            mounted(credential, &mounts, found);
        }
    }
    credentials.iter().for_each(|credential| named(credential, view, found));
}

/// The value from the guide that the chart does not have.
pub(super) fn check_init_mounts(root: &Root<'_, '_>, found: &mut Diagnostics) {
    let flyteadmin = root.values.get("flyteadmin").filter(|_| root.helm);
    if let Some(init) = flyteadmin.and_then(|admin| admin.field("initContainerClusterSyncAdditionalVolumeMounts")) {
        found.push(rules::INIT_MOUNTS.at(init.key_place, "this value has no effect").help("remove it"));
    }
}

/// The files of all remote clusters; disabled ones included, since flyteadmin reads theirs too.
fn credentials<'a>(view: &View<'_, 'a>, found: &mut Diagnostics) -> Vec<Credential<'a>> {
    let mut credentials = Vec::new();
    for cluster in view.clusters.iter().filter(|cluster| !cluster.cluster.in_cluster) {
        let auth = cluster.fields.get("auth");
        let (name, files) = (&cluster.cluster.name, &cluster.cluster.auth);
        for (key, kind, path) in [("tokenPath", "token", &files.token_path), ("certPath", "cacert", &files.cert_path)] {
            let place = auth.and_then(|auth| auth.get(key)).map(|value| value.place);
            match place.filter(|_| !path.is_empty()) {
                Some(place) => credentials.push(Credential {
                    cluster: name.clone(),
                    kind,
                    path: path.clone(),
                    place,
                }),
                None => {
                    let message = format!("cluster `{name}` has no `auth.{key}`");
                    let help = format!("add `{key}: {SYNC_PATH}/{name}_{kind}`");
                    found.push(rules::CREDENTIALS_MISSING.at(cluster.place("name"), message).help(help));
                }
            }
        }
    }
    credentials
}

/// `flyteadmin.additionalVolumeMounts`, each with its volume.
fn mounts<'a>(flyteadmin: Option<&Merged<'a>>, found: &mut Diagnostics) -> Vec<Mount<'a>> {
    let list = |key| flyteadmin.and_then(|admin| admin.get(key)).map(Merged::items).unwrap_or_default();
    let volumes = list("additionalVolumes");
    let mut mounts = Vec::new();
    for mount in list("additionalVolumeMounts") {
        let Some(path) = mount.get("mountPath").and_then(|path| path.text()) else {
            continue;
        };
        let name = mount.get("name");
        let volume = volumes.iter().find(|volume| {
            let volume = volume.get("name").and_then(|name| name.text());
            volume.is_some() && volume == name.and_then(|name| name.text())
        });
        if let (Some(name), None) = (name, volume) {
            let message = format!("no volume `{}` in `flyteadmin.additionalVolumes`", name.text().unwrap_or_default());
            found.push(rules::VOLUME_MISSING.at(name.place, message));
        }
        let secret = volume.and_then(|volume| volume.get("secret")?.get("secretName")?.text());
        mounts.push(Mount {
            path: path.trim_end_matches('/'),
            place: mount.place,
            secret,
        });
    }
    mounts
}

/// Whether flyteadmin and syncresources find the file.
fn mounted(credential: &Credential<'_>, mounts: &[Mount<'_>], found: &mut Diagnostics) {
    let Credential {
        cluster,
        kind,
        path,
        place,
    } = credential;
    let below = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    match mounts.iter().find(|mount| below(mount.path) || mount.path == path) {
        None => {
            let message = format!("nothing is mounted at {path}, the {kind} of cluster `{cluster}`");
            let paths: Vec<&str> = mounts.iter().map(|mount| mount.path).collect();
            let help = match paths.as_slice() {
                [] => {
                    "add `flyteadmin.additionalVolumes` and `additionalVolumeMounts`, or name the values file that has them too".to_owned()
                }
                paths => format!("`flyteadmin.additionalVolumeMounts` has {}", paths.join(", ")),
            };
            found.push(rules::NOT_MOUNTED.at(*place, message).help(help));
        }
        Some(mount) if !below(SYNC_PATH) => {
            let message = format!("syncresources does not find {path}: it has its credentials at {SYNC_PATH}");
            let help = format!("mount the Secret at {SYNC_PATH} (line {})", mount.place.span.line);
            found.push(rules::SYNC_MOUNT.at(*place, message).help(help));
        }
        Some(mount) => {
            if let Some(secret) = mount.secret.filter(|secret| *secret != SECRET) {
                let message = format!("syncresources reads {path} from Secret `{SECRET}`, flyteadmin from `{secret}`");
                found.push(rules::SYNC_MOUNT.at(*place, message).help(format!("call the Secret `{SECRET}`")));
            }
        }
    }
}

/// Whether the file's name is `<cluster>_token` or `<cluster>_cacert`.
fn named(credential: &Credential<'_>, view: &View<'_, '_>, found: &mut Diagnostics) {
    let Credential {
        cluster,
        kind,
        path,
        place,
    } = credential;
    let file = path.rsplit('/').next().unwrap_or_default();
    let wanted = format!("{cluster}_{kind}");
    if file == wanted {
        return;
    }
    let owner = file.rsplit_once('_').map(|(owner, _)| owner).filter(|owner| owner != cluster);
    let message = match owner.filter(|owner| view.config.cluster(owner).is_some()) {
        Some(owner) => format!("cluster `{cluster}` uses a file of cluster `{owner}`"),
        None => format!("the {kind} of cluster `{cluster}` is not called `{wanted}`"),
    };
    found.push(
        rules::CREDENTIALS_NAME
            .at(*place, message)
            .help(format!("the guide's key in the Secret is `{wanted}`")),
    );
}
