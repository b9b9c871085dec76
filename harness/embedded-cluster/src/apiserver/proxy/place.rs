//! Where a proxied request goes: `name`, `name:port` or `scheme:name:port`.

use crate::apiserver::{ApiServer, Target, kubelet};
use crate::object::Object;
use crate::status::Status;
use crate::value::Value;

/// An address in the cluster's network.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) address: String,
    pub(super) port: u16,
}

/// The object that admission sees for a proxied request.
pub(super) fn options(plural: &str) -> &'static str {
    match plural {
        "pods" => "PodProxyOptions",
        "services" => "ServiceProxyOptions",
        _ => "NodeProxyOptions",
    }
}

impl Place {
    /// What a request names.
    ///
    /// # Errors
    /// 400 for a name that cannot be read and a pod without address, 404 for what is not there, 503 for a Service without the port or endpoints.
    pub(super) fn find(server: &ApiServer, target: &Target) -> Result<Self, Status> {
        let plural = target.resource.plural();
        let asked = target.name.as_deref().unwrap_or_default();
        let kind = plural.strip_suffix('s').unwrap_or(plural);
        let (scheme, name, port) = parts(asked).ok_or_else(|| Status::bad_request(format!("invalid {kind} request {asked:?}")))?;
        let namespace = target.namespace.as_deref().unwrap_or_default();
        let get = |plural: &'static str| server.store.get(&plural.into(), namespace, name);
        let missing = || Status::not_found(&target.resource, name);
        // The kubelet's own connection is not encrypted here.
        if scheme == "https" && plural != "nodes" {
            let why = "error trying to reach service: this server does not encrypt what it proxies";
            return Err(Status::service_unavailable(why));
        }
        match plural {
            "pods" => pod(get("pods").ok_or_else(missing)?.as_ref(), port),
            "services" => {
                let service = get("services").ok_or_else(missing)?;
                service_endpoint(service.value(), get("endpoints").as_deref(), name, port, asked)
            }
            _ => {
                let node = server.store.get(&"nodes".into(), "", name).ok_or_else(missing)?;
                let (address, kubelet) = kubelet::address(node.value());
                let port = if port.is_empty() { Some(kubelet) } else { port.parse().ok() };
                match (address, port) {
                    (Some(address), Some(port)) => Ok(Self {
                        address: address.to_owned(),
                        port,
                    }),
                    _ => Err(Status::bad_request(format!("invalid node request {asked:?}"))),
                }
            }
        }
    }
}

/// Scheme, name and port.
fn parts(asked: &str) -> Option<(&str, &str, &str)> {
    let parts: Vec<&str> = asked.split(':').collect();
    let (scheme, name, port) = match *parts.as_slice() {
        [name] => ("", name, ""),
        [name, port] => ("", name, port),
        [scheme @ ("" | "http" | "https"), name, port] => (scheme, name, port),
        _ => return None,
    };
    (!name.is_empty()).then_some((scheme, name, port))
}

/// The pod's address, at the port that is named or the first that a container has.
fn pod(pod: &Object, port: &str) -> Result<Place, Status> {
    let list = |value: &Value, field: &str| value[field].as_array().cloned().unwrap_or_default();
    let declared = || {
        let containers = list(&pod.value()["spec"], "containers");
        let mut ports = containers.iter().flat_map(|container| list(container, "ports"));
        ports.find_map(|port| port["containerPort"].as_u64())
    };
    let port = match port {
        "" => u16::try_from(declared().unwrap_or(80)).ok(),
        port => port.parse().ok(),
    };
    let address = pod.value()["status"]["podIP"].as_str().unwrap_or_default();
    match port {
        _ if address.is_empty() => Err(Status::bad_request("address not allowed")),
        Some(port) => Ok(Place {
            address: address.to_owned(),
            port,
        }),
        None => Err(Status::bad_request(format!("invalid pod request {:?}", pod.name()))),
    }
}

/// The first endpoint of a Service's port, which its number or its name tells.
fn service_endpoint(service: &Value, endpoints: Option<&Object>, name: &str, port: &str, asked: &str) -> Result<Place, Status> {
    let mut port = port.to_owned();
    if let Ok(number) = port.parse::<u64>() {
        let mut ports = service["spec"]["ports"].as_array().into_iter().flatten();
        let Some(found) = ports.find(|port| port["port"] == number) else {
            return Err(Status::service_unavailable(format!(
                "no service port {number} found for service {name:?}"
            )));
        };
        port = found["name"].as_str().unwrap_or_default().to_owned();
    }
    let subsets = endpoints
        .and_then(|endpoints| endpoints.value()["subsets"].as_array())
        .into_iter()
        .flatten();
    let found = subsets.into_iter().find_map(|subset| {
        let mut ports = subset["ports"].as_array().into_iter().flatten();
        let number = ports.find(|found| found["name"].as_str().unwrap_or_default() == port)?["port"].as_u64()?;
        Some(Place {
            address: subset["addresses"][0]["ip"].as_str()?.to_owned(),
            port: u16::try_from(number).ok()?,
        })
    });
    found.ok_or_else(|| Status::service_unavailable(format!("no endpoints available for service {asked:?}")))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::value::json;

    #[rstest]
    #[case("web", Some(("", "web", "")))]
    #[case("web:80", Some(("", "web", "80")))]
    #[case("https:web:", Some(("https", "web", "")))]
    #[case(":web:http", Some(("", "web", "http")))]
    #[case("ftp:web:80", None)]
    #[case("a:b:c:d", None)]
    #[case(":80", None)]
    fn names(#[case] asked: &str, #[case] expected: Option<(&str, &str, &str)>) {
        assert_eq!(parts(asked), expected);
    }

    #[rstest]
    #[case::by_number("80", Ok(8080))]
    #[case::by_name("http", Ok(8080))]
    #[case::wrong_number("81", Err("no service port 81 found for service \"web\""))]
    #[case::wrong_name("grpc", Err("no endpoints available for service \"web:grpc\""))]
    fn of_a_service(#[case] port: &str, #[case] expected: Result<u16, &str>) {
        let service = json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": 8080}]}});
        let subsets = json!([{"addresses": [{"ip": "10.0.0.7"}], "ports": [{"name": "http", "port": 8080}]}]);
        let endpoints = Object::new(json!({"metadata": {"name": "web"}, "subsets": subsets}));
        let found = service_endpoint(&service, Some(&endpoints), "web", port, &format!("web:{port}"));
        assert_eq!(
            found.map(|place| place.port).map_err(|status| status.message),
            expected.map_err(str::to_owned)
        );
    }
}
