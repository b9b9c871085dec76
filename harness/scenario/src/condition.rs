//! Conditions in CEL, for what a subset of fields cannot say.
//!
//! Parser, interpreter and Kubernetes' libraries are those of `kube-cel`. A condition speaks of `object`, and is asked for each object, or of
//! `objects`, and is asked for all at once; `cluster` is the id of the cluster that they are in.

use std::sync::{Arc, LazyLock};

use kube_cel::KubeCelExt;
use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, operators};
use kube_cel::cel::objects::Map;
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{Context, ExecutionError, IdedExpr, Value as Cel};
use serde_json::Value;

const OBJECT: &str = "object";
const OBJECTS: &str = "objects";
const CLUSTER: &str = "cluster";

static LIBRARY: LazyLock<Context<'static>> = LazyLock::new(|| Context::default().with_all());

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition {
    text: String,
    expression: IdedExpr,
    of_all: bool,
}

/// What is wrong with a condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    /// In CEL's words.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Condition {
    /// Reads a condition and checks its names.
    ///
    /// # Errors
    /// It is no CEL, or names a variable or a function that there is not.
    pub fn compile(text: &str) -> Result<Self, ConditionError> {
        let error = |message: String| ConditionError { message, help: None };
        let parsed = Parser::new().enable_optional_syntax(true).parse(text);
        let mut expression = parsed.map_err(|errors| {
            let shown = errors.errors.iter().map(|error| {
                let (line, column) = error.pos;
                let place = if line > 1 { format!("line {line}, ") } else { String::new() };
                format!("{} ({place}character {column})", error.msg)
            });
            error(shown.collect::<Vec<_>>().join("; "))
        })?;
        let mut used = Used::default();
        used.walk(&expression, &mut Vec::new());
        let (one, all) = (used.has(OBJECT), used.has(OBJECTS));
        if let Some(name) = used.variables.iter().find(|name| ![OBJECT, OBJECTS, CLUSTER].contains(name)) {
            return Err(ConditionError {
                message: format!("there is no variable `{name}`"),
                help: Some(yaml::suggest::help(name, &[OBJECT, OBJECTS, CLUSTER])),
            });
        }
        if let Some(name) = used.functions.iter().find(|name| !is_function(name)) {
            return Err(error(format!("there is no function `{name}`")));
        }
        drop(used);
        index_optionals(&mut expression);
        match (one, all) {
            (true, true) => Err(error("it speaks of `object` and of `objects`; one of them is possible".to_owned())),
            (false, false) => Err(ConditionError {
                message: "it speaks of nothing that could change".to_owned(),
                help: Some("`object` is each object in turn, `objects` all of them".to_owned()),
            }),
            _ => Ok(Self {
                text: text.to_owned(),
                expression,
                of_all: all,
            }),
        }
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it is about all objects at once.
    pub fn of_all(&self) -> bool {
        self.of_all
    }

    /// Whether it holds for an object or, if it is [`of_all`](Self::of_all), for a list of objects.
    ///
    /// # Errors
    /// It has no value, for example because a field is missing, or is no truth.
    pub fn holds(&self, cluster: &str, subject: &Value) -> Result<bool, String> {
        match self.evaluate(cluster, subject)? {
            Cel::Bool(holds) => Ok(holds),
            _ => Err(format!("`{}` is neither true nor false", self.text)),
        }
    }

    /// Its value for an object, of whatever type.
    ///
    /// # Errors
    /// It has no value, for example because a field is missing, or one that JSON has not.
    pub fn value(&self, cluster: &str, subject: &Value) -> Result<Value, String> {
        let value = self.evaluate(cluster, subject)?;
        from_cel(&value).ok_or_else(|| format!("`{}` has no value that JSON could hold", self.text))
    }

    fn evaluate(&self, cluster: &str, subject: &Value) -> Result<Cel, String> {
        let mut scope = LIBRARY.new_inner_scope();
        let name = if self.of_all { OBJECTS } else { OBJECT };
        scope.add_variable_from_value(name, to_cel(subject));
        scope.add_variable_from_value(CLUSTER, cluster.to_owned());
        match Cel::resolve(&self.expression, &scope) {
            Ok(value) => Ok(value),
            Err(ExecutionError::NoSuchKey(key)) => Err(format!("`{}`: no such key: {key}", self.text)),
            Err(error) => Err(format!("`{}`: {error}", self.text)),
        }
    }
}

/// A value in CEL. Whole numbers are of the type `int`, as in Kubernetes: an equation with a literal of another type is never true.
fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(flag) => Cel::Bool(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Cel::Int(number),
            (None, Some(number)) => Cel::UInt(number),
            (None, None) => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.as_str().into(), to_cel(value)));
            Cel::Map(Map {
                map: Arc::new(fields.collect()),
            })
        }
    }
}

/// A value of CEL as JSON, where there is one.
fn from_cel(value: &Cel) -> Option<Value> {
    match value {
        Cel::Null => Some(Value::Null),
        Cel::Bool(flag) => Some((*flag).into()),
        Cel::Int(number) => Some((*number).into()),
        Cel::UInt(number) => Some((*number).into()),
        Cel::Float(number) => serde_json::Number::from_f64(*number).map(Value::Number),
        Cel::String(text) => Some(Value::String(text.to_string())),
        Cel::List(items) => items.iter().map(from_cel).collect(),
        Cel::Map(map) => map
            .map
            .iter()
            .map(|(key, value)| Some((key.to_string(), from_cel(value)?)))
            .collect(),
        _ => None,
    }
}

/// Names that an expression uses and does not bind itself.
#[derive(Default)]
struct Used<'e> {
    variables: Vec<&'e str>,
    functions: Vec<&'e str>,
}

impl<'e> Used<'e> {
    fn has(&self, name: &str) -> bool {
        self.variables.contains(&name)
    }

    fn walk(&mut self, node: &'e IdedExpr, bound: &mut Vec<&'e str>) {
        match &node.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => {
                if !bound.contains(&name.as_str()) {
                    self.variables.push(name);
                }
            }
            Expr::Select(select) => self.walk(&select.operand, bound),
            Expr::List(list) => list.elements.iter().for_each(|item| self.walk(item, bound)),
            Expr::Map(map) => map.entries.iter().for_each(|entry| self.entry(&entry.expr, bound)),
            Expr::Struct(object) => object.entries.iter().for_each(|entry| self.entry(&entry.expr, bound)),
            Expr::Call(call) => {
                // `quantity` of `quantity(x)`, and `format.named` as one name.
                let library = call.target.as_deref().and_then(|target| match &target.expr {
                    Expr::Ident(name) if LIBRARIES.contains(&name.as_str()) => Some(name),
                    _ => None,
                });
                self.functions.push(&call.func_name);
                if let (Some(target), None) = (&call.target, library) {
                    self.walk(target, bound);
                }
                call.args.iter().for_each(|argument| self.walk(argument, bound));
            }
            Expr::Comprehension(comprehension) => {
                self.walk(&comprehension.iter_range, bound);
                self.walk(&comprehension.accu_init, bound);
                let depth = bound.len();
                bound.push(&comprehension.accu_var);
                bound.push(&comprehension.iter_var);
                bound.extend(comprehension.iter_var2.as_deref());
                self.walk(&comprehension.loop_cond, bound);
                self.walk(&comprehension.loop_step, bound);
                self.walk(&comprehension.result, bound);
                bound.truncate(depth);
            }
        }
    }

    fn entry(&mut self, entry: &'e EntryExpr, bound: &mut Vec<&'e str>) {
        match entry {
            EntryExpr::StructField(field) => self.walk(&field.value, bound),
            EntryExpr::MapEntry(entry) => {
                self.walk(&entry.key, bound);
                self.walk(&entry.value, bound);
            }
        }
    }
}

/// Prefixes of functions, which look like variables.
const LIBRARIES: [&str; 4] = ["sets", "math", "format", "optional"];

/// Asks the library: a function that it has complains of its arguments, not of its name.
fn is_function(name: &str) -> bool {
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        // An operator.
        return true;
    }
    let call = |target: Option<Box<IdedExpr>>| IdedExpr {
        id: 1,
        expr: Expr::Call(CallExpr {
            func_name: name.to_owned(),
            target,
            args: Vec::new(),
        }),
    };
    let unknown = |result: Result<Cel, ExecutionError>| matches!(result, Err(ExecutionError::UndeclaredReference(_)));
    LIBRARIES
        .iter()
        .map(|library| Some(Box::new(ident(library))))
        .chain([None])
        .any(|target| !unknown(Cel::resolve(&call(target), &LIBRARY)))
}

/// Makes `a.?b` of an expression `a[?'b']`, which means the same: the interpreter takes an absent field for an error in the one and not in the other.
fn index_optionals(node: &mut IdedExpr) {
    match &mut node.expr {
        Expr::Unspecified | Expr::Literal(_) | Expr::Ident(_) | Expr::Struct(_) => {}
        Expr::Select(select) => index_optionals(&mut select.operand),
        Expr::Call(call) => {
            if call.func_name == operators::OPT_SELECT {
                operators::OPT_INDEX.clone_into(&mut call.func_name);
            }
            call.target.iter_mut().for_each(|target| index_optionals(target));
            call.args.iter_mut().for_each(index_optionals);
        }
        Expr::List(list) => list.elements.iter_mut().for_each(index_optionals),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| {
            if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                index_optionals(&mut entry.key);
                index_optionals(&mut entry.value);
            }
        }),
        Expr::Comprehension(of) => {
            for part in [
                &mut of.iter_range,
                &mut of.accu_init,
                &mut of.loop_cond,
                &mut of.loop_step,
                &mut of.result,
            ] {
                index_optionals(part);
            }
        }
    }
}

fn ident(name: &str) -> IdedExpr {
    IdedExpr {
        id: 2,
        expr: Expr::Ident(name.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    #[rstest]
    #[case("object.spec.replicas == object.status.replicas", Ok(true))]
    #[case("object.metadata.name.startsWith(cluster)", Ok(false))]
    #[case("object.spec.items.all(item, item > 1)", Ok(true))]
    #[case("has(object.spec.other) || size(object.spec.items) == 2", Ok(true))]
    #[case("quantity(object.spec.memory).isGreaterThan(quantity('1Gi'))", Ok(true))]
    #[case("sets.contains(object.spec.items, [3])", Ok(true))]
    #[case("object.spec.?other.orValue(1) == 1", Ok(true))]
    #[case("object.?spec.?other.orValue(1) == 1", Ok(true))]
    #[case("object.?status.?replicas.orValue(1) == 2", Ok(true))]
    #[case("object.spec.items.all(item, object.?none.orValue(0) < item)", Ok(true))]
    #[case("object.spec.other == 1", Err("`object.spec.other == 1`: no such key: other"))]
    #[case("object.spec.replicas", Err("`object.spec.replicas` is neither true nor false"))]
    fn of_one_object(#[case] text: &str, #[case] expected: Result<bool, &str>) {
        let object = json!({
            "metadata": {"name": "a"},
            "spec": {"replicas": 2, "items": [2, 3], "memory": "2Gi"},
            "status": {"replicas": 2},
        });
        let condition = Condition::compile(text).unwrap();
        assert!(!condition.of_all());
        assert_eq!(condition.holds("dataplane_1", &object), expected.map_err(str::to_owned));
    }

    #[test]
    fn of_all_objects() {
        let condition = Condition::compile("objects.exists_one(o, o.leader) && objects.size() == 2").unwrap();
        assert!(condition.of_all());
        assert_eq!(condition.holds("c", &json!([{"leader": true}, {"leader": false}])), Ok(true));
        assert_eq!(condition.holds("c", &json!([{"leader": true}, {"leader": true}])), Ok(false));
    }

    #[rstest]
    #[case("object.spec.replicas = 1", "Syntax error")]
    #[case("objct.spec == 1", "there is no variable `objct`")]
    #[case("object.items.all(i, j > 1)", "there is no variable `j`")]
    #[case("object.name.beginsWith('a')", "there is no function `beginsWith`")]
    #[case("1 == 1", "it speaks of nothing that could change")]
    #[case("object == objects[0]", "it speaks of `object` and of `objects`; one of them is possible")]
    fn refused(#[case] text: &str, #[case] message: &str) {
        let error = Condition::compile(text).unwrap_err();
        assert!(error.message.starts_with(message), "{error}");
    }
}
