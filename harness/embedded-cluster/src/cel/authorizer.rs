//! `authorizer`: what may the user who makes the request do?

use std::fmt;
use std::sync::Arc;

use kube_cel::cel::extractors::This;
use kube_cel::cel::objects::Opaque;
use kube_cel::cel::{Context, ExecutionError, Value};

use crate::apiserver::{ApiServer, Target};
use crate::auth::{Attributes, Identity, Scope};
use crate::resource::Resource;

/// A question that is being put together.
#[derive(Clone)]
struct Question {
    server: Arc<ApiServer>,
    identity: Arc<Identity>,
    path: Option<String>,
    group: String,
    resource: String,
    subresource: String,
    namespace: String,
    name: String,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Decision {
    allowed: bool,
    reason: String,
}

/// The authorizer for a user.
pub(crate) fn authorizer(server: &Arc<ApiServer>, identity: &Arc<Identity>) -> Value {
    Value::Opaque(Arc::new(Question {
        server: server.clone(),
        identity: identity.clone(),
        path: None,
        group: String::new(),
        resource: String::new(),
        subresource: String::new(),
        namespace: String::new(),
        name: String::new(),
    }))
}

/// The same authorizer, asked about what a request is about.
pub(crate) fn about(authorizer: &Value, resource: &Resource, target: &Target) -> Value {
    let Ok(mut question) = opaque::<Question>(authorizer) else {
        return Value::Null;
    };
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    question.group = resource.group().to_owned();
    question.resource = resource.plural().to_owned();
    question.subresource = text(&target.subresource);
    question.namespace = text(&target.namespace);
    question.name = text(&target.name);
    Value::Opaque(Arc::new(question))
}

impl PartialEq for Question {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.server, &other.server)
    }
}

impl Eq for Question {}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("authorizer")
    }
}

impl Opaque for Question {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.authorization.Authorizer"
    }
}

impl Opaque for Decision {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.authorization.Decision"
    }
}

type Outcome = Result<Value, ExecutionError>;

fn opaque<T: 'static + Clone>(value: &Value) -> Result<T, ExecutionError> {
    match value {
        Value::Opaque(opaque) => opaque.downcast_ref::<T>().cloned().ok_or(ExecutionError::NoSuchOverload),
        _ => Err(ExecutionError::NoSuchOverload),
    }
}

/// Registers the functions.
pub(super) fn register(library: &mut Context<'_>) {
    type Set = fn(&mut Question, String);
    let setters: [(&str, Set); 6] = [
        ("path", |question, text| question.path = Some(text)),
        ("group", |question, text| question.group = text),
        ("resource", |question, text| question.resource = text),
        ("subresource", |question, text| question.subresource = text),
        ("namespace", |question, text| question.namespace = text),
        ("name", |question, text| question.name = text),
    ];
    for (name, set) in setters {
        library.add_function(name, move |This(this): This<Value>, text: Arc<String>| -> Outcome {
            let mut question: Question = opaque(&this)?;
            set(&mut question, text.to_string());
            Ok(Value::Opaque(Arc::new(question)))
        });
    }
    library.add_function(
        "serviceAccount",
        |This(this): This<Value>, namespace: Arc<String>, name: Arc<String>| -> Outcome {
            let mut question: Question = opaque(&this)?;
            let groups = ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
            question.identity = Arc::new(Identity::new(format!("system:serviceaccount:{namespace}:{name}"), groups));
            Ok(Value::Opaque(Arc::new(question)))
        },
    );
    library.add_function("check", |This(this): This<Value>, verb: Arc<String>| -> Outcome {
        Ok(Value::Opaque(Arc::new(opaque::<Question>(&this)?.decide(&verb))))
    });
    library.add_function("allowed", |This(this): This<Value>| -> Outcome {
        Ok(Value::Bool(opaque::<Decision>(&this)?.allowed))
    });
    library.add_function("reason", |This(this): This<Value>| -> Outcome {
        Ok(Value::String(Arc::new(opaque::<Decision>(&this)?.reason)))
    });
    library.add_function("errored", |This(this): This<Value>| -> Outcome {
        opaque::<Decision>(&this).map(|_| Value::Bool(false))
    });
    library.add_function("error", |This(this): This<Value>| -> Outcome {
        opaque::<Decision>(&this).map(|_| Value::String(Arc::default()))
    });
}

impl Question {
    fn decide(&self, verb: &str) -> Decision {
        let scope = match &self.path {
            Some(path) => Scope::Path(path.clone()),
            None => Scope::Resource {
                resource: Resource::named(self.group.clone(), "*", self.resource.clone()),
                subresource: self.subresource.clone(),
                namespace: self.namespace.clone(),
                name: self.name.clone(),
            },
        };
        let attributes = Attributes {
            verb: verb.to_owned(),
            scope,
        };
        let decision = self.server.authorizer.decide(&self.server.store, &self.identity, &attributes);
        Decision {
            allowed: decision.allowed,
            reason: decision.reason,
        }
    }
}
