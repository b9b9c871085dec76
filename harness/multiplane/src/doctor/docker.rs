//! Asking the Docker engine, over its socket.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::facts::{Docker, DockerFacts};
use super::subnets::{networks, pools};
use crate::backend::node_image;

/// Where the engine listens unless told otherwise.
const SOCKET: &str = "/var/run/docker.sock";

/// How long it may take to answer. A busy engine needs seconds; one that hangs must not hang us.
const PATIENCE: Duration = Duration::from_secs(10);

/// The engine that `DOCKER_HOST` names, or the usual one.
pub(super) fn ask(docker_host: Option<&str>) -> Docker {
    let socket = match docker_host.filter(|host| !host.is_empty()) {
        None => PathBuf::from(SOCKET),
        Some(host) => match host.strip_prefix("unix://") {
            Some(path) => PathBuf::from(path),
            None => return Docker::Elsewhere { host: host.to_owned() },
        },
    };
    match (get(&socket, "/info"), get(&socket, "/version")) {
        (Ok(info), Ok(version)) => {
            let node_image = node_image();
            Docker::Answers(Box::new(DockerFacts {
                has_node_image: get(&socket, &format!("/images/{node_image}/json")).is_ok(),
                node_image,
                networks: networks(&get(&socket, "/networks").unwrap_or_default()),
                ..facts(socket, &info, &version)
            }))
        }
        (Err(error), _) | (_, Err(error)) => match error.kind() {
            io::ErrorKind::NotFound => Docker::Missing { socket },
            io::ErrorKind::PermissionDenied => Docker::Denied { socket },
            _ => Docker::Silent {
                socket,
                why: error.to_string(),
            },
        },
    }
}

fn get(socket: &Path, path: &str) -> io::Result<Value> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n").as_bytes())?;
    let mut answer = String::new();
    stream.take(4 << 20).read_to_string(&mut answer)?;
    body(&answer)
}

/// The JSON of an HTTP answer.
fn body(answer: &str) -> io::Result<Value> {
    let odd = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(|| odd("no HTTP answer".to_owned()))?;
    let status = head.lines().next().unwrap_or_default();
    if status.split_whitespace().nth(1) != Some("200") {
        return Err(odd(format!("{status}: {}", body.trim())));
    }
    serde_json::from_str(body).map_err(|error| odd(format!("no JSON: {error}")))
}

fn facts(socket: PathBuf, info: &Value, version: &Value) -> DockerFacts {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let any = |list: &Value, what: &dyn Fn(&Value) -> bool| list.as_array().is_some_and(|list| list.iter().any(what));
    let snapshotter = |pair: &Value| pair[0] == "driver-type" && text(&pair[1]).starts_with("io.containerd.snapshotter");
    DockerFacts {
        socket,
        version: text(&info["ServerVersion"]),
        api: text(&version["ApiVersion"]),
        driver: text(&info["Driver"]),
        containerd_images: any(&info["DriverStatus"], &snapshotter),
        cgroups: text(&info["CgroupVersion"]),
        rootless: any(&info["SecurityOptions"], &|option| text(option).contains("name=rootless")),
        memory: info["MemTotal"].as_u64().unwrap_or_default(),
        root: text(&info["DockerRootDir"]).into(),
        node_image: String::new(),
        has_node_image: false,
        pools: pools(info),
        networks: Vec::new(),
        space: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_is_read_from_its_own_words() {
        let info = serde_json::json!({
            "ServerVersion": "29.1.3", "Driver": "overlayfs", "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
            "CgroupVersion": "2", "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless"], "MemTotal": 8,
            "DockerRootDir": "/var/lib/docker",
        });
        let facts = facts("/s".into(), &info, &serde_json::json!({"ApiVersion": "1.52"}));
        assert!(facts.containerd_images && facts.rootless);
        assert_eq!((facts.api.as_str(), facts.cgroups.as_str(), facts.memory), ("1.52", "2", 8));
    }

    #[test]
    fn answers_that_are_none() {
        assert_eq!(body("HTTP/1.0 200 OK\r\nA: b\r\n\r\n{\"a\":1}").unwrap()["a"], 1);
        let refused = body("HTTP/1.0 500 Internal Server Error\r\n\r\n{\"message\":\"no\"}").unwrap_err();
        assert_eq!(refused.to_string(), "HTTP/1.0 500 Internal Server Error: {\"message\":\"no\"}");
        assert!(body("").is_err() && body("HTTP/1.0 200 OK\r\n\r\nhello").is_err());
    }

    #[test]
    fn where_nobody_is() {
        let folder = tempfile::tempdir().unwrap();
        let host = format!("unix://{}/docker.sock", folder.path().display());
        assert!(matches!(ask(Some(&host)), Docker::Missing { .. }));
        assert!(matches!(ask(Some("tcp://10.0.0.1:2376")), Docker::Elsewhere { .. }));
        let _closed = std::os::unix::net::UnixListener::bind(folder.path().join("docker.sock")).map(drop);
        assert!(matches!(ask(Some(&host)), Docker::Silent { .. }));
    }
}
