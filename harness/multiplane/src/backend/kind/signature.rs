//! Failures that are the machine's and not the cluster's, by what kind says of them.

/// A known failure of the environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// Stable code.
    pub code: &'static str,
    /// Texts that all stand in kind's error output.
    texts: &'static [&'static str],
    /// Whether a second attempt may succeed.
    pub retry: bool,
    /// What to do about it.
    pub mend: &'static str,
}

const fn signature(code: &'static str, texts: &'static [&'static str], retry: bool, mend: &'static str) -> Signature {
    Signature { code, texts, retry, mend }
}

/// The table; the first that fits counts. From recordings of kind 0.33 (`tests/kind/recordings.jsonl`), except where noted.
#[rustfmt::skip]
const TABLE: &[Signature] = &[
    signature("kind-docker-missing", &["exec: \"docker\": executable file not found"], false, "install docker, or put it into PATH"),
    signature("kind-docker-down", &["Cannot connect to the Docker daemon"], false, "start the docker daemon, or let DOCKER_HOST name the right one"),
    signature("kind-image-pull", &["failed to pull image"], false, "kind has tried five times; pull the node image beforehand, or name one that is there with --node-image"),
    signature("kind-port-taken", &["address already in use"], true, "another program took a port that kind had chosen"),
    signature("kind-port-taken", &["port is already allocated"], true, "another container took a port that kind had chosen"),
    signature("kind-name-taken", &["node(s) already exist for a cluster with the name"], true, "`multiplane gc` removes what an earlier run left"),
    signature("kind-kubeconfig-locked", &["failed to lock config file"], true, "an earlier kind died while it wrote the file"),
    signature("kind-node-killed", &["failed to init node with kubeadm", "exit status 137"], true, "the node was killed: the machine may be short of memory"),
    signature("kind-not-ready", &["WARNING: Timed out waiting for Ready"], true, "the machine may be too slow or short of memory for so many nodes"),
    // Not recorded, known from kind's own page of known issues.
    signature("kind-inotify", &["too many open files"], false, "raise fs.inotify.max_user_watches to 524288 and fs.inotify.max_user_instances to 512"),
    signature("kind-disk-full", &["no space left on device"], false, "free disk space: `docker system df` tells what docker holds"),
    signature("kind-networks-full", &["all predefined address pools have been fully subnetted"], false, "`docker network prune` removes networks that nothing uses"),
    signature("kind-node-silent", &["could not find a log line that matches"], true, "the node's container did not start in time"),
    signature("kind-kubeadm", &["failed to init node with kubeadm"], true, "the node's logs tell more; a slow machine is the usual cause"),
    signature("kind-kubeadm-join", &["failed to join node with kubeadm"], true, "the node's logs tell more; a slow machine is the usual cause"),
];

impl Signature {
    /// What a text of kind's is known for.
    pub fn of(text: &str) -> Option<&'static Self> {
        let lower = text.to_lowercase();
        TABLE
            .iter()
            .find(|signature| signature.texts.iter().all(|wanted| lower.contains(&wanted.to_lowercase())))
    }
}

#[cfg(test)]
mod tests {
    use super::Signature;
    use serde_json::Value;

    const RECORDINGS: &str = include_str!("../../../tests/kind/recordings.jsonl");

    fn stderr(name: &str) -> String {
        let mut lines = RECORDINGS.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let found = lines.find(|record| record["name"] == name);
        found.unwrap()["stderr"].as_str().unwrap().to_owned()
    }

    #[test]
    fn recorded_failures_are_known() {
        let expected = [
            ("no-docker-binary-create", Some(("kind-docker-missing", false))),
            ("daemon-unreachable-create", Some(("kind-docker-down", false))),
            ("create-missing-image", Some(("kind-image-pull", false))),
            ("create-port-conflict", Some(("kind-port-taken", true))),
            ("create-a-again", Some(("kind-name-taken", true))),
            ("export-kubeconfig-locked", Some(("kind-kubeconfig-locked", true))),
            ("create-deleted-under-way", Some(("kind-node-killed", true))),
            ("create-not-ready-in-time", Some(("kind-not-ready", true))),
            ("create-kubeadm-fails", Some(("kind-kubeadm", true))),
            ("create-a-ok", None),
            ("create-config-unknown-field", None),
            ("create-illegal-name-underscore", None),
            ("create-bad-patch", None),
        ];
        let found = expected.map(|(name, _)| {
            let signature = Signature::of(&stderr(name));
            (name, signature.map(|signature| (signature.code, signature.retry)))
        });
        assert_eq!(found, expected);
    }
}
