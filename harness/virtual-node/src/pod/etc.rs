//! The files below `/etc` that a kubelet makes for every container.

use k8s_openapi::api::core::v1::{Container, PodSpec};

use super::sandbox;
use crate::program::Files;

/// Where a cluster's DNS is found by custom: the tenth address of its Services.
pub(crate) const NAME_SERVER: &str = "10.96.0.10";

/// Names that every container has.
const LOCAL: &str = "127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
";

/// What the files tell of a pod.
pub(crate) struct Host<'a> {
    pub(crate) spec: &'a PodSpec,
    pub(crate) namespace: &'a str,
    pub(crate) name: &'a str,
    pub(crate) ip: &'a str,
}

/// Puts the files in their places, but for those where the container mounts something of its own.
pub(crate) fn fill(files: &Files, container: &Container, host: &Host<'_>) {
    let mounts = || container.volume_mounts.iter().flatten();
    for (path, content) in [
        ("/etc/hostname", host.hostname() + "\n"),
        ("/etc/hosts", host.hosts()),
        ("/etc/resolv.conf", host.resolver()),
    ] {
        let is_taken = mounts().any(|mount| [path, "/etc"].contains(&mount.mount_path.trim_end_matches('/')));
        if !is_taken && let Err(error) = files.write(path, content) {
            tracing::warn!(path, %error, "a pod's own files");
        }
    }
}

impl Host<'_> {
    fn hostname(&self) -> String {
        self.spec.hostname.as_deref().unwrap_or(self.name).to_owned()
    }

    fn hosts(&self) -> String {
        let mut text = format!("# Kubernetes-managed hosts file.\n{LOCAL}");
        let name = self.hostname();
        let domain = self.spec.subdomain.as_ref();
        let full = domain.map(|domain| format!("{name}.{domain}.{}.svc.cluster.local\t", self.namespace));
        text += &format!("{}\t{}{name}\n", self.ip, full.unwrap_or_default());
        let aliases: Vec<String> = self.spec.host_aliases.iter().flatten().map(alias).collect();
        if !aliases.is_empty() {
            text += &format!("\n# Entries added by HostAliases.\n{}", aliases.concat());
        }
        text
    }

    fn resolver(&self) -> String {
        let search = sandbox::search(self.spec, self.namespace);
        let config = self.spec.dns_config.as_ref();
        let by_policy = self.spec.dns_policy.as_deref() != Some("None");
        let own = config.and_then(|config| config.nameservers.clone()).unwrap_or_default();
        let servers = by_policy.then(|| NAME_SERVER.to_owned()).into_iter().chain(own);
        let mut options: Vec<String> = by_policy.then(|| "ndots:5".to_owned()).into_iter().collect();
        for option in config.and_then(|config| config.options.as_ref()).into_iter().flatten() {
            let name = option.name.as_deref().unwrap_or_default();
            options.retain(|known| known.split(':').next() != Some(name));
            options.push(
                option
                    .value
                    .as_ref()
                    .map_or_else(|| name.to_owned(), |value| format!("{name}:{value}")),
            );
        }
        let mut text = String::new();
        if !search.is_empty() {
            text += &format!("search {}\n", search.join(" "));
        }
        servers.for_each(|server| text += &format!("nameserver {server}\n"));
        if !options.is_empty() {
            text += &format!("options {}\n", options.join(" "));
        }
        text
    }
}

fn alias(alias: &k8s_openapi::api::core::v1::HostAlias) -> String {
    format!(
        "{}\t{}\n",
        alias.ip,
        alias.hostnames.iter().flatten().cloned().collect::<Vec<_>>().join("\t")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(spec: &str, path: &str) -> String {
        let spec: PodSpec = serde_json::from_str(spec).unwrap();
        let host = Host {
            spec: &spec,
            namespace: "ns",
            name: "p",
            ip: "10.244.1.2",
        };
        let files = Files::new(Vec::new());
        fill(&files, &Container::default(), &host);
        files.read_to_string(path).unwrap()
    }

    #[test]
    fn hosts_have_the_pod_and_its_aliases() {
        let plain = read(r#"{"containers": []}"#, "/etc/hosts");
        assert!(plain.ends_with("ip6-allrouters\n10.244.1.2\tp\n"), "{plain}");
        let aliases =
            r#"{"containers": [], "hostname": "h", "subdomain": "s", "hostAliases": [{"ip": "1.2.3.4", "hostnames": ["a", "b"]}]}"#;
        let text = read(aliases, "/etc/hosts");
        let end = "10.244.1.2\th.s.ns.svc.cluster.local\th\n\n# Entries added by HostAliases.\n1.2.3.4\ta\tb\n";
        assert!(text.ends_with(end), "{text}");
        assert_eq!(read(aliases, "/etc/hostname"), "h\n");
    }

    #[test]
    fn the_resolver_is_as_the_policy_says() {
        for (spec, expected) in [
            (
                r#"{"containers": []}"#,
                "search ns.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n",
            ),
            (
                r#"{"containers": [], "dnsPolicy": "None", "dnsConfig": {"nameservers": ["1.1.1.1"], "searches": ["x.y"],
                    "options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]}}"#,
                "search x.y\nnameserver 1.1.1.1\noptions ndots:2 edns0\n",
            ),
        ] {
            assert_eq!(read(spec, "/etc/resolv.conf"), expected);
        }
    }
}
