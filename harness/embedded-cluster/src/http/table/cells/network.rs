//! Services, and how they are reached.

use super::Shown;
use super::text::{NONE, UNSET, first_three, joined, labels, or, plain, selector};
use crate::controllers::fields::Fields;
use crate::value::{Value, json};

pub(super) fn cells(object: &Shown<'_>, plural: &str) -> Option<Value> {
    Some(match plural {
        "services" => json!([
            object.name(),
            object.str_at("/spec/type"),
            or(object.str_at("/spec/clusterIPs/0"), NONE),
            external(object),
            ports(object),
            object.age(),
            labels(object.map_at("/spec/selector")),
        ]),
        "endpoints" => json!([object.name(), endpoints(object), object.age()]),
        "endpointslices" => json!([
            object.name(),
            object.str_at("/addressType"),
            slice_ports(object),
            slice_endpoints(object),
            object.age()
        ]),
        "ingresses" => json!([
            object.name(),
            class(object),
            hosts(object),
            addresses(object),
            if object.list_at("/spec/tls").is_empty() { "80" } else { "80, 443" },
            object.age(),
        ]),
        "ingressclasses" => {
            let parameters = object.at("/spec/parameters");
            let kind = parameters.str_at("/kind");
            let parameters = match parameters.str_at("/apiGroup") {
                _ if parameters.is_null() => NONE.to_owned(),
                "" => format!("{kind}/{}", parameters.str_at("/name")),
                group => format!("{kind}.{group}/{}", parameters.str_at("/name")),
            };
            json!([object.name(), object.str_at("/spec/controller"), parameters, object.age()])
        }
        "networkpolicies" => json!([object.name(), selector(object.at("/spec/podSelector")), object.age()]),
        "ipaddresses" => {
            let parent = object.at("/spec/parentRef");
            let parts = ["group", "resource", "namespace", "name"].map(|part| parent[part].as_str().unwrap_or_default());
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            json!([object.name(), parts.join("/"), object.age()])
        }
        "servicecidrs" => json!([object.name(), joined(object.list_at("/spec/cidrs"), ","), object.age()]),
        _ => return None,
    })
}

fn external(service: &Shown<'_>) -> String {
    let own = joined(service.list_at("/spec/externalIPs"), ",");
    match service.str_at("/spec/type") {
        "ExternalName" => service.str_at("/spec/externalName").to_owned(),
        "LoadBalancer" => {
            let balancer = addresses(service);
            let all: Vec<&str> = [balancer.as_str(), own.as_str()]
                .into_iter()
                .filter(|text| !text.is_empty())
                .collect();
            or(&all.join(","), "<pending>").to_owned()
        }
        _ => or(&own, NONE).to_owned(),
    }
}

/// `status.loadBalancer`, of Services and Ingresses.
fn addresses(object: &Shown<'_>) -> String {
    let points = object.list_at("/status/loadBalancer/ingress").iter();
    let texts: Vec<&str> = points.map(|point| or(point.str_at("/ip"), point.str_at("/hostname"))).collect();
    texts.join(",")
}

fn ports(service: &Shown<'_>) -> String {
    let port = |port: &Value| {
        let (number, protocol) = (port.int_at("/port"), port.str_at("/protocol"));
        match port.int_at("/nodePort") {
            0 => format!("{number}/{protocol}"),
            node => format!("{number}:{node}/{protocol}"),
        }
    };
    let ports: Vec<String> = service.list_at("/spec/ports").iter().map(port).collect();
    or(&ports.join(","), NONE).to_owned()
}

fn endpoints(endpoints: &Shown<'_>) -> String {
    let mut texts = Vec::new();
    for subset in endpoints.list_at("/subsets") {
        let addresses = subset.list_at("/addresses").iter().map(|address| address.str_at("/ip"));
        let ports = subset.list_at("/ports");
        if ports.is_empty() {
            texts.extend(addresses.map(str::to_owned));
        } else {
            let each = |port: &Value| addresses.clone().map(|ip| bracketed(ip, port.int_at("/port"))).collect::<Vec<_>>();
            texts.extend(ports.iter().flat_map(each));
        }
    }
    or(&first_three(&texts, "..."), NONE).to_owned()
}

fn bracketed(ip: &str, port: i64) -> String {
    if ip.contains(':') {
        format!("[{ip}]:{port}")
    } else {
        format!("{ip}:{port}")
    }
}

fn slice_ports(slice: &Shown<'_>) -> String {
    let port = |port: &Value| or(&plain(port.at("/port")), "*").to_owned();
    let ports: Vec<String> = slice.list_at("/ports").iter().map(port).collect();
    or(&first_three(&ports, "..."), UNSET).to_owned()
}

fn slice_endpoints(slice: &Shown<'_>) -> String {
    let addresses = slice
        .list_at("/endpoints")
        .iter()
        .flat_map(|endpoint| endpoint.list_at("/addresses"));
    let addresses: Vec<String> = addresses.filter_map(Value::as_str).map(str::to_owned).collect();
    or(&first_three(&addresses, "..."), UNSET).to_owned()
}

fn class<'a>(ingress: &'a Shown<'_>) -> &'a str {
    let old = ingress.object.annotation("kubernetes.io/ingress.class").unwrap_or_default();
    or(or(ingress.str_at("/spec/ingressClassName"), old), NONE)
}

fn hosts(ingress: &Shown<'_>) -> String {
    let hosts = ingress.list_at("/spec/rules").iter().map(|rule| rule.str_at("/host"));
    let hosts: Vec<String> = hosts.filter(|host| !host.is_empty()).map(str::to_owned).collect();
    or(&first_three(&hosts, "..."), "*").to_owned()
}
