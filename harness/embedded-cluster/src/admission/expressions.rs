//! Expressions about writes: what they may use, and its values.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::Attempt;
use super::matching::Seen;
use super::webhooks::review;
use crate::cel::{self, Environment, Expression, Key, Map, Scope, Shape, Type};
use crate::value::Value;

/// The authorizer that asks about the request itself.
const REQUEST_RESOURCE: &str = "authorizer.requestResource";

/// What expressions of a policy or webhook may use.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// `params`.
    pub(crate) params: bool,
    /// `namespaceObject`, which webhooks do not have.
    pub(crate) namespace: bool,
    /// `Object{}` and `JSONPatch{}`.
    pub(crate) literals: bool,
    /// `variables`, with their types.
    variables: Option<Variables>,
}

/// The variables of a policy.
#[derive(Debug, Default)]
struct Variables(BTreeMap<String, Type<'static>>);

/// The fields of `request`.
#[derive(Debug)]
enum Request {
    Root,
    Kind,
    Resource,
    User,
}

impl Names {
    /// The names that webhooks' conditions may use.
    pub(crate) fn of_webhooks() -> Self {
        Self::default()
    }

    /// The names that a policy may use; variables are added one by one.
    pub(crate) fn of_policies(params: bool, literals: bool) -> Self {
        Self {
            params,
            namespace: true,
            literals,
            variables: Some(Variables::default()),
        }
    }

    /// Adds a variable, which later expressions may use.
    pub(crate) fn add(&mut self, name: &str, of: &Type<'_>) {
        if let Some(variables) = &mut self.variables {
            variables.0.insert(name.to_owned(), of.detached());
        }
    }

    /// Compiles an expression.
    ///
    /// # Errors
    /// As [`cel::compile`].
    pub(crate) fn compile(&self, text: &str) -> Result<(Expression, Type<'_>), String> {
        self.compile_for(text, &Type::Dyn)
    }

    /// Compiles an expression about objects of a type.
    ///
    /// # Errors
    /// As [`cel::compile`].
    pub(crate) fn compile_for<'s>(&'s self, text: &str, object: &Type<'s>) -> Result<(Expression, Type<'s>), String> {
        let mut environment = Environment {
            literals: self.literals,
            ..Environment::default()
        };
        let authorizer = Type::Opaque("kubernetes.authorization.Authorizer");
        for (name, of, known) in [
            ("object", object.clone(), true),
            ("oldObject", object.clone(), true),
            ("request", Type::Object(&Request::Root), true),
            ("authorizer", authorizer, true),
            ("params", Type::Dyn, self.params),
            ("namespaceObject", Type::Dyn, self.namespace),
        ] {
            if known {
                environment = environment.with(name, of);
            }
        }
        if let Some(variables) = &self.variables {
            environment = environment.with("variables", Type::Object(variables));
        }
        cel::compile(text, environment)
    }
}

impl Shape for Variables {
    fn field(&self, name: &str) -> Option<Type<'_>> {
        self.0.get(name).cloned()
    }
}

impl Shape for Request {
    fn field(&self, name: &str) -> Option<Type<'_>> {
        let texts = || Type::list(Type::String);
        Some(match (self, name) {
            (Self::Root, "kind" | "requestKind") => Type::Object(&Request::Kind),
            (Self::Root, "resource" | "requestResource") => Type::Object(&Request::Resource),
            (Self::Root, "userInfo") => Type::Object(&Request::User),
            (Self::Root, "dryRun") => Type::Bool,
            (Self::Root, "options") => Type::Dyn,
            (Self::Root, "subResource" | "requestSubResource" | "name" | "namespace" | "operation")
            | (Self::Kind, "group" | "version" | "kind")
            | (Self::Resource, "group" | "version" | "resource")
            | (Self::User, "username" | "uid") => Type::String,
            (Self::User, "groups") => texts(),
            (Self::User, "extra") => Type::map(Type::String, texts()),
            _ => return None,
        })
    }

    fn name(&self) -> &str {
        match self {
            Self::Root => "kubernetes.AdmissionRequest",
            Self::Kind => "kubernetes.GroupVersionKind",
            Self::Resource => "kubernetes.GroupVersionResource",
            Self::User => "kubernetes.UserInfo",
        }
    }
}

/// The values of all names for one write.
pub(super) struct Values<'v> {
    scope: Scope,
    definitions: &'v [(String, Expression)],
    /// Variables that were evaluated, or why they could not be.
    variables: BTreeMap<String, Result<cel::Value, String>>,
}

impl<'v> Values<'v> {
    /// The values for a write that is seen in some version.
    pub(super) fn new(attempt: &Attempt<'_>, seen: &Seen, definitions: &'v [(String, Expression)]) -> Self {
        let mut request = review::request(attempt, seen);
        let take = |request: &mut Value, field: &str| request.as_object_mut().and_then(|r| r.remove(field)).unwrap_or(Value::Null);
        let (object, old) = (take(&mut request, "object"), take(&mut request, "oldObject"));
        let mut scope = Scope::new();
        scope.set("object", cel::to_cel(&object));
        scope.set("oldObject", cel::to_cel(&old));
        scope.set("request", cel::to_cel(&request));
        let place = attempt.place();
        let namespace = attempt
            .server
            .store
            .get(&"namespaces".into(), "", place)
            .filter(|_| !place.is_empty());
        let namespace = namespace.map_or(cel::Value::Null, |namespace| cel::to_cel(namespace.value()));
        scope.set("namespaceObject", namespace);
        scope.set("params", cel::Value::Null);
        let authorizer = cel::authorizer(attempt.server, &attempt.request.identity);
        scope.set(
            REQUEST_RESOURCE,
            cel::about(&authorizer, &attempt.kind.resource, &attempt.request.target),
        );
        scope.set("authorizer", authorizer);
        Self {
            scope,
            definitions,
            variables: BTreeMap::new(),
        }
    }

    /// Sets `params`, and forgets the variables, which may depend on it.
    pub(super) fn set_params(&mut self, params: &Value) {
        self.scope.set("params", cel::to_cel(params));
        self.variables.clear();
    }

    /// The value of an expression.
    ///
    /// # Errors
    /// What went wrong, in Kubernetes' words.
    pub(super) fn evaluate(&mut self, expression: &Expression) -> Result<cel::Value, String> {
        self.plain(expression)
            .map_err(|why| format!("expression '{}' resulted in error: {why}", expression.text().trim()))
    }

    fn plain(&mut self, expression: &Expression) -> Result<cel::Value, String> {
        let mut broken = None;
        let mut known: HashMap<Key, cel::Value> = HashMap::new();
        for name in expression.variables() {
            match self.variable(name) {
                Ok(value) => {
                    known.insert(Key::from(name.as_str()), value);
                }
                Err(why) => broken = Some(format!("composited variable {name:?} fails to evaluate: {why}")),
            }
        }
        if !expression.variables().is_empty() {
            self.scope.set("variables", cel::Value::Map(Map { map: Arc::new(known) }));
        }
        // A variable that fails matters only where it is looked at.
        expression.evaluate(&self.scope).map_err(|why| broken.unwrap_or(why))
    }

    fn variable(&mut self, name: &str) -> Result<cel::Value, String> {
        if let Some(known) = self.variables.get(name) {
            return known.clone();
        }
        let definitions = self.definitions;
        let definition = definitions.iter().find(|(known, _)| known == name);
        let value = match definition {
            Some((_, definition)) => self.plain(definition),
            None => Err(format!("no such key: {name}")),
        };
        self.variables.insert(name.to_owned(), value.clone());
        value
    }
}

/// Conditions under which a webhook or policy is asked at all.
#[derive(Debug, Default)]
pub(super) struct Conditions(Vec<Expression>);

impl Conditions {
    /// Compiles `matchConditions` that were checked.
    pub(super) fn read(value: &Value, names: &Names) -> Self {
        let conditions = value["matchConditions"].as_array().into_iter().flatten();
        let compile = |condition: &Value| {
            names
                .compile(condition["expression"].as_str()?)
                .ok()
                .map(|(expression, _)| expression)
        };
        Self(conditions.filter_map(compile).collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all hold.
    ///
    /// # Errors
    /// What could not be evaluated, where none was false.
    pub(super) fn hold(&self, values: &mut Values<'_>) -> Result<bool, String> {
        let mut failures = vec![];
        for condition in &self.0 {
            match values.evaluate(condition) {
                Ok(cel::Value::Bool(false)) => return Ok(false),
                Ok(_) => {}
                Err(why) => failures.push(why),
            }
        }
        match failures.as_slice() {
            [] => Ok(true),
            [one] => Err(one.clone()),
            many => Err(format!("[{}]", many.join(", "))),
        }
    }
}
