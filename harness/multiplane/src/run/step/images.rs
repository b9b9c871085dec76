//! Images for clusters whose nodes run containers.

use std::collections::BTreeSet;

use serde_json::Value;

use super::failure::Failure;
use crate::backend::Cluster;
use crate::journal::Level;
use crate::run::context::Context;

/// Lets the cluster bring what it has for these images to its nodes.
pub(crate) async fn provide(context: &Context<'_>, cluster: &dyn Cluster, images: BTreeSet<String>) -> Result<(), Failure> {
    let brought = cluster.provide(&images).await;
    let notes = brought.map_err(|error| Failure::environment("images", error.to_string()))?;
    let emitter = context.emitter.cluster(cluster.id());
    notes
        .into_iter()
        .for_each(|note| emitter.note(Level::Detail, format!("{}: {note}", cluster.id())));
    Ok(())
}

/// The images of all containers in these objects, wherever their pods are described.
pub(crate) fn named<'a>(objects: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut images = BTreeSet::new();
    objects.for_each(|object| look(object, &mut images));
    images
}

fn look(value: &Value, images: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields {
                if let (true, Value::Array(containers)) = (matches!(key.as_str(), "containers" | "initContainers"), field) {
                    images.extend(
                        containers
                            .iter()
                            .filter_map(|container| container["image"].as_str())
                            .map(str::to_owned),
                    );
                }
                look(field, images);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| look(item, images)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::named;

    #[test]
    fn images_of_pods_at_any_depth() {
        let pod = json!({"spec": {"initContainers": [{"image": "a:1"}], "containers": [{"image": "b:1"}, {"name": "none"}]}});
        let other = json!({"data": {"image": "c:1"}});
        let objects = [json!({"spec": {"template": pod}}), other];
        assert_eq!(named(objects.iter()).into_iter().collect::<Vec<_>>(), ["a:1", "b:1"]);
    }
}
