//! Each step in one line, for plans and reports.

use std::fmt;

use super::{
    Apply, Delete, Deploy, Elsewhere, Expect, Fault, Grant, Invariant, Label, Match, Placement, Pods, Resources, Submit, Verb, Verdict,
    Wait,
};
use crate::{Duration, OneOrMany};

/// The step in one line: the verb, what, and where.
impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.name())?;
        match self {
            Verb::Deploy(step) | Verb::Upgrade(step) => release(f, step),
            Verb::Rollback(step) => {
                let to = step.revision.map(|revision| format!(" to revision {revision}")).unwrap_or_default();
                write!(f, "{}{to} in {} on {}", step.release.value, step.namespace.value, step.on)
            }
            Verb::Uninstall(step) => write!(f, "{} in {} on {}", step.release.value, step.namespace.value, step.on),
            Verb::Grant(step) => grant(f, step),
            Verb::Revoke(step) => write!(f, "{} of {} on {}", step.what.as_str(), step.service_account, step.from),
            Verb::Project(step) => write!(f, "{}{}", step.id.value, if step.archived { ", archived" } else { "" }),
            Verb::Label(step) => label(f, step),
            Verb::Register(step) => {
                write!(
                    f,
                    "{} in {}/{} as {}",
                    step.workflows.value, step.project.value, step.domain.value, step.version
                )
            }
            Verb::Submit(step) => submit(f, step),
            Verb::Terminate(step) => f.write_str(&step.of),
            Verb::Apply(step) => apply(f, step),
            Verb::Patch(step) => write!(f, "{} {} on {}", step.kind, step.name.value, step.on),
            Verb::Delete(step) => delete(f, step),
            Verb::Restart(step) => write!(f, "{} {}/{} on {}", step.kind.as_str(), step.namespace, step.name.value, step.on),
            Verb::Exec(step) => write!(f, "`{}` on {}", step.command.joined(" "), step.on),
            Verb::Script(step) => {
                let first = step.run.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
                write!(f, "`{}` on {}", first.trim(), step.on)
            }
            Verb::Wait(step) => wait(f, step),
            Verb::Fault(step) => step.fmt(f),
            Verb::Heal(step) => step.fault.fmt(f),
            Verb::Always(step) | Verb::Never(step) => invariant(f, step),
            Verb::Relax(step) => step.of.fmt(f),
            Verb::Expect(step) => match &**step {
                Expect::Placement(expected) => placement(f, expected),
                Expect::Pods(expected) => pods(f, expected),
                Expect::Resources(expected) => resources(f, expected),
            },
        }?;
        if self.fails().is_some() {
            f.write_str(", which fails")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for OneOrMany<String> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.joined(", "))
    }
}

impl OneOrMany<String> {
    fn joined(&self, separator: &str) -> String {
        self.iter().map(|name| name.value.as_str()).collect::<Vec<_>>().join(separator)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.id.value, self.matches, self.verdict)
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.cluster, self.between.as_slice(), &self.from, &self.to) {
            (Some(cluster), ..) => f.write_str(&cluster.value),
            (None, [one, two], ..) => write!(f, "{} <-> {}", one.value, two.value),
            (None, _, Some(from), Some(to)) => write!(f, "{} -> {}", from.value, to.value),
            _ => self.in_clusters(f),
        }
    }
}

impl Match {
    /// What is not traffic.
    fn in_clusters(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(credential) = &self.credential {
            write!(
                f,
                "credential for {} in {}",
                credential.cluster.value, credential.held.cluster.value
            )
        } else if let Some(permission) = &self.permission {
            let (account, resource) = (&permission.service_account, &permission.resource);
            write!(f, "{account} to {} {resource} on {}", permission.verb, permission.cluster.value)
        } else if let Some(namespace) = &self.namespace {
            write!(f, "namespace {} on {}", namespace.name, namespace.cluster.value)
        } else if let Some(workload) = &self.workload {
            write!(f, "{}/{} on {}", workload.namespace, workload.name, workload.cluster.value)
        } else if let Some(cluster) = &self.clock {
            write!(f, "clock of {}", cluster.value)
        } else if let Some(node) = &self.node {
            write!(f, "node {} of {}", node.name, node.cluster.value)
        } else if let Some(requests) = &self.requests {
            let list = |names: &[String], all: &str| if names.is_empty() { all.to_owned() } else { names.join(", ") };
            let (verbs, resources) = (list(&requests.verbs, "all"), list(&requests.resources, "everything"));
            write!(f, "{} of {verbs} {resources} to {}", requests.by, requests.to.value)
        } else {
            // Refused by the check.
            f.write_str("nothing")
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Refuse => f.write_str("refused"),
            Verdict::Drop => f.write_str("dropped"),
            Verdict::Delay(by) => write!(f, "delayed by {by}"),
            Verdict::Flap(flap) => write!(f, "refused for {}, through for {}, in turns", flap.down, flap.up),
            Verdict::Pause => f.write_str("paused"),
            Verdict::Spoil(spoil) => f.write_str(spoil.as_str()),
            Verdict::Forbid => f.write_str("forbidden"),
            Verdict::Full => f.write_str("full"),
            Verdict::Remove => f.write_str("removed"),
            Verdict::Kill => f.write_str("killed"),
            Verdict::Stop => f.write_str("stopped"),
            Verdict::Crash(crash) if crash.times == 1 => write!(f, "killed at {}", crash.at.as_str()),
            Verdict::Crash(crash) => write!(f, "killed at {}, {} times", crash.at.as_str(), crash.times),
            Verdict::Status(status) if status.rate < 1.0 => write!(f, "answered with {} at a rate of {}", status.code, status.rate),
            Verdict::Status(status) => write!(f, "answered with {}", status.code),
            Verdict::Ahead(by) => write!(f, "ahead by {by}"),
            Verdict::Behind(by) => write!(f, "behind by {by}"),
            Verdict::Lost => f.write_str("lost"),
            Verdict::EndWatches => f.write_str("watches ended"),
        }
    }
}

fn release(f: &mut fmt::Formatter<'_>, deploy: &Deploy) -> fmt::Result {
    write!(f, "{} in {} on {}", deploy.release.value, deploy.namespace.value, deploy.on)
}

fn grant(f: &mut fmt::Formatter<'_>, grant: &Grant) -> fmt::Result {
    write!(
        f,
        "{} of {} to {} in {}",
        grant.service_account, grant.from, grant.to.cluster.value, grant.to.secret
    )
}

fn label(f: &mut fmt::Formatter<'_>, label: &Label) -> fmt::Result {
    if let Some(file) = &label.attr_file {
        write!(f, "{}", file.value)?;
    } else {
        let scope: Vec<&str> = [&label.project, &label.domain, &label.workflow]
            .into_iter()
            .flatten()
            .map(|part| part.as_str())
            .collect();
        write!(f, "{}", scope.join("/"))?;
    }
    match &label.value {
        _ if label.delete => f.write_str(", deleted"),
        Some(value) => write!(f, " = {:?}", value.value),
        None => Ok(()),
    }
}

fn submit(f: &mut fmt::Formatter<'_>, submit: &Submit) -> fmt::Result {
    let what = [&submit.workflow, &submit.launch_plan, &submit.task].into_iter().flatten().next();
    let what = what.map_or("", |name| name.as_str());
    let count = if submit.names.is_empty() {
        submit.count as usize
    } else {
        submit.names.len()
    };
    write!(
        f,
        "{}: {count} x {what} in {}/{}",
        submit.id.value, submit.project.value, submit.domain.value
    )?;
    match &submit.label {
        Some(label) => write!(f, " with label {:?}", label.value),
        None => Ok(()),
    }
}

fn apply(f: &mut fmt::Formatter<'_>, apply: &Apply) -> fmt::Result {
    let mut what: Vec<String> = apply.manifests.iter().map(|file| file.value.clone()).collect();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    what.extend(apply.objects.iter().map(|object| {
        let name = object.get("metadata").map(|metadata| text(&metadata["name"]));
        format!("{} {}", object.get("kind").map(text).unwrap_or_default(), name.unwrap_or_default())
    }));
    write!(
        f,
        "{} on {}{}",
        what.join(", "),
        apply.on,
        if apply.delete { ", deleted" } else { "" }
    )
}

fn delete(f: &mut fmt::Formatter<'_>, delete: &Delete) -> fmt::Result {
    let which = delete.name.as_ref().or(delete.selector.as_ref());
    write!(
        f,
        "{} {} on {}",
        delete.kind,
        which.map_or("", |name| name.value.as_str()),
        delete.on
    )
}

fn wait(f: &mut fmt::Formatter<'_>, wait: &Wait) -> fmt::Result {
    match (&wait.duration, &wait.until) {
        (Some(duration), _) => write!(f, "{duration}"),
        (None, Some(until)) => write!(f, "until {} {} is {} on {}", until.kind, until.name, until.condition, until.on),
        (None, None) => Ok(()),
    }
}

fn placement(f: &mut fmt::Formatter<'_>, placement: &Placement) -> fmt::Result {
    write!(f, "{} ", placement.of.value)?;
    if let Some(on) = &placement.on {
        write!(f, "on {}", on.value)?;
    } else if placement.nowhere {
        f.write_str("nowhere")?;
    } else {
        let shares = placement
            .distribution
            .iter()
            .map(|(id, share)| match (share.share, share.tolerance, share.count) {
                (Some(part), Some(tolerance), _) => format!("{part} ± {tolerance} on {id}"),
                (Some(part), None, _) => match share.false_alarm {
                    Some(alarm) => format!("{part} on {id}, failing by chance in at most {alarm}"),
                    None => format!("{part} on {id}"),
                },
                (None, _, count) => format!("{} on {id}", count.unwrap_or_default()),
            });
        f.write_str(&shares.collect::<Vec<_>>().join(", "))?;
    }
    if placement.elsewhere == Elsewhere::Forbidden && !placement.nowhere {
        f.write_str(", not elsewhere")?;
    }
    times(f, placement.within, placement.hold)
}

fn pods(f: &mut fmt::Formatter<'_>, pods: &Pods) -> fmt::Result {
    let count = pods.count.map(|count| format!("{count} ")).unwrap_or_default();
    write!(f, "{count}pods in {} on {}", pods.namespace, pods.on)?;
    if let Some(state) = pods.all {
        write!(f, " all {}", state.as_str())?;
    }
    times(f, pods.within, pods.hold)
}

fn resources(f: &mut fmt::Formatter<'_>, resources: &Resources) -> fmt::Result {
    let count = resources.count.map(|count| format!("{count} ")).unwrap_or_default();
    let which = resources
        .name
        .as_ref()
        .or(resources.selector.as_ref())
        .map(|name| format!(" {}", name.value))
        .unwrap_or_default();
    let absent = if resources.absent { "no " } else { "" };
    write!(f, "{absent}{count}{}{which} on {}", resources.kind, resources.on)?;
    times(f, resources.within, resources.hold)
}

fn invariant(f: &mut fmt::Formatter<'_>, invariant: &Invariant) -> fmt::Result {
    let count = invariant.count.map(|count| format!("{count} ")).unwrap_or_default();
    let which = invariant.name.as_ref().or(invariant.selector.as_ref());
    let which = which.map(|name| format!(" {}", name.value)).unwrap_or_default();
    write!(f, "{}: {count}{}{which} on {}", invariant.id.value, invariant.kind, invariant.on)?;
    match &invariant.cel {
        Some(condition) => write!(f, ": {}", condition.value),
        None => Ok(()),
    }
}

fn times(f: &mut fmt::Formatter<'_>, within: Option<Duration>, hold: Option<Duration>) -> fmt::Result {
    if let Some(within) = within {
        write!(f, ", within {within}")?;
    }
    match hold {
        Some(hold) => write!(f, ", for {hold}"),
        None => Ok(()),
    }
}
