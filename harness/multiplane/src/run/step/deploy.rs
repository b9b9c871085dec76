//! `deploy` and `upgrade`: Helm releases.

use std::sync::Arc;

use chart::{Chart, Record, ReleaseError, ReleaseOptions, Releases, Values};
use scenario::Scenario;
use scenario::expression::Names;
use scenario::files::helm_values;
use scenario::verb::{Deploy, Fetched};
use serde_json::Value;

use super::apply::resolve;
use super::failure::{Failure, UNREACHABLE};
use super::joint::on_each;
use super::{images, traps};
use crate::causes::causes;
use crate::journal::Level;
use crate::run::context::Context;
use crate::run::diagnose::{lagging, unready};
use crate::run::progress::Wait;

/// Runs a `deploy` step: on all of its clusters side by side.
pub(crate) async fn install(context: &Context<'_>, step: &Deploy) -> Result<(), Failure> {
    release(context, step, Action::Install).await
}

/// Runs an `upgrade` step.
pub(crate) async fn upgrade(context: &Context<'_>, step: &Deploy) -> Result<(), Failure> {
    release(context, step, Action::Upgrade).await
}

#[derive(Clone, Copy)]
enum Action {
    Install,
    Upgrade,
}

async fn release(context: &Context<'_>, step: &Deploy, action: Action) -> Result<(), Failure> {
    let scenario = context.scenario();
    let (chart, values) = (load(scenario, step)?, values(scenario, &context.names, step)?);
    if let Some(fetched) = &step.fetched {
        let Fetched { version, digest, .. } = fetched;
        context
            .emitter
            .note(Level::Info, format!("chart {} {version} (sha256:{digest})", step.chart.value));
    }
    for trap in traps::find(scenario, step, &chart) {
        context.emitter.note(Level::Info, trap);
    }
    on_each(&step.on, async |cluster| {
        one(context, step, action, cluster, &chart, values.clone()).await
    })
    .await
}

async fn one(context: &Context<'_>, step: &Deploy, action: Action, cluster: &str, chart: &Chart, values: Values) -> Result<(), Failure> {
    let releases = releases(context, cluster, &step.namespace.value)?;
    let options = ReleaseOptions {
        create_namespace: step.create_namespace,
        seed: context.plan.seed,
        ..waiting(step.wait)
    };
    let name = &step.release.value;
    let runs = context.cluster(cluster)?;
    if runs.runs_images() {
        // A chart that does not render says so when it is installed.
        if let Ok(rendered) = releases.preview(name, chart, values.clone(), &options).await {
            let hooks = rendered.hooks.iter().map(|hook| &hook.manifest.object);
            let objects = rendered.manifests.iter().map(|manifest| &manifest.object);
            images::provide(context, &**runs, images::named(objects.chain(hooks))).await?;
        }
    }
    let _wait = release_wait(context, cluster, (name, &step.namespace.value))?;
    let result = match action {
        Action::Install => releases.install(name, chart, values, &options).await,
        Action::Upgrade => releases.upgrade(name, chart, values, &options).await,
    };
    concluded(context, cluster, (name, &step.namespace.value), &options, result).await
}

/// The releases of a cluster's namespace.
pub(super) fn releases(context: &Context<'_>, cluster: &str, namespace: &str) -> Result<Releases, Failure> {
    let clock = context.world.clock().clone();
    Ok(Releases::new(context.client(cluster)?, namespace, Arc::new(move || clock.now())))
}

/// Says what keeps a release, given by its name and namespace, for as long as it is there.
pub(super) fn release_wait(context: &Context<'_>, cluster: &str, (name, namespace): (&str, &str)) -> Result<Wait, Failure> {
    let wait = context.progress.wait();
    let (client, namespace) = (context.client(cluster)?, namespace.to_owned());
    let what = format!("{name} on {cluster}");
    wait.looks(move || {
        let (client, namespace, what) = (client.clone(), namespace.clone(), what.clone());
        Box::pin(async move {
            match lagging(&client, &namespace).await {
                Ok(seen) => format!("{what}: {seen}"),
                Err(error) => format!("{what}: {error}"),
            }
        })
    });
    Ok(wait)
}

/// Options of an operation that waits so long, or not at all.
pub(super) fn waiting(wait: Option<scenario::Duration>) -> ReleaseOptions {
    let default = ReleaseOptions::default();
    ReleaseOptions {
        wait: wait.is_some(),
        timeout: wait.map_or(default.timeout, scenario::Duration::get),
        ..default
    }
}

/// What became of an operation on a release, given by its name and namespace.
pub(super) async fn concluded(
    context: &Context<'_>,
    cluster: &str,
    (name, namespace): (&str, &str),
    options: &ReleaseOptions,
    result: Result<Record, ReleaseError>,
) -> Result<(), Failure> {
    match result {
        Ok(record) => {
            context.emitter.cluster(cluster).note(
                Level::Detail,
                format!("{cluster}: {name} revision {} {}", record.version, record.info.status.as_str()),
            );
            Ok(())
        }
        Err(error) => {
            let details = if options.wait {
                unready(&context.client(cluster)?, namespace).await.unwrap_or_default()
            } else {
                Vec::new()
            };
            if error.is_unreachable() {
                return Err(Failure::environment(UNREACHABLE, causes(&error)));
            }
            Err(Failure::expectation(error.code(), error.to_string()).details(details))
        }
    }
}

/// A step's chart.
pub(crate) fn load(scenario: &Scenario, step: &Deploy) -> Result<Chart, Failure> {
    let path = match (&step.repo, &step.fetched) {
        (None, _) => scenario.path(&step.chart.value),
        (Some(_), Some(fetched)) => fetched.archive.clone(),
        (Some(repo), None) => {
            let message = format!("chart {} of {} was not fetched", step.chart.value, repo.value);
            return Err(Failure::fault("chart-not-fetched", message));
        }
    };
    Chart::load(&path).map_err(|error| Failure::invalid("chart", error.to_string()))
}

/// Values files in order, then inline values, then `set`: later ones win.
pub(crate) fn values(scenario: &Scenario, names: &dyn Names, step: &Deploy) -> Result<Values, Failure> {
    let invalid = |error: chart::Error| Failure::invalid("values", error.to_string());
    let mut builder = Values::builder();
    for file in &step.values_files {
        let path = scenario.path(&file.value);
        let value = helm_values(&path, names).map_err(|invalid| Failure::invalid("values", invalid.to_string()))?;
        builder = builder.inline(table(value, &file.value)?);
    }
    builder = builder.inline(table(resolve(&Value::Object(step.values.clone()), names)?, "values")?);
    for expression in &step.set {
        let Value::String(expression) = resolve(&Value::String(expression.clone()), names)? else {
            continue;
        };
        builder = builder.set(&expression).map_err(invalid)?;
    }
    Ok(builder.build())
}

fn table(value: Value, origin: &str) -> Result<serde_json::Map<String, Value>, Failure> {
    match value {
        Value::Object(map) => Ok(map),
        other => Err(Failure::invalid("values", format!("{origin}: a map is expected, this is {other}"))),
    }
}
