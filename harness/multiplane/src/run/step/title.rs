//! A step in one line, for people.

use scenario::Verb;
use scenario::verb::{Deploy, Expect, Label, Placement, Resources, Submit};

/// What a step does, in one line.
pub(crate) fn title(verb: &Verb) -> String {
    match verb {
        Verb::Deploy(step) => release("deploy", step),
        Verb::Upgrade(step) => release("upgrade", step),
        Verb::Grant(step) => format!("grant {} of {} to {}", step.service_account, step.from, step.to.cluster.value),
        Verb::Project(step) => format!("project {}{}", step.id.value, if step.archived { " (archived)" } else { "" }),
        Verb::Label(step) => label(step),
        Verb::Register(step) => format!("register {} in {}/{}", step.workflows.value, step.project.value, step.domain.value),
        Verb::Submit(step) => submit(step),
        Verb::Terminate(step) => format!("terminate {}", step.of.value),
        Verb::Rollback(_)
        | Verb::Uninstall(_)
        | Verb::Revoke(_)
        | Verb::Iam(_)
        | Verb::Patch(_)
        | Verb::Delete(_)
        | Verb::Restart(_)
        | Verb::Exec(_)
        | Verb::Script(_)
        | Verb::Fault(_)
        | Verb::Heal(_)
        | Verb::Always(_)
        | Verb::Never(_)
        | Verb::Relax(_) => verb.to_string(),
        Verb::Apply(step) => format!("{} on {}", if step.delete { "delete objects" } else { "apply objects" }, step.on),
        Verb::Wait(step) => match (&step.duration, &step.until) {
            (Some(duration), _) => format!("wait {duration}"),
            (None, Some(until)) => format!("wait until {} {} on {} is {}", until.kind, until.name, until.on, until.condition),
            (None, None) => "wait".to_owned(),
        },
        Verb::Expect(step) => match step.as_ref() {
            Expect::Placement(placement) => expect_placement(placement),
            Expect::Pods(pods) => format!("expect pods of {} in {}", pods.on, pods.namespace),
            Expect::Resources(resources) => expect_resources(resources),
            Expect::AssumeRole(_) | Expect::ObjectAccess(_) => verb.to_string(),
        },
    }
}

fn release(verb: &str, step: &Deploy) -> String {
    format!("{verb} {} on {}", step.release.value, step.on)
}

fn label(step: &Label) -> String {
    if let Some(file) = &step.attr_file {
        return format!("label from {}", file.value);
    }
    let scope = [&step.project, &step.domain, &step.workflow]
        .into_iter()
        .flatten()
        .map(|part| part.value.as_str());
    let scope = scope.collect::<Vec<_>>().join("/");
    match &step.value {
        Some(value) => format!("label {scope} {:?}", value.value),
        None => format!("delete the label of {scope}"),
    }
}

fn submit(step: &Submit) -> String {
    let entity = [&step.workflow, &step.launch_plan, &step.task]
        .into_iter()
        .flatten()
        .map(|name| name.value.as_str())
        .next();
    let count = step.execution_names().len();
    let times = if count == 1 { String::new() } else { format!(" × {count}") };
    let label = step
        .label
        .as_ref()
        .map_or(String::new(), |label| format!(" with label {:?}", label.value));
    format!(
        "submit {}{times} in {}/{}{label}",
        entity.unwrap_or_default(),
        step.project.value,
        step.domain.value
    )
}

fn expect_placement(placement: &Placement) -> String {
    let place = match &placement.on {
        Some(cluster) => format!("on {}", cluster.value),
        None if placement.nowhere => "nowhere".to_owned(),
        None => format!(
            "over {}",
            placement.distribution.keys().map(String::as_str).collect::<Vec<_>>().join(", ")
        ),
    };
    let hold = placement.hold.map_or(String::new(), |hold| format!(", for {hold}"));
    format!("expect {} {place}{hold}", placement.of.value)
}

fn expect_resources(resources: &Resources) -> String {
    let name = resources.name.as_ref().map_or(String::new(), |name| format!(" {}", name.value));
    let what = if resources.absent { " absent" } else { "" };
    format!("expect {}{name}{what} on {}", resources.kind, resources.on)
}
