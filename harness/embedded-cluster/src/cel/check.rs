//! The types of expressions: what is certain to fail is refused before anything is evaluated.

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, LiteralValue, SelectExpr, operators};

use super::functions::{FUNCTIONS, Overload};
use super::place::{Places, Thing};
use super::types::Type;

/// Checks one expression.
pub(super) struct Checker<'t, 's> {
    places: Places<'t>,
    /// Variables; later ones hide earlier ones.
    names: Vec<(String, Type<'s>)>,
    /// Whether `Object{}` and `JSONPatch{}` may be written.
    literals: bool,
    errors: Vec<(usize, String)>,
}

impl<'t, 's> Checker<'t, 's> {
    pub(super) fn new(text: &'t str, names: Vec<(String, Type<'s>)>, literals: bool) -> Self {
        Self {
            places: Places::new(text),
            names,
            literals,
            errors: vec![],
        }
    }

    /// The expression's type.
    ///
    /// # Errors
    /// Everything that is wrong, in the order of the text.
    pub(super) fn check(mut self, expression: &IdedExpr) -> Result<Type<'s>, String> {
        let found = self.of(expression);
        if self.errors.is_empty() {
            return Ok(found);
        }
        self.errors.sort();
        let shown: Vec<String> = self.errors.iter().map(|(at, message)| self.places.error(*at, message)).collect();
        Err(shown.join("\n"))
    }

    fn fail(&mut self, at: usize, message: String) -> Type<'s> {
        self.errors.push((at, message));
        Type::Dyn
    }

    fn of(&mut self, expression: &IdedExpr) -> Type<'s> {
        match &expression.expr {
            Expr::Literal(literal) => literal_type(literal),
            Expr::Ident(name) => self.name(name),
            Expr::Select(select) => self.select(select),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                let items = list.elements.iter().enumerate();
                let joined = items.fold(Type::Free, |joined, (index, item)| {
                    let item = self.of(item);
                    match item {
                        Type::Optional(item) if list.optional_indices.contains(&index) => joined.join(*item),
                        item => joined.join(item),
                    }
                });
                Type::list(joined)
            }
            Expr::Map(map) => {
                let entries = map.entries.iter().filter_map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) => Some(entry),
                    EntryExpr::StructField(_) => None,
                });
                let (key, value) = entries.fold((Type::Free, Type::Free), |(key, value), entry| {
                    let (k, v) = (self.of(&entry.key), self.of(&entry.value));
                    (key.join(k), value.join(v))
                });
                Type::map(key, value)
            }
            Expr::Struct(object) => {
                for entry in &object.entries {
                    if let EntryExpr::StructField(field) = &entry.expr {
                        self.of(&field.value);
                    }
                }
                let name = object.type_name.split('.').next().unwrap_or_default();
                match name {
                    "Object" if self.literals => Type::Opaque("Object"),
                    "JSONPatch" if self.literals => Type::Opaque("JSONPatch"),
                    _ => {
                        let at = self.places.next(Thing::Name, name);
                        let text = format!("undeclared reference to '{}' (in container '')", object.type_name);
                        self.fail(at, text)
                    }
                }
            }
            Expr::Comprehension(comprehension) => self.comprehension(comprehension),
            Expr::Unspecified => Type::Dyn,
        }
    }

    fn name(&mut self, name: &str) -> Type<'s> {
        if let Some((_, known)) = self.names.iter().rev().find(|(known, _)| known == name) {
            return known.clone();
        }
        let at = self.places.next(Thing::Name, name);
        self.fail(at, format!("undeclared reference to '{name}' (in container '')"))
    }

    fn select(&mut self, select: &SelectExpr) -> Type<'s> {
        let operand = self.of(&select.operand);
        let at = self.places.next(Thing::Field, &select.field);
        let field = self.field(operand, &select.field, at);
        if select.test { Type::Bool } else { field }
    }

    fn field(&mut self, operand: Type<'s>, name: &str, at: usize) -> Type<'s> {
        match operand {
            Type::Dyn | Type::Free => Type::Dyn,
            Type::Map(_, value) => *value,
            Type::Optional(inner) => Type::optional(self.field(*inner, name, at)),
            Type::Opaque("kubernetes.authorization.Authorizer") if name == "requestResource" => Type::Opaque("resource_check"),
            Type::Object(shape) => match shape.field(name) {
                Some(field) => field,
                None => self.fail(at, format!("undefined field '{name}'")),
            },
            other => self.fail(at, format!("type '{other}' does not support field selection")),
        }
    }

    fn call(&mut self, call: &CallExpr) -> Type<'s> {
        if call.func_name == operators::OPT_SELECT
            && let [operand, name] = call.args.as_slice()
            && let Expr::Literal(LiteralValue::String(name)) = &name.expr
        {
            let operand = self.of(operand);
            let at = self.places.next(Thing::Field, name.inner());
            return match self.field(operand, name.inner(), at) {
                Type::Optional(field) => Type::Optional(field),
                field => Type::optional(field),
            };
        }
        let name = call.func_name.as_str();
        let qualified = call.target.as_deref().and_then(|target| match &target.expr {
            Expr::Ident(prefix) if !self.names.iter().any(|(known, _)| known == prefix) => Some(format!("{prefix}.{name}")),
            _ => None,
        });
        let qualified = qualified.filter(|qualified| FUNCTIONS.contains_key(qualified.as_str()));
        let target = match (&call.target, &qualified) {
            (Some(target), None) => Some(self.of(target)),
            _ => None,
        };
        let sign = sign(name);
        let method = target.is_some();
        let mut given: Vec<Type<'s>> = target.into_iter().collect();
        // A sign stands behind its first operand.
        let mut arguments = call.args.iter();
        if sign.is_some() {
            given.extend(arguments.next().map(|first| self.of(first)));
        }
        let at = match sign {
            Some(sign) => self.places.next(Thing::Sign, sign),
            None => self.places.next(Thing::Call, name),
        };
        given.extend(arguments.map(|argument| self.of(argument)));
        let name = qualified.as_deref().unwrap_or(name);
        let Some(overloads) = FUNCTIONS.get(name) else {
            return self.fail(at, format!("undeclared reference to '{name}' (in container '')"));
        };
        let results: Vec<Type<'s>> = overloads.iter().filter_map(|overload| result(overload, method, &given)).collect();
        let Some(first) = results.first().cloned() else {
            let shown: Vec<String> = given.iter().map(Type::to_string).collect();
            let shown = match shown.split_first() {
                Some((target, rest)) if method => format!("{target}.({})", rest.join(", ")),
                _ => format!("({})", shown.join(", ")),
            };
            return self.fail(at, format!("found no matching overload for '{name}' applied to '{shown}'"));
        };
        results.into_iter().skip(1).fold(first, Type::join)
    }

    fn comprehension(&mut self, comprehension: &ComprehensionExpr) -> Type<'s> {
        let items = match self.of(&comprehension.iter_range) {
            Type::List(item) => *item,
            Type::Map(key, _) => *key,
            Type::Dyn | Type::Free => Type::Dyn,
            other => {
                let text = format!("expression of type '{other}' cannot be range of a comprehension (must be list, map, or dynamic)");
                let at = self.places.next(Thing::Sign, "(");
                self.fail(at, text)
            }
        };
        let first = self.of(&comprehension.accu_init);
        let depth = self.names.len();
        self.names.push((comprehension.accu_var.clone(), first));
        self.names.push((comprehension.iter_var.clone(), items));
        self.of(&comprehension.loop_cond);
        let result = self.of(&comprehension.loop_step);
        self.names.truncate(depth);
        self.names.push((comprehension.accu_var.clone(), result));
        let result = self.of(&comprehension.result);
        self.names.truncate(depth);
        result
    }
}

/// What an overload gives for such arguments; none: it does not take them.
fn result<'s>(overload: &Overload, method: bool, given: &[Type<'s>]) -> Option<Type<'s>> {
    if overload.method != method || overload.parameters.len() != given.len() {
        return None;
    }
    let mut bound: Vec<(char, Type<'s>)> = vec![];
    let fits = overload.parameters.iter().zip(given).all(|(parameter, given)| {
        let parameter: Type<'s> = parameter.clone();
        parameter.accepts(given, &mut bound)
    });
    let result: Type<'s> = overload.result.clone();
    fits.then(|| result.with(&bound))
}

fn literal_type<'s>(literal: &LiteralValue) -> Type<'s> {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// The sign of an operator, as it is written.
fn sign(function: &str) -> Option<&str> {
    Some(match function {
        "@in" => "in",
        "_[_]" => "[",
        "_[?_]" => "[?",
        "_?_:_" => "?",
        "!_" | "-_" => return None,
        binary => binary.strip_prefix('_')?.strip_suffix('_')?,
    })
}
