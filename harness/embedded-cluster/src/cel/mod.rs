//! Expressions in CEL, as Kubernetes compiles and evaluates them.
//!
//! Parser, interpreter and Kubernetes' libraries are those of `kube-cel`. What is added here is what the API server does
//! around them: types, which refuse an expression when it is written and not when it is needed, and messages.

mod authorizer;
mod check;
mod convert;
mod depth;
mod functions;
mod place;
mod rewrite;
mod types;

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use kube_cel::KubeCelExt;
use kube_cel::cel::parser::Parser;
use kube_cel::cel::{Context, ExecutionError, IdedExpr};

pub(crate) use authorizer::{about, authorizer};
pub(crate) use convert::{escaped, from_cel, optional, timed, to_cel};
pub(crate) use kube_cel::cel::Value;
pub(crate) use kube_cel::cel::objects::{Key, Map};
pub(crate) use types::{Shape, Type};

/// Every function that expressions may call.
static LIBRARY: LazyLock<Context<'static>> = LazyLock::new(|| {
    let mut library = Context::default().with_all();
    library.add_function("dyn", |value: Value| -> Result<Value, ExecutionError> { Ok(value) });
    library.add_function(rewrite::MISSING, |name: Arc<String>| -> Result<Value, ExecutionError> {
        Err(ExecutionError::NoSuchKey(name))
    });
    authorizer::register(&mut library);
    library
});

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression {
    text: String,
    expression: IdedExpr,
    /// Fields of `variables` that it uses.
    variables: BTreeSet<String>,
}

/// What an expression may use.
#[derive(Default)]
pub(crate) struct Environment<'s> {
    /// Variables and their types.
    pub(crate) names: Vec<(String, Type<'s>)>,
    /// `Object{}` and `JSONPatch{}` may be written.
    pub(crate) literals: bool,
}

impl<'s> Environment<'s> {
    /// Adds a variable.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, of: Type<'s>) -> Self {
        self.names.push((name.to_owned(), of));
        self
    }
}

/// Compiles an expression; also tells the type of its result.
///
/// # Errors
/// What is wrong with it, as Kubernetes shows it: with the place in the text.
pub(crate) fn compile<'s>(text: &str, environment: Environment<'s>) -> Result<(Expression, Type<'s>), String> {
    let failed = |why: String| format!("compilation failed: {why}");
    depth::check(text).map_err(failed)?;
    let parsed = Parser::new().enable_optional_syntax(true).parse(text);
    let mut expression = parsed.map_err(|errors| {
        let shown = errors.errors.iter().map(|error| {
            let place = |at: isize| usize::try_from(at).unwrap_or(1).max(1);
            place::shown(text, place(error.pos.0), place(error.pos.1), &error.msg)
        });
        failed(shown.collect::<Vec<_>>().join("\n"))
    })?;
    let result = check::Checker::new(text, environment.names, environment.literals).check(&expression);
    let result = result.map_err(failed)?;
    let variables = rewrite::prepare(&mut expression);
    Ok((
        Expression {
            text: text.to_owned(),
            expression,
            variables,
        },
        result,
    ))
}

/// Values of variables while expressions are evaluated.
pub(crate) struct Scope(Context<'static>);

impl Scope {
    pub(crate) fn new() -> Self {
        Self(LIBRARY.new_inner_scope())
    }

    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.0.add_variable_from_value(name, value);
    }
}

impl Expression {
    /// The expression as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The fields of `variables` that the expression uses.
    pub(crate) fn variables(&self) -> &BTreeSet<String> {
        &self.variables
    }

    /// Whether a variable occurs.
    pub(crate) fn uses(&self, name: &str) -> bool {
        self.expression.references().has_variable(name)
    }

    /// The expression's value.
    ///
    /// # Errors
    /// What went wrong, in CEL's words.
    pub(crate) fn evaluate(&self, scope: &Scope) -> Result<Value, String> {
        Value::resolve(&self.expression, &scope.0).map_err(|error| words(&error))
    }
}

/// An evaluation's error as Kubernetes tells it.
fn words(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(key) => format!("no such key: {key}"),
        ExecutionError::DivisionByZero(_) => "division by zero".into(),
        ExecutionError::RemainderByZero(_) => "modulus by zero".into(),
        ExecutionError::Overflow(..) => "integer overflow".into(),
        ExecutionError::IndexOutOfBounds(Value::Int(index)) => format!("index out of bounds: {index}"),
        ExecutionError::UndeclaredReference(name) => format!("no such attribute(s): {name}"),
        ExecutionError::FunctionError { message, .. } => message.clone(),
        ExecutionError::NoSuchOverload
        | ExecutionError::UnsupportedBinaryOperator(..)
        | ExecutionError::UnsupportedUnaryOperator(..)
        | ExecutionError::ValuesNotComparable(..)
        | ExecutionError::UnsupportedTargetType { .. }
        | ExecutionError::UnexpectedType { .. }
        | ExecutionError::NotSupportedAsMethod { .. } => "no such overload".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
