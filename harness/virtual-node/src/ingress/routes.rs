//! From a request to the Service that Ingresses name for it.

use k8s_openapi::api::networking::v1::{HTTPIngressPath, Ingress, IngressBackend, IngressServiceBackend};
use kube::ResourceExt;
use serde_json::Value;

use super::path::Pattern;

/// Where a request goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    Service(Backend),
    /// To HTTPS, with this status.
    Redirect(u16),
}

/// A Service's port as an Ingress names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Backend {
    pub(crate) namespace: String,
    pub(crate) service: String,
    pub(crate) port: Port,
    /// Whether the Ingress says that its backends speak gRPC.
    pub(crate) grpc: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Port {
    Number(u16),
    Name(String),
}

/// How well a rule fits: its host, then its path.
type Strength = (u8, (bool, usize));

/// The route for a request, by the strongest rule that matches: its host before any host, exact paths before longer ones.
/// `secure`: the request came over TLS.
pub(crate) fn route<'a>(ingresses: impl Iterator<Item = &'a Ingress>, host: &str, path: &str, secure: bool) -> Option<Route> {
    let mut best: Option<(Strength, Route)> = None;
    let mut fallback = None;
    for ingress in ingresses {
        let Some(spec) = &ingress.spec else { continue };
        for rule in spec.rules.iter().flatten() {
            let Some(host_strength) = host_strength(rule.host.as_deref(), host) else {
                continue;
            };
            for candidate in rule.http.iter().flat_map(|http| &http.paths) {
                let pattern = Pattern::new(candidate.path.as_deref(), &candidate.path_type);
                let strength = (host_strength, pattern.strength());
                let stronger = best.as_ref().is_none_or(|(known, _)| strength > *known);
                if !stronger || !pattern.matches(path) {
                    continue;
                }
                if let Some(route) = target(ingress, candidate, secure) {
                    best = Some((strength, route));
                }
            }
        }
        let default = spec.default_backend.as_ref().and_then(|default| backend(ingress, default));
        fallback = fallback.or(default.map(Route::Service));
    }
    best.map(|(_, route)| route).or(fallback)
}

/// How well a rule's host fits: 2 the same, 1 a wildcard, 0 any host.
fn host_strength(rule: Option<&str>, host: &str) -> Option<u8> {
    match rule {
        None | Some("") => Some(0),
        Some(rule) if rule.eq_ignore_ascii_case(host) => Some(2),
        Some(rule) => {
            let (_, domain) = host.split_once('.')?;
            (rule.strip_prefix("*.")?.eq_ignore_ascii_case(domain)).then_some(1)
        }
    }
}

fn target(ingress: &Ingress, path: &HTTPIngressPath, secure: bool) -> Option<Route> {
    let service = path.backend.service.as_ref()?;
    if service.port.as_ref().and_then(|port| port.name.as_deref()) == Some("use-annotation") {
        // AWS's controller: the backend is an action. A redirect of HTTPS to itself is left out, as there.
        return if secure { None } else { redirect(ingress, service) };
    }
    backend(ingress, &path.backend).map(Route::Service)
}

fn redirect(ingress: &Ingress, service: &IngressServiceBackend) -> Option<Route> {
    let key = format!("alb.ingress.kubernetes.io/actions.{}", service.name);
    let action: Value = serde_json::from_str(ingress.annotations().get(&key)?).ok()?;
    let field = |value: &Value, name: &str| {
        let lower = name.to_ascii_lowercase();
        let fields = value.as_object()?;
        fields
            .iter()
            .find(|(key, _)| key.to_ascii_lowercase() == lower)
            .map(|(_, value)| value.clone())
    };
    let config = field(&action, "RedirectConfig")?;
    let https = field(&config, "Protocol")?.as_str() == Some("HTTPS");
    let status = if field(&config, "StatusCode")?.as_str() == Some("HTTP_301") {
        301
    } else {
        302
    };
    https.then_some(Route::Redirect(status))
}

fn backend(ingress: &Ingress, backend: &IngressBackend) -> Option<Backend> {
    let service = backend.service.as_ref()?;
    let port = service.port.as_ref()?;
    let port = match (&port.name, port.number) {
        (Some(name), _) => Port::Name(name.clone()),
        (None, number) => Port::Number(u16::try_from(number?).ok()?),
    };
    Some(Backend {
        namespace: ingress.namespace().unwrap_or_default(),
        service: service.name.clone(),
        port,
        grpc: says_grpc(ingress),
    })
}

/// Whether an annotation of a known controller says that backends speak gRPC.
fn says_grpc(ingress: &Ingress) -> bool {
    let keys = [
        "nginx.ingress.kubernetes.io/backend-protocol",
        "alb.ingress.kubernetes.io/backend-protocol-version",
    ];
    keys.iter()
        .filter_map(|key| ingress.annotations().get(*key))
        .any(|value| value.eq_ignore_ascii_case("GRPC"))
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::networking::v1::Ingress;
    use serde_json::{Value, json};

    use super::{Route, route};

    fn ingress(annotations: Value, host: Value, paths: &[(&str, &str, Value)]) -> Ingress {
        let path = |(path, service, port): &(&str, &str, Value)| json!({"path": path, "pathType": "ImplementationSpecific", "backend": {"service": {"name": service, "port": port}}});
        let paths: Vec<_> = paths.iter().map(path).collect();
        serde_json::from_value(json!({
            "metadata": {"name": "i", "namespace": "ns", "annotations": annotations},
            "spec": {"rules": [{"host": host, "http": {"paths": paths}}]},
        }))
        .unwrap()
    }

    #[test]
    fn the_strongest_rule_decides() {
        let redirect = r#"{"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}"#;
        let web = ingress(
            json!({"alb.ingress.kubernetes.io/actions.ssl-redirect": redirect}),
            Value::Null,
            &[
                ("/*", "ssl-redirect", json!({"name": "use-annotation"})),
                ("/console", "console", json!({"number": 80})),
                ("/api/*", "admin", json!({"number": 80})),
            ],
        );
        let grpc = ingress(
            json!({"alb.ingress.kubernetes.io/backend-protocol-version": "GRPC"}),
            Value::Null,
            &[("/x.AdminService/*", "admin", json!({"number": 81}))],
        );
        let named = ingress(json!({}), json!("other.test"), &[("/console", "other", json!({"name": "http"}))]);
        let all = [web, grpc, named];
        for (host, path, secure, expected) in [
            ("flyte.test", "/console/x", true, Some("console:80")),
            ("flyte.test", "/api/v1", true, Some("admin:80")),
            ("flyte.test", "/x.AdminService/Get", true, Some("admin:81 grpc")),
            ("other.test", "/console", true, Some("other:http")),
            ("flyte.test", "/nothing", true, None),
            ("flyte.test", "/nothing", false, Some("redirect 301")),
        ] {
            let found = route(all.iter(), host, path, secure).map(|route| match route {
                Route::Redirect(status) => format!("redirect {status}"),
                Route::Service(backend) => {
                    let port = match &backend.port {
                        super::Port::Number(number) => number.to_string(),
                        super::Port::Name(name) => name.clone(),
                    };
                    format!("{}:{port}{}", backend.service, if backend.grpc { " grpc" } else { "" })
                }
            });
            assert_eq!(found.as_deref(), expected, "{host}{path}");
        }
    }
}
