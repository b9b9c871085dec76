//! Contexts of a kubeconfig that the command line names: nothing else of the file is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use http::Uri;
use kube::config::{AuthInfo, Kubeconfig};
use thiserror::Error;

/// A scenario's cluster and something of it: `dataplane_1=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The cluster's id in scenarios.
    pub cluster: String,
    /// The context's name, or an address.
    pub value: String,
}

impl fmt::Display for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.cluster, self.value)
    }
}

impl FromStr for Mapping {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((cluster, value)) if !cluster.is_empty() && !value.is_empty() => Ok(Self {
                cluster: cluster.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err(format!("{text:?} is not CLUSTER=VALUE, such as dataplane_1=test-eu")),
        }
    }
}

/// Where an API server is reached from the pods of other clusters: `dataplane_1=https://10.1.2.3:6443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Mapping);

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mapping: Mapping = text.parse()?;
        let url: Option<Uri> = mapping.value.parse().ok();
        match url.filter(|url| url.scheme_str() == Some("https") && url.host().is_some()) {
            Some(_) => Ok(Self(mapping)),
            None => Err(format!("{:?} is no https URL", mapping.value)),
        }
    }
}

/// Why contexts cannot be used.
#[derive(Debug, Error)]
pub enum ContextsError {
    /// The file cannot be read.
    #[error("{}: {message}", file.display())]
    File {
        /// The kubeconfig.
        file: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The file has no such context.
    #[error("{}: there is no context {context:?}; there are: {}", file.display(), there.join(", "))]
    NoContext {
        /// The kubeconfig.
        file: PathBuf,
        /// The context asked for.
        context: String,
        /// Those that the file has.
        there: Vec<String>,
    },
    /// A cluster is named twice.
    #[error("--context names {0} twice")]
    Twice(String),
    /// Two clusters share a context.
    #[error("--context: {0} and {1} are both the context {2}; where work lands cannot be told apart in one cluster")]
    Shared(String, String, String),
    /// A context cannot be used as it is.
    #[error("{}: context {context}: {message}", file.display())]
    Unusable {
        /// The kubeconfig.
        file: PathBuf,
        /// The context.
        context: String,
        /// Why, and what to do.
        message: String,
    },
    /// An address of a cluster that has no context.
    #[error("--api names {0}, which --context does not")]
    UnknownApi(String),
}

/// The contexts that a run may use, by the ids of scenarios' clusters.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    /// The kubeconfig, as the user named it.
    pub(super) file: PathBuf,
    pub(super) by_cluster: BTreeMap<String, Context>,
}

/// One context: a cluster, and one user's credentials for it.
#[derive(Clone, Debug)]
pub(super) struct Context {
    pub(super) name: String,
    /// With this context and nothing else.
    pub(super) kubeconfig: Kubeconfig,
    pub(super) cluster: String,
    pub(super) user: String,
    /// The API server's URL from this machine.
    pub(super) server: String,
    /// The same from pods of other clusters, if it is known.
    pub(super) from_pods: Option<String>,
}

impl Contexts {
    /// Reads the contexts that are named, and no others.
    ///
    /// # Errors
    /// If the file or a context cannot be used, or two clusters are one.
    pub fn read(file: &Path, contexts: &[Mapping], addresses: &[Address]) -> Result<Self, ContextsError> {
        // Files that it names count from its folder, also for a clean-up that is started elsewhere.
        let whole = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let kubeconfig = Kubeconfig::read_from(whole).map_err(|error| ContextsError::File {
            file: file.to_owned(),
            message: error.to_string(),
        })?;
        let mut by_cluster: BTreeMap<String, Context> = BTreeMap::new();
        for Mapping { cluster, value } in contexts {
            if let Some((other, _)) = by_cluster
                .iter()
                .find(|(other, context)| context.name == *value && *other != cluster)
            {
                return Err(ContextsError::Shared(other.clone(), cluster.clone(), value.clone()));
            }
            let context = Context::of(file, &kubeconfig, value)?;
            if by_cluster.insert(cluster.clone(), context).is_some() {
                return Err(ContextsError::Twice(cluster.clone()));
            }
        }
        for Address(Mapping { cluster, value }) in addresses {
            let context = by_cluster.get_mut(cluster);
            context.ok_or_else(|| ContextsError::UnknownApi(cluster.clone()))?.from_pods = Some(value.clone());
        }
        Ok(Self {
            file: file.to_owned(),
            by_cluster,
        })
    }

    /// The ids of all clusters.
    pub(super) fn ids(&self) -> BTreeSet<&str> {
        self.by_cluster.keys().map(String::as_str).collect()
    }
}

impl Context {
    fn of(file: &Path, kubeconfig: &Kubeconfig, name: &str) -> Result<Self, ContextsError> {
        let named = kubeconfig.contexts.iter().find(|context| context.name == name);
        let named = named.ok_or_else(|| ContextsError::NoContext {
            file: file.to_owned(),
            context: name.to_owned(),
            there: kubeconfig.contexts.iter().map(|context| context.name.clone()).collect(),
        })?;
        let unusable = |message: &str| ContextsError::Unusable {
            file: file.to_owned(),
            context: name.to_owned(),
            message: message.to_owned(),
        };
        let context = named.context.clone().ok_or_else(|| unusable("it is empty"))?;
        let cluster = kubeconfig.clusters.iter().find(|cluster| cluster.name == context.cluster);
        let entry = cluster.and_then(|cluster| cluster.cluster.clone());
        let (Some(cluster), Some(entry)) = (cluster, entry) else {
            return Err(unusable(&format!("there is no cluster {:?}", context.cluster)));
        };
        let server = entry.server.clone().ok_or_else(|| unusable("its cluster has no server"))?;
        if entry.insecure_skip_tls_verify == Some(true) {
            return Err(unusable(
                "insecure-skip-tls-verify would give the credentials to whoever answers; name the authority in certificate-authority-data",
            ));
        }
        let user_name = context.user.clone().unwrap_or_default();
        let user = kubeconfig.auth_infos.iter().find(|user| user.name == user_name);
        let user = user.ok_or_else(|| unusable(&format!("there is no user {user_name:?}")))?;
        let auth = user.auth_info.clone().unwrap_or_default();
        refuse_programs(&auth).map_err(|message| unusable(&message))?;
        Ok(Self {
            name: name.to_owned(),
            kubeconfig: Kubeconfig {
                current_context: Some(name.to_owned()),
                contexts: vec![named.clone()],
                clusters: vec![cluster.clone()],
                auth_infos: vec![user.clone()],
                ..Kubeconfig::default()
            },
            cluster: context.cluster,
            user: user_name,
            from_pods: (!is_loopback(&server)).then(|| server.clone()),
            server,
        })
    }
}

/// Credentials that a program would make: `gc` must be able to use them later, when that program's session is over.
fn refuse_programs(auth: &AuthInfo) -> Result<(), String> {
    let what = match (&auth.exec, &auth.auth_provider) {
        (Some(_), _) => "a credential plugin (`exec`)",
        (None, Some(_)) => "an `auth-provider`",
        (None, None) => return Ok(()),
    };
    Err(format!(
        "its user has {what}, which is not run: clean-up must work after the run, too. Give a token of a ServiceAccount \
         (`kubectl create token NAME --duration 12h`) or a client certificate"
    ))
}

/// Whether nobody but this machine reaches a URL.
fn is_loopback(url: &str) -> bool {
    let uri: Option<Uri> = url.parse().ok();
    let host = uri.as_ref().and_then(Uri::host).unwrap_or_default();
    let host = host.trim_matches(['[', ']']);
    host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    const FILE: &str = "\
apiVersion: v1
kind: Config
clusters:
- {name: c1, cluster: {server: 'https://127.0.0.1:6443'}}
- {name: c2, cluster: {server: 'https://10.0.0.2:6443'}}
- {name: open, cluster: {server: 'https://10.0.0.3:6443', insecure-skip-tls-verify: true}}
users:
- {name: u, user: {token: t}}
- {name: plugin, user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}}}
contexts:
- {name: one, context: {cluster: c1, user: u}}
- {name: two, context: {cluster: c2, user: u}}
- {name: open, context: {cluster: open, user: u}}
- {name: plugin, context: {cluster: c2, user: plugin}}
- {name: broken, context: {cluster: gone, user: u}}
";

    fn read(contexts: &[&str], addresses: &[&str]) -> Result<Contexts, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        std::fs::write(&file, FILE).unwrap();
        let contexts: Vec<Mapping> = contexts.iter().map(|text| text.parse().unwrap()).collect();
        let addresses: Vec<Address> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        Contexts::read(&file, &contexts, &addresses).map_err(|error| error.to_string())
    }

    #[test]
    fn only_what_is_named_is_taken() {
        let contexts = read(&["a=one", "b=two"], &["a=https://a.example:6443"]).unwrap();
        let a = &contexts.by_cluster["a"];
        assert_eq!(
            (a.name.as_str(), a.kubeconfig.clusters.len(), a.kubeconfig.contexts.len()),
            ("one", 1, 1)
        );
        assert_eq!(a.from_pods.as_deref(), Some("https://a.example:6443"));
        assert_eq!(contexts.by_cluster["b"].from_pods.as_deref(), Some("https://10.0.0.2:6443"));
        assert_eq!(read(&["a=one"], &[]).unwrap().by_cluster["a"].from_pods, None);
    }

    #[rstest]
    #[case(&["a=three"], &[], "there is no context \"three\"; there are: one, two, open, plugin, broken")]
    #[case(&["a=one", "a=two"], &[], "--context names a twice")]
    #[case(&["a=one", "b=one"], &[], "a and b are both the context one")]
    #[case(&["a=open"], &[], "insecure-skip-tls-verify would give the credentials")]
    #[case(&["a=plugin"], &[], "a credential plugin (`exec`), which is not run")]
    #[case(&["a=broken"], &[], "there is no cluster \"gone\"")]
    #[case(&["a=one"], &["b=https://b:1"], "--api names b, which --context does not")]
    fn mistakes(#[case] contexts: &[&str], #[case] addresses: &[&str], #[case] expected: &str) {
        let error = read(contexts, addresses).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }

    #[rstest]
    #[case("dataplane_1")]
    #[case("=x")]
    fn mappings(#[case] text: &str) {
        assert!(text.parse::<Mapping>().is_err());
    }

    #[test]
    fn addresses_are_urls() {
        assert!("a=http://a:80".parse::<Address>().is_err());
    }
}
