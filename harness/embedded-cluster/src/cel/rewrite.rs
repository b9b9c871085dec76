//! What is changed in an expression before it is evaluated.

use std::collections::BTreeSet;

use kube_cel::cel::IdedExpr;
use kube_cel::cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, MapEntryExpr, MapExpr, operators};

/// Fails as a missing key does; its argument is the key.
pub(super) const MISSING: &str = "@missing";
/// Variables that can be null: a field of null is an error, for which the interpreter takes it only of maps.
const NULLABLE: &[&str] = &["object", "oldObject", "params", "namespaceObject"];

/// Prepares an expression; tells which fields of `variables` it uses.
pub(super) fn prepare(expression: &mut IdedExpr) -> BTreeSet<String> {
    let mut variables = BTreeSet::new();
    walk(expression, &mut variables);
    variables
}

fn walk(expression: &mut IdedExpr, variables: &mut BTreeSet<String>) {
    match &mut expression.expr {
        Expr::Select(select) => {
            if let Expr::Ident(name) = &select.operand.expr {
                if name == "authorizer" {
                    let name = format!("{name}.{}", select.field);
                    expression.expr = Expr::Ident(name);
                    return;
                }
                if name == "variables" {
                    variables.insert(select.field.clone());
                } else if NULLABLE.contains(&name.as_str()) {
                    *select.operand = present(&select.operand, &select.field);
                }
                return;
            }
            walk(&mut select.operand, variables);
        }
        Expr::Call(call) => {
            if call.func_name == operators::OPT_SELECT {
                // The interpreter takes a missing field for an error here, but not there.
                call.func_name = operators::OPT_INDEX.to_owned();
            }
            if let Some(target) = &mut call.target {
                walk(target, variables);
            }
            call.args.iter_mut().for_each(|argument| walk(argument, variables));
        }
        Expr::List(list) => list.elements.iter_mut().for_each(|item| walk(item, variables)),
        Expr::Map(map) => map.entries.iter_mut().for_each(|entry| {
            if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                walk(&mut entry.key, variables);
                walk(&mut entry.value, variables);
            }
        }),
        Expr::Comprehension(comprehension) => {
            for part in [
                &mut comprehension.iter_range,
                &mut comprehension.accu_init,
                &mut comprehension.loop_cond,
                &mut comprehension.loop_step,
                &mut comprehension.result,
            ] {
                walk(part, variables);
            }
        }
        Expr::Struct(object) => {
            // Typed objects are maps by the names of their fields.
            let mut entries = std::mem::take(&mut object.entries);
            for entry in &mut entries {
                if let EntryExpr::StructField(field) = &entry.expr {
                    let mut value = field.value.clone();
                    walk(&mut value, variables);
                    let key = literal(entry.id, &field.field);
                    let optional = field.optional;
                    entry.expr = EntryExpr::MapEntry(MapEntryExpr { key, value, optional });
                }
            }
            expression.expr = Expr::Map(MapExpr { entries });
        }
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// The variable, or an error about the field where it is null.
fn present(variable: &IdedExpr, field: &str) -> IdedExpr {
    let id = variable.id;
    let call = |name: &str, args| IdedExpr {
        id,
        expr: Expr::Call(CallExpr {
            func_name: name.to_owned(),
            target: None,
            args,
        }),
    };
    let null = IdedExpr {
        id,
        expr: Expr::Literal(LiteralValue::Null),
    };
    let is_null = call(operators::EQUALS, vec![variable.clone(), null]);
    let missing = call(MISSING, vec![literal(id, field)]);
    call(operators::CONDITIONAL, vec![is_null, missing, variable.clone()])
}

fn literal(id: u64, text: &str) -> IdedExpr {
    IdedExpr {
        id,
        expr: Expr::Literal(LiteralValue::String(text.into())),
    }
}
