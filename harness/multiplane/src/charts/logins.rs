//! Logins of repositories: those of helm, `helm repo add --username`, so that no scenario holds a password.

use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

/// helm's list of repositories.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Logins {
    /// The file, for messages.
    #[serde(skip)]
    file: PathBuf,
    #[serde(default)]
    repositories: Vec<Login>,
}

/// What helm knows of a repository. Other fields are helm's own business.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Login {
    url: String,
    pub(super) username: String,
    pub(super) password: String,
    /// Authorities to trust in place of the system's.
    pub(super) ca_file: PathBuf,
    pub(super) cert_file: PathBuf,
    pub(super) key_file: PathBuf,
    /// Whether other hosts that the index names get the password, too.
    #[serde(rename = "pass_credentials_all")]
    pub(super) everywhere: bool,
    #[serde(rename = "insecure_skip_tls_verify")]
    insecure: bool,
}

impl Logins {
    /// `$HELM_REPOSITORY_CONFIG`, else `repositories.yaml` in `$HELM_CONFIG_HOME`, `$XDG_CONFIG_HOME/helm` or `~/.config/helm`. None is none.
    pub(super) fn from_env() -> Result<Self, String> {
        match Self::choose(|name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)) {
            Some(file) => Self::read(file),
            None => Ok(Self::default()),
        }
    }

    fn choose(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
        let folder = || {
            variable("HELM_CONFIG_HOME")
                .or_else(|| Some(variable("XDG_CONFIG_HOME")?.join("helm")))
                .or_else(|| Some(variable("HOME")?.join(".config/helm")))
        };
        variable("HELM_REPOSITORY_CONFIG").or_else(|| Some(folder()?.join("repositories.yaml")))
    }

    fn read(file: PathBuf) -> Result<Self, String> {
        let named = |error: &dyn std::fmt::Display| format!("helm's repositories {}: {error}", file.display());
        let text = match std::fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(named(&error)),
        };
        let document = yaml::manifest::document(&text).map_err(|error| named(&error))?;
        let read: Self = serde_json::from_value(document).map_err(|error| named(&error))?;
        Ok(Self { file, ..read })
    }

    /// That of a repository, if helm has one.
    pub(super) fn of(&self, repo: &str) -> Result<Login, String> {
        let plain = |url: &str| {
            Url::parse(url)
                .map_or_else(|_| url.to_owned(), String::from)
                .trim_end_matches('/')
                .to_owned()
        };
        let login = self.repositories.iter().find(|login| plain(&login.url) == plain(repo));
        match login {
            Some(login) if login.insecure => Err(format!(
                "{repo}: {} says insecure_skip_tls_verify; whoever answers could be anybody. Name its authority: helm repo add --ca-file",
                self.file.display()
            )),
            Some(login) => Ok(login.clone()),
            None => Ok(Login::default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helms_own_list_is_looked_for_where_helm_has_it() {
        let chosen = |set: &[(&str, &str)]| {
            let variable = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value));
            Logins::choose(variable).map(|path| path.display().to_string())
        };
        let home = ("HOME", "/h");
        assert_eq!(chosen(&[home]).unwrap(), "/h/.config/helm/repositories.yaml");
        assert_eq!(chosen(&[home, ("XDG_CONFIG_HOME", "/x")]).unwrap(), "/x/helm/repositories.yaml");
        assert_eq!(chosen(&[home, ("HELM_CONFIG_HOME", "/c")]).unwrap(), "/c/repositories.yaml");
        assert_eq!(chosen(&[home, ("HELM_REPOSITORY_CONFIG", "/r.yaml")]).unwrap(), "/r.yaml");
        assert_eq!(chosen(&[]), None);
    }

    #[test]
    fn a_repository_is_known_by_its_address() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("repositories.yaml");
        let text = "apiVersion: \"\"\ngenerated: \"0001-01-01T00:00:00Z\"\nrepositories:\n\
                    - {name: ours, url: 'https://charts.example', username: me, password: pw, caFile: '', pass_credentials_all: false}\n\
                    - {name: open, url: 'https://open.example', insecure_skip_tls_verify: true}\n";
        std::fs::write(&file, text).unwrap();
        let logins = Logins::read(file).unwrap();
        assert_eq!(logins.of("https://charts.example/").unwrap().password, "pw");
        assert_eq!(logins.of("https://charts.example/other").unwrap().password, "");
        assert!(logins.of("https://open.example").unwrap_err().contains("--ca-file"));
        assert_eq!(Logins::read(folder.path().join("none")).unwrap().repositories.len(), 0);
        std::fs::write(folder.path().join("bad.yaml"), "repositories: 3").unwrap();
        assert!(Logins::read(folder.path().join("bad.yaml")).unwrap_err().contains("bad.yaml"));
    }
}
