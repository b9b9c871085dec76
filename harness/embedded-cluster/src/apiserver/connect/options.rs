//! What a request to enter a pod asks for: a query, which admission sees as an object, and the node as a query with names of its own.

use form_urlencoded::Serializer;

use crate::apiserver::options::boolean;
use crate::status::Status;
use crate::value::{Value, json};

/// The object that a query stands for.
#[derive(Debug)]
pub(super) struct Form {
    pub(super) kind: &'static str,
    /// The object's field, which is a parameter of the request; its parameter for the node; and what it holds.
    fields: &'static [(&'static str, Option<&'static str>, Type)],
}

#[derive(Clone, Copy, Debug)]
enum Type {
    Flag,
    Text,
    Texts,
    Ports,
}

const ATTACH: Form = Form {
    kind: "PodAttachOptions",
    fields: &[
        ("stdin", Some("input"), Type::Flag),
        ("stdout", Some("output"), Type::Flag),
        ("stderr", Some("error"), Type::Flag),
        ("tty", Some("tty"), Type::Flag),
        // The node is told by the path.
        ("container", None, Type::Text),
    ],
};
const EXEC: Form = Form {
    kind: "PodExecOptions",
    fields: &[
        ("stdin", Some("input"), Type::Flag),
        ("stdout", Some("output"), Type::Flag),
        ("stderr", Some("error"), Type::Flag),
        ("tty", Some("tty"), Type::Flag),
        // The node is told by the path.
        ("container", None, Type::Text),
        ("command", Some("command"), Type::Texts),
    ],
};
const PORT_FORWARD: Form = Form {
    kind: "PodPortForwardOptions",
    fields: &[("ports", Some("port"), Type::Ports)],
};

impl Form {
    /// The form of `exec`, `attach` or `portforward`.
    pub(super) fn of(what: &str) -> &'static Self {
        match what {
            "exec" => &EXEC,
            "attach" => &ATTACH,
            _ => &PORT_FORWARD,
        }
    }

    /// Makes the object. Parameters without a meaning are passed over, as Kubernetes does.
    ///
    /// # Errors
    /// 400 for a port that is none.
    pub(super) fn read(&self, parameters: &[(String, String)]) -> Result<Value, Status> {
        let mut object = json!({"kind": self.kind, "apiVersion": "v1"});
        for (field, _, of) in self.fields {
            let mut given = parameters.iter().filter(|(name, _)| name == field).map(|(_, value)| value.as_str());
            let value = match of {
                Type::Flag => given.next().filter(|value| boolean(value)).map(|_| true.into()),
                Type::Text => given.next().filter(|value| !value.is_empty()).map(Value::from),
                // The only one that is never left out.
                Type::Texts => Some(
                    Some(given.map(Value::from).collect::<Vec<_>>())
                        .filter(|all| !all.is_empty())
                        .into(),
                ),
                Type::Ports => Some(given.flat_map(|all| all.split(',')).map(port).collect::<Result<Vec<_>, _>>()?)
                    .filter(|ports| !ports.is_empty())
                    .map(Value::from),
            };
            if let Some(value) = value {
                object[*field] = value;
            }
        }
        Ok(object)
    }

    /// The query for the node, with what admission made of the object.
    pub(super) fn query(&self, object: &Value) -> String {
        let mut query = Serializer::new(String::new());
        for (field, parameter, _) in self.fields {
            let Some(parameter) = parameter else { continue };
            match &object[*field] {
                Value::Array(all) => all.iter().for_each(|value| append(&mut query, parameter, value)),
                value => append(&mut query, parameter, value),
            }
        }
        query.finish()
    }
}

fn append(query: &mut Serializer<'_, String>, parameter: &str, value: &Value) {
    match value {
        Value::Null => {}
        value => match value.as_str() {
            Some(text) => drop(query.append_pair(parameter, text)),
            None if value.as_bool() == Some(true) => drop(query.append_pair(parameter, "1")),
            None => drop(query.append_pair(parameter, &value.to_string())),
        },
    }
}

fn port(text: &str) -> Result<Value, Status> {
    let port = text.parse::<u16>();
    let why = |_| {
        Status::bad_request(format!(
            "cannot convert to []int32: strconv.ParseUint: parsing {text:?}: invalid syntax"
        ))
    };
    port.map(|port| i64::from(port).into()).map_err(why)
}

#[cfg(test)]
mod tests {
    use super::Form;
    use crate::apiserver::options::form_urlencoded;
    use crate::value::json;

    #[test]
    fn queries_are_objects_and_back() {
        for (what, query, object, onward) in [
            (
                "exec",
                "command=sh&command=-c&command=a+%26+b&container=c&stdin=0&stdout=true&x=y",
                json!({"kind": "PodExecOptions", "apiVersion": "v1", "stdout": true, "container": "c", "command": ["sh", "-c", "a & b"]}),
                "output=1&command=sh&command=-c&command=a+%26+b",
            ),
            (
                "exec",
                "",
                json!({"kind": "PodExecOptions", "apiVersion": "v1", "command": null}),
                "",
            ),
            (
                "attach",
                "tty=1&command=x",
                json!({"kind": "PodAttachOptions", "apiVersion": "v1", "tty": true}),
                "tty=1",
            ),
            (
                "portforward",
                "ports=80,81&ports=82",
                json!({"kind": "PodPortForwardOptions", "apiVersion": "v1", "ports": [80, 81, 82]}),
                "port=80&port=81&port=82",
            ),
        ] {
            let form = Form::of(what);
            let read = form.read(&form_urlencoded(query)).unwrap();
            assert_eq!(read, object, "{query}");
            assert_eq!(form.query(&read), onward);
        }
        let refused = Form::of("portforward").read(&form_urlencoded("ports=http")).unwrap_err();
        assert_eq!((refused.code, refused.message.contains("\"http\"")), (400, true));
    }
}
