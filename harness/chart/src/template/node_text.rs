//! Nodes as Go prints them in errors.

use gotmpl::parse::{CommandNode, Expr, Number, PipeNode, SmolStr};

use super::printf::quoted;

pub(super) fn command(node: &CommandNode) -> String {
    let args: Vec<String> = node.args.iter().map(expr).collect();
    args.join(" ")
}

fn pipe(node: &PipeNode) -> String {
    let mut out = node.decl.join(", ");
    if !out.is_empty() {
        out.push_str(if node.is_assign { " = " } else { " := " });
    }
    let commands: Vec<String> = node.commands.iter().map(command).collect();
    out + &commands.join(" | ")
}

pub(super) fn expr(node: &Expr) -> String {
    match node {
        Expr::Dot(_) => ".".into(),
        Expr::Field(_, names) => fields(names),
        Expr::Variable(_, name, names) => format!("{name}{}", fields(names)),
        Expr::Identifier(_, name) => name.to_string(),
        Expr::String(_, text) => quoted(text),
        Expr::Number(_, Number::Int(n)) => n.to_string(),
        Expr::Number(_, Number::Uint(n)) => n.to_string(),
        // Go keeps the source's text, which the parser does not.
        Expr::Number(_, Number::Float(n)) if n.fract() == 0.0 => format!("{n:.1}"),
        Expr::Number(_, Number::Float(n)) => n.to_string(),
        Expr::Bool(_, b) => b.to_string(),
        Expr::Nil(_) => "nil".into(),
        Expr::Pipe(_, inner) => format!("({})", pipe(inner)),
        Expr::Chain(_, inner, names) => format!("{}{}", expr(inner), fields(names)),
    }
}

fn fields(names: &[SmolStr]) -> String {
    names.iter().map(|name| format!(".{name}")).collect()
}
