//! Pipelines, commands and expressions.

use gotmpl::parse::{CommandNode, Expr, Number, PipeNode, Pos, SmolStr};

use super::exec::Exec;
use super::{Entries, Fault, Result, Value, methods, node_text};
use crate::functions;

impl Exec<'_> {
    /// Runs a pipeline and binds the variables it declares or assigns.
    pub(super) fn pipe(&mut self, dot: &Value, pipe: &PipeNode) -> Result<Value> {
        let value = self.pipe_value(dot, pipe)?;
        for name in &pipe.decl {
            if pipe.is_assign {
                self.assign(name, value.clone());
            } else {
                self.declare(name, value.clone());
            }
        }
        Ok(value)
    }

    pub(super) fn pipe_value(&mut self, dot: &Value, pipe: &PipeNode) -> Result<Value> {
        let mut value = None;
        for command in &pipe.commands {
            value = Some(self.command(dot, command, value)?);
        }
        Ok(value.unwrap_or_default())
    }

    fn command(&mut self, dot: &Value, command: &CommandNode, piped: Option<Value>) -> Result<Value> {
        let (first, rest) = command.args.split_first().ok_or_else(|| Fault::new("empty command"))?;
        let result = match first {
            Expr::Identifier(_, name) => return self.call(dot, name, command, rest, piped),
            Expr::Field(..) | Expr::Variable(..) | Expr::Chain(..) => {
                let args = self.arguments(dot, rest, piped)?;
                self.chain(dot, first, &args)
            }
            _ if !rest.is_empty() || piped.is_some() => Err(Fault::new(format!(
                "can't give argument to non-function {}",
                node_text::expr(first)
            ))),
            Expr::Nil(_) => Err(Fault::new("nil is not a command")),
            _ => self.expr(dot, first),
        };
        result.map_err(|fault| self.place(fault, position(first), || node_text::expr(first)))
    }

    fn arguments(&mut self, dot: &Value, exprs: &[Expr], piped: Option<Value>) -> Result<Vec<Value>> {
        let mut args = Vec::with_capacity(exprs.len() + 1);
        for expr in exprs {
            args.push(self.expr(dot, expr)?);
        }
        args.extend(piped);
        Ok(args)
    }

    fn call(&mut self, dot: &Value, name: &SmolStr, command: &CommandNode, rest: &[Expr], piped: Option<Value>) -> Result<Value> {
        if matches!(name.as_str(), "and" | "or") && !(rest.is_empty() && piped.is_none()) {
            return self.short_circuit(dot, name == "and", rest, piped);
        }
        let function = functions::find(name).ok_or_else(|| Fault::new(functions::unknown(name)))?;
        function
            .takes(rest.len() + usize::from(piped.is_some()))
            .map_err(|fault| self.place(fault, command.pos, || name.to_string()))?;
        let mut args = self.arguments(dot, rest, piped)?;
        let mut result = function.call(self.engine, &args);
        // A `nil` that is written in the place of a map is an empty one, to which nothing can be added.
        while let Some((i, "map[string]interface {}")) = result.as_ref().err().and_then(|fault| fault.argument) {
            if name == "set" || !matches!((rest.get(i), &args[i]), (Some(Expr::Nil(_)), Value::Nil)) {
                break;
            }
            args[i] = Value::map::<&str>([]);
            result = function.call(self.engine, &args);
        }
        result.map_err(|mut fault| {
            fault = fault.calling(name);
            // The frames inside an include or tpl are kept; this is one more.
            fault.placed = false;
            match fault.argument.take() {
                None => self.place(fault, command.pos, || node_text::command(command)),
                Some((i, expected)) => {
                    // An argument from the pipeline has no node of its own: Go names the one that it looked at last.
                    let node = rest.get(i).or(rest.last()).or(command.args.first());
                    let Some(node) = node.map(last) else { return fault };
                    if let Some(message) = literal(rest.get(i), expected) {
                        fault.message = message;
                    }
                    self.place(fault, position(node), || node_text::expr(node))
                }
            }
        })
    }

    /// `and` and `or` evaluate only as many arguments as they need.
    fn short_circuit(&mut self, dot: &Value, and: bool, rest: &[Expr], piped: Option<Value>) -> Result<Value> {
        let mut last = Value::Nil;
        for expr in rest {
            last = self.expr(dot, expr)?;
            if last.truthy() != and {
                return Ok(last);
            }
        }
        match piped {
            Some(value) => Ok(value),
            None => Ok(last),
        }
    }

    fn expr(&mut self, dot: &Value, expr: &Expr) -> Result<Value> {
        let result = match expr {
            Expr::Dot(_) => Ok(dot.clone()),
            Expr::Field(..) | Expr::Variable(..) | Expr::Chain(..) => self.chain(dot, expr, &[]),
            Expr::String(_, text) => Ok(Value::str(text)),
            Expr::Number(_, Number::Int(n)) => Ok(Value::Int(*n)),
            Expr::Number(_, Number::Float(f)) => Ok(Value::Float(*f)),
            Expr::Number(_, Number::Uint(n)) => Err(Fault::new(format!("{n} overflows int"))),
            Expr::Bool(_, b) => Ok(Value::Bool(*b)),
            Expr::Nil(_) => Ok(Value::Nil),
            Expr::Pipe(_, pipe) => self.pipe(dot, pipe),
            Expr::Identifier(pos, name) => {
                let command = CommandNode {
                    pos: *pos,
                    args: vec![expr.clone()],
                };
                self.call(dot, name, &command, &[], None)
            }
        };
        result.map_err(|fault| self.place(fault, position(expr), || node_text::expr(expr)))
    }

    /// A value and the fields behind it; arguments go to the last one.
    fn chain(&mut self, dot: &Value, expr: &Expr, args: &[Value]) -> Result<Value> {
        let (start, names) = match expr {
            Expr::Field(_, names) => (dot.clone(), names.as_slice()),
            Expr::Variable(_, name, names) => (self.variable(name)?, names.as_slice()),
            Expr::Chain(_, inner, names) => (self.expr(dot, inner)?, names.as_slice()),
            _ => (Value::Nil, [].as_slice()),
        };
        let Some((last, inner)) = names.split_last() else {
            return if args.is_empty() {
                Ok(start)
            } else {
                Err(Fault::new(format!("can't give argument to non-function {}", node_text::expr(expr))))
            };
        };
        // A nil that comes out of a pipeline has no type, and its fields are
        // nil: `((.Values.a).b).c` is safe, `.Values.a.b.c` is not.
        if matches!(start, Value::Nil) {
            return match inner.first() {
                Some(_) => Err(nil_pointer(&names[1])),
                None => Ok(Value::Nil),
            };
        }
        let mut value = start;
        for name in inner {
            value = field(&value, name, &[])?;
        }
        field(&value, last, args)
    }
}

fn nil_pointer(name: &str) -> Fault {
    Fault::new(format!("nil pointer evaluating interface {{}}.{name}"))
}

fn field(value: &Value, name: &str, args: &[Value]) -> Result<Value> {
    // Methods come before entries of the same name.
    let method = match value {
        Value::Map(map) if map.of() == Entries::Values => methods::call(map, name, args),
        _ => None,
    };
    if let Some(result) = method {
        return result.map_err(|fault| fault.calling(name));
    }
    match value {
        Value::Nil => Err(nil_pointer(name)),
        Value::Map(_) if !args.is_empty() => Err(Fault::new(format!("{name} is not a method but has arguments"))),
        Value::Map(_) => Ok(value.get(name)),
        Value::Object(object) => object
            .member(name, args)
            .map(|result| result.map_err(|fault| fault.calling(name)))
            .unwrap_or_else(|| Err(Fault::new(format!("can't evaluate field {name} in type {}", object.type_name())))),
        _ => Err(Fault::new(format!("can't evaluate field {name} in type interface {{}}"))),
    }
}

/// The node at which Go ends when it evaluates an expression.
fn last(expr: &Expr) -> &Expr {
    match expr {
        Expr::Pipe(_, pipe) => pipe.commands.last().and_then(|command| command.args.last()).map_or(expr, last),
        other => other,
    }
}

/// Go's words for a literal in the place of a parameter of another type.
fn literal(expr: Option<&Expr>, expected: &str) -> Option<String> {
    let expr = expr?;
    if matches!(expr, Expr::Nil(_)) {
        return Some(format!("cannot assign nil to {expected}"));
    }
    if !matches!(expr, Expr::String(..) | Expr::Number(..) | Expr::Bool(..)) {
        return None;
    }
    let found = node_text::expr(expr);
    Some(match expected {
        "string" => format!("expected string; found {found}"),
        "bool" => format!("expected bool; found {found}"),
        "int" => format!("expected integer; found {found}"),
        "uint32" => format!("expected unsigned integer; found {found}"),
        other => format!("can't handle {found} for arg of type {other}"),
    })
}

/// Go's place of a chain is its second name.
fn position(expr: &Expr) -> Pos {
    let pos = expr.pos();
    let shift = match expr {
        Expr::Field(_, names) if names.len() > 1 => 1 + names[0].len(),
        Expr::Variable(_, name, names) if !names.is_empty() => name.len(),
        _ => 0,
    };
    Pos::new(pos.offset + shift, pos.line)
}
