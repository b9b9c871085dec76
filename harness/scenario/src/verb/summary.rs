//! Each step in one line: its title in plans, on the console and in reports.

use std::fmt;

use super::{
    Apply, AssumeRole, Delete, Deploy, Expect, Fault, Grant, Iam, Invariant, Label, Match, ObjectAccess, Placement, Pods, Resources,
    Submit, Verb, Verdict, Wait,
};
use crate::OneOrMany;

/// The step in one line: the verb, what, and where. How long it may take is not in it.
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
            Verb::Iam(step) => iam(f, step),
            Verb::Project(step) => write!(f, "{}{}", step.id.value, if step.archived { " (archived)" } else { "" }),
            Verb::Label(step) => label(f, step),
            Verb::Register(step) => write!(f, "{} in {}/{}", step.workflows.value, step.project.value, step.domain.value),
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
            Verb::Read(step) => {
                let outputs: Vec<&str> = step.outputs.keys().map(String::as_str).collect();
                write!(
                    f,
                    "{} of {} {} on {}",
                    outputs.join(", "),
                    step.kind.value,
                    step.name.value,
                    step.on
                )
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
                Expect::AssumeRole(expected) => assume_role(f, expected),
                Expect::ObjectAccess(expected) => object_access(f, expected),
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
        } else if let Some(cluster) = &self.authority {
            write!(f, "authority of {}", cluster.value)
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
            Verdict::Rotated => f.write_str("rotated"),
            Verdict::Lost => f.write_str("lost"),
            Verdict::EndWatches => f.write_str("watches ended"),
        }
    }
}

fn release(f: &mut fmt::Formatter<'_>, deploy: &Deploy) -> fmt::Result {
    write!(f, "{} on {}", deploy.release.value, deploy.on)?;
    let Some(repo) = &deploy.repo else { return Ok(()) };
    let range = deploy.version.as_ref().map_or("the newest", |range| range.value.as_str());
    write!(f, ", chart {} ({range}) of {}", deploy.chart.value, repo.value)
}

fn grant(f: &mut fmt::Formatter<'_>, grant: &Grant) -> fmt::Result {
    write!(f, "{} of {} to {}", grant.service_account, grant.from, grant.to.cluster.value)
}

fn label(f: &mut fmt::Formatter<'_>, label: &Label) -> fmt::Result {
    if let Some(file) = &label.attr_file {
        return write!(f, "from {}", file.value);
    }
    let scope = [&label.project, &label.domain, &label.workflow].into_iter().flatten();
    let scope = scope.map(|part| part.as_str()).collect::<Vec<_>>().join("/");
    match &label.value {
        Some(value) => write!(f, "{scope} {:?}", value.value),
        None => write!(f, "{scope}, deleted"),
    }
}

fn submit(f: &mut fmt::Formatter<'_>, submit: &Submit) -> fmt::Result {
    let what = [&submit.workflow, &submit.launch_plan, &submit.task].into_iter().flatten().next();
    write!(f, "{}", what.map_or("", |name| name.as_str()))?;
    match submit.execution_names().len() {
        1 => {}
        count => write!(f, " × {count}")?,
    }
    write!(f, " in {}/{}", submit.project.value, submit.domain.value)?;
    match &submit.label {
        Some(label) => write!(f, " with label {:?}", label.value),
        None => Ok(()),
    }
}

fn apply(f: &mut fmt::Formatter<'_>, apply: &Apply) -> fmt::Result {
    write!(f, "objects on {}{}", apply.on, if apply.delete { ", deleted" } else { "" })
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
        (None, Some(until)) => write!(f, "until {} {} on {} is {}", until.kind, until.name, until.on, until.condition),
        (None, None) => Ok(()),
    }
}

fn placement(f: &mut fmt::Formatter<'_>, placement: &Placement) -> fmt::Result {
    write!(f, "{} ", placement.of.value)?;
    match &placement.on {
        Some(on) => write!(f, "on {on}"),
        None if placement.nowhere => f.write_str("nowhere"),
        None if !placement.one_of.is_empty() => {
            let sets: Vec<String> = placement.one_of.iter().map(ToString::to_string).collect();
            write!(f, "on {}", sets.join(" or on "))
        }
        None if placement.at_least.is_some() => placement.at_least.iter().try_for_each(|on| write!(f, "at least on {on}")),
        None => {
            let over: Vec<&str> = placement.distribution.keys().map(String::as_str).collect();
            write!(f, "over {}", over.join(", "))
        }
    }?;
    match placement.hold {
        Some(hold) => write!(f, ", for {hold}"),
        None => Ok(()),
    }
}

fn pods(f: &mut fmt::Formatter<'_>, pods: &Pods) -> fmt::Result {
    write!(f, "pods of {} in {}", pods.on, pods.namespace)
}

fn resources(f: &mut fmt::Formatter<'_>, resources: &Resources) -> fmt::Result {
    let name = resources.name.as_ref().map_or(String::new(), |name| format!(" {}", name.value));
    let absent = if resources.absent { " absent" } else { "" };
    write!(f, "{}{name}{absent} on {}", resources.kind, resources.on)
}

fn iam(f: &mut fmt::Formatter<'_>, step: &Iam) -> fmt::Result {
    let account = step.account.iter().map(|id| format!("account {}", id.value));
    let providers = step.providers.iter().map(|ids| format!("providers {ids}"));
    let roles = step.roles.keys().map(|name| format!("role {name}"));
    f.write_str(&account.chain(providers).chain(roles).collect::<Vec<_>>().join(", "))
}

fn assume_role(f: &mut fmt::Formatter<'_>, expected: &AssumeRole) -> fmt::Result {
    let may = if expected.allowed { "may" } else { "may not" };
    write!(
        f,
        "{} on {} {may} assume {}",
        expected.service_account, expected.on, expected.role.value
    )
}

fn object_access(f: &mut fmt::Formatter<'_>, expected: &ObjectAccess) -> fmt::Result {
    let may = if expected.allowed { "may" } else { "may not" };
    let (account, action, resource) = (&expected.service_account, &expected.action.value, &expected.resource.value);
    write!(f, "{account} on {} {may} {action} {resource}", expected.on)
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
