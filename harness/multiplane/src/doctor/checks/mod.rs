//! One function for each check, in the order in which people read them.

mod docker;
mod limits;
mod room;

use super::facts::{Facts, Programs, Started};
use super::{Check, Level, Target};

/// Everything that can be said of a machine.
pub(super) fn all(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![embedded(facts), programs(facts), limits::kernel(facts)];
    checks.extend(docker::engine(facts));
    checks.push(kind(facts));
    checks.extend(limits::inotify(facts));
    checks.extend(limits::files(facts));
    checks.push(limits::ports(facts));
    checks.extend(room::memory(facts));
    checks.extend(room::disks(facts));
    checks
}

fn embedded(facts: &Facts) -> Check {
    let check = |level, found, means| Check::new("embedded", level, &[Target::Embedded], found, means);
    match &facts.embedded {
        Started::Millis(millis) => check(
            Level::Ok,
            format!("a cluster in this process is up after {millis} ms"),
            "needs nothing installed",
        ),
        Started::Failed(why) => check(
            Level::Fail,
            format!("a cluster in this process does not start: {why}"),
            "no run is possible",
        )
        .mend("a fault of multiplane or of its build: report it with this line"),
    }
}

fn programs(facts: &Facts) -> Check {
    let check = |level, found: &str, means: &str| Check::new("programs", level, &[Target::Binaries], found, means);
    let other = |served: &str| facts.planned.kubernetes.iter().find(|wanted| *wanted != served);
    match &facts.binaries {
        Programs::Missing { why, mend } => check(Level::Fail, why, "no clusters of real etcd and kube-apiserver").mend(mend),
        Programs::Found { what, kubernetes } => match other(kubernetes) {
            Some(wanted) => check(Level::Fail, what, &format!("Kubernetes {wanted} is asked for")).mend(format!(
                "setup-envtest use {wanted}   # then let KUBEBUILDER_ASSETS name its folder"
            )),
            None => check(Level::Ok, what, "etcd and kube-apiserver are there"),
        },
    }
}

fn kind(facts: &Facts) -> Check {
    let check = |level, found: String, means| Check::new("kind", level, &[Target::Kind], found, means);
    match &facts.kind {
        Some(path) => check(Level::Ok, path.display().to_string(), "the command is there"),
        None => check(Level::Fail, "no command `kind` on PATH".to_owned(), "no kind clusters")
            .mend("go install sigs.k8s.io/kind@v0.33.0   # or https://kind.sigs.k8s.io/docs/user/quick-start/#installation"),
    }
}
