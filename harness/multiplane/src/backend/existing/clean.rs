//! Removing what a scenario made in a cluster that stays, and proving that the cluster is as it was.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use futures::future::join_all;
use kube::api::{DeleteParams, DynamicObject};
use kube::config::KubeConfigOptions;
use kube::runtime::wait::{await_condition, conditions::is_deleted};
use kube::{Api, Client, Config, ResourceExt};

use super::ExistingError;
use super::key::Key;
use super::listing::{Kinds, Listing};
use super::marker;
use super::record::Folder;

/// How long one object may take to go: a namespace waits for all that is in it.
const LIMIT: Duration = Duration::from_secs(180);
/// How long the cluster's own clean-up may take after that: garbage collection, endpoints of Services.
const SETTLE: Duration = Duration::from_secs(20);
/// Between two listings.
const PAUSE: Duration = Duration::from_millis(250);

/// Removes what the files in `folder` say was made, proves that nothing is there that was not there before, and lets go of the cluster.
///
/// # Errors
/// [`ExistingError::Remains`] if something of the run's cannot be removed, [`ExistingError::Differs`] if all of it is gone, but something
/// else came in the meantime; or if the cluster cannot be asked.
pub(crate) async fn clean(folder: &Path) -> Result<(), ExistingError> {
    let folder = Folder::at(folder);
    let Some((about, kubeconfig)) = folder.about().map_err(ExistingError::file(folder.path()))? else {
        return Ok(());
    };
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let config = config.map_err(|error| ExistingError::Credentials(about.context.clone(), error.to_string()))?;
    let client = Client::try_from(config).map_err(ExistingError::api("connect"))?;
    let proved = match folder.before().map_err(ExistingError::file(folder.path()))? {
        // Nothing is made before the listing is complete.
        None => Ok(()),
        Some(before) => {
            let made = folder.made().map_err(ExistingError::file(folder.path()))?;
            remove(&client, &about.context, &made).await?;
            prove(&client, &about.context, &made, &before).await
        }
    };
    marker::unlock(&client, &about.run)
        .await
        .map_err(ExistingError::api("let go of its marker"))?;
    proved
}

/// The last one made goes first; then all of them are awaited.
async fn remove(client: &Client, context: &str, made: &[Key]) -> Result<(), ExistingError> {
    let kinds = Kinds::read(client).await?;
    let mut going = Vec::new();
    for key in made.iter().rev() {
        // The kind went with its definition, and all its objects with it.
        let Some(api) = kinds.api(client, key) else { continue };
        match api.delete(&key.name, &DeleteParams::background()).await {
            Ok(deleted) => {
                if let Some(uid) = deleted.left().and_then(|object| object.uid()) {
                    going.push((key, api, uid));
                }
            }
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(ExistingError::remains(context, &format!("{key}: {error}"))),
        }
    }
    let waits = going.iter().map(async |(key, api, uid)| gone(api, key, uid).await.err());
    let left: Vec<String> = join_all(waits).await.into_iter().flatten().collect();
    if left.is_empty() {
        return Ok(());
    }
    Err(ExistingError::remains(context, &left.join("; ")))
}

async fn gone(api: &Api<DynamicObject>, key: &Key, uid: &str) -> Result<(), String> {
    let deleted = await_condition(api.clone(), &key.name, is_deleted(uid));
    match tokio::time::timeout(LIMIT, deleted).await {
        Ok(Ok(_)) => Ok(()),
        // Its kind goes with it, so that nobody can watch it any more.
        Ok(Err(error)) => match api.get_opt(&key.name).await {
            Ok(None) => Ok(()),
            Ok(Some(_)) => Err(format!("{key}: {error}")),
            Err(error) => Err(format!("{key}: {error}")),
        },
        Err(_) => Err(format!("{key} is still going after {} s{}", LIMIT.as_secs(), why(api, key).await)),
    }
}

/// What keeps an object from going, as far as it says so itself.
async fn why(api: &Api<DynamicObject>, key: &Key) -> String {
    let Ok(Some(object)) = api.get_opt(&key.name).await else {
        return String::new();
    };
    let conditions = object.data["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let messages = conditions.iter().filter(|condition| condition["status"] == "True");
    let messages: Vec<&str> = messages.filter_map(|condition| condition["message"].as_str()).collect();
    let finalizers = object.finalizers().join(", ");
    match (messages.is_empty(), finalizers.is_empty()) {
        (false, _) => format!(": {}", messages.join(" ")),
        (true, false) => format!(": finalizers {finalizers}"),
        (true, true) => String::new(),
    }
}

/// Lists until the cluster is as it was. What its own controllers still collect is given a moment.
async fn prove(client: &Client, context: &str, made: &[Key], before: &BTreeSet<Key>) -> Result<(), ExistingError> {
    let deadline = tokio::time::Instant::now() + SETTLE;
    loop {
        let kinds = Kinds::read(client).await?;
        let after = Listing::read(client, &kinds).await?;
        let new = after.new_since(before);
        if new.is_empty() {
            return Ok(());
        }
        // A request that was under way when the run ended may be served after its object was removed.
        let again: Vec<Key> = made.iter().filter(|key| after.contains(key)).cloned().collect();
        let late = tokio::time::Instant::now() >= deadline;
        if !again.is_empty() && !late {
            remove(client, context, &again).await?;
        } else if late {
            let names: Vec<String> = new.iter().map(ToString::to_string).collect();
            return Err(ExistingError::Differs {
                context: context.to_owned(),
                new: names,
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}
