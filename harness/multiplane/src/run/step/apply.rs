//! `apply`: objects onto a cluster, or off it.

use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams};
use scenario::Scenario;
use scenario::expression::{Names, interpolate_text, interpolate_value};
use scenario::files;
use scenario::verb::Apply;
use serde_json::Value;

use super::failure::Failure;
use super::images;
use super::joint::on_each;
use crate::run::context::Context;
use crate::run::objects::Kinds;

/// Runs an `apply` step: on every cluster, files first.
pub(crate) async fn run(context: &Context<'_>, step: &Apply) -> Result<(), Failure> {
    let objects = objects(context.scenario(), &context.names, step)?;
    on_each(&step.on, async |cluster| {
        let kinds = context.kinds(cluster)?;
        let runs = context.cluster(cluster)?;
        if runs.runs_images() && !step.delete {
            images::provide(context, &**runs, images::named(objects.iter())).await?;
        }
        if step.delete {
            delete(&kinds, &step.namespace, &objects).await
        } else {
            apply(&kinds, &step.namespace, &objects).await
        }
    })
    .await
}

/// A step's objects, files first.
pub(crate) fn objects(scenario: &Scenario, names: &dyn Names, step: &Apply) -> Result<Vec<Value>, Failure> {
    let mut objects = Vec::new();
    for file in &step.manifests {
        let path = scenario.path(&file.value);
        objects.extend(files::manifests(&path, names).map_err(|invalid| Failure::invalid("manifest", invalid.to_string()))?);
    }
    for object in &step.objects {
        objects.push(resolve(&Value::Object(object.clone()), names)?);
    }
    Ok(objects)
}

/// A value with its expressions replaced.
pub(crate) fn resolve(value: &Value, names: &dyn Names) -> Result<Value, Failure> {
    interpolate_value(value, names).map_err(|error| Failure::invalid("expression", error.to_string()))
}

/// A text with its expressions replaced.
pub(crate) fn text(text: &str, names: &dyn Names) -> Result<String, Failure> {
    interpolate_text(text, names).map_err(|error| Failure::invalid("expression", error.to_string()))
}

/// Applies objects in order, server-side, as field manager `multiplane`.
async fn apply(kinds: &Kinds, namespace: &str, objects: &[Value]) -> Result<(), Failure> {
    for value in objects {
        let object = parse(value)?;
        let name = object.metadata.name.clone().unwrap_or_default();
        let api = kinds.api_of(&object, namespace).await?;
        let result = api
            .patch(&name, &PatchParams::apply("multiplane").force(), &Patch::Apply(value))
            .await;
        result.map_err(|error| named(error, &object))?;
    }
    Ok(())
}

/// Deletes objects, last first; those that are not there are no error.
async fn delete(kinds: &Kinds, namespace: &str, objects: &[Value]) -> Result<(), Failure> {
    for value in objects.iter().rev() {
        let object = parse(value)?;
        let name = object.metadata.name.clone().unwrap_or_default();
        match kinds
            .api_of(&object, namespace)
            .await?
            .delete(&name, &DeleteParams::default())
            .await
        {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(named(error, &object)),
        }
    }
    Ok(())
}

fn parse(value: &Value) -> Result<DynamicObject, Failure> {
    let object: DynamicObject =
        serde_json::from_value(value.clone()).map_err(|error| Failure::invalid("not-an-object", format!("{error}: {value}")))?;
    let missing = match (&object.types, &object.metadata.name) {
        (None, _) => Some("apiVersion and kind"),
        (_, None) => Some("metadata.name"),
        _ => None,
    };
    match missing {
        Some(field) => Err(Failure::invalid("not-an-object", format!("{field} is missing: {value}"))),
        None => Ok(object),
    }
}

fn named(error: kube::Error, object: &DynamicObject) -> Failure {
    let failure = Failure::from(error);
    let kind = object.types.as_ref().map_or("object", |types| types.kind.as_str());
    let name = object.metadata.name.as_deref().unwrap_or_default();
    Failure {
        message: format!("{kind} {name}: {}", failure.message),
        ..failure
    }
}
