//! Conditions of branches, over the inputs of their node.

use crate::proto::core::boolean_expression::Expr;
use crate::proto::core::comparison_expression::Operator;
use crate::proto::core::conjunction_expression::LogicalOperator;
use crate::proto::core::literal::Value;
use crate::proto::core::operand::Val;
use crate::proto::core::primitive::Value as Bare;
use crate::proto::core::scalar::Value as Single;
use crate::proto::core::{BooleanExpression, ComparisonExpression, Literal, LiteralMap, Operand, Primitive};

/// A condition that cannot be evaluated: what is said of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(String);

/// Whether it holds. Both sides of `and` and `or` are always looked at, as in flytepropeller.
///
/// # Errors
/// If a variable is missing, or values cannot be compared in this way.
pub(crate) fn holds(condition: &BooleanExpression, inputs: &LiteralMap) -> Result<bool, Malformed> {
    match &condition.expr {
        Some(Expr::Comparison(comparison)) => compares(comparison, inputs),
        Some(Expr::Conjunction(both)) => {
            let side = |side: &Option<Box<BooleanExpression>>| holds(&side.as_deref().cloned().unwrap_or_default(), inputs);
            let (left, right) = (side(&both.left_expression)?, side(&both.right_expression)?);
            Ok(match both.operator == LogicalOperator::Or as i32 {
                true => left || right,
                false => left && right,
            })
        }
        None => Err(Malformed(
            "No Comparison or Conjunction found in Branch node expression.".to_owned(),
        )),
    }
}

fn compares(comparison: &ComparisonExpression, inputs: &LiteralMap) -> Result<bool, Malformed> {
    let left = operand(comparison.left_value.as_ref(), inputs, "LHS Variable is non primitive.")?;
    let right = operand(comparison.right_value.as_ref(), inputs, "RHS Variable is non primitive")?;
    let operator = Operator::try_from(comparison.operator).unwrap_or_default();
    match (left, right) {
        (Some(left), Some(right)) => primitives(&left, &right, operator),
        (left, right) => match operator {
            Operator::Eq => Ok(left.is_none() && right.is_none()),
            Operator::Neq => Ok(left.is_some() || right.is_some()),
            _ => Err(Malformed(format!(
                "Comparison between nil and non-nil values with operator [{}] is not supported. lVal[{}]:rVal[{}]",
                operator.as_str_name(),
                shown(left.as_ref()),
                shown(right.as_ref()),
            ))),
        },
    }
}

fn shown(value: Option<&Bare>) -> String {
    value.map_or("<nil>".to_owned(), |value| format!("{value:?}"))
}

/// One side's value; `None` is none.
#[expect(deprecated, reason = "clients still write primitives, which scalars replace")]
fn operand(operand: Option<&Operand>, inputs: &LiteralMap, otherwise: &str) -> Result<Option<Bare>, Malformed> {
    let variable = match operand.and_then(|operand| operand.val.as_ref()) {
        Some(Val::Primitive(Primitive { value })) => return Ok(value.clone()),
        Some(Val::Scalar(scalar)) => return single(scalar.value.as_ref(), otherwise),
        Some(Val::Var(variable)) => variable.as_str(),
        None => "",
    };
    match inputs.literals.get(variable) {
        Some(Literal {
            value: Some(Value::Scalar(scalar)),
            ..
        }) => single(scalar.value.as_ref(), otherwise),
        Some(_) => Err(not_primitive(otherwise)),
        None => Err(Malformed(format!("Failed to find Value for Variable [{variable}]"))),
    }
}

fn single(value: Option<&Single>, otherwise: &str) -> Result<Option<Bare>, Malformed> {
    match value {
        Some(Single::Primitive(Primitive { value })) => Ok(value.clone()),
        Some(Single::NoneType(_)) => Ok(None),
        _ => Err(not_primitive(otherwise)),
    }
}

fn not_primitive(otherwise: &str) -> Malformed {
    Malformed(format!("Only primitives can be compared. {otherwise}"))
}

fn primitives(left: &Bare, right: &Bare, operator: Operator) -> Result<bool, Malformed> {
    let (equal, greater) = match (left, right) {
        (Bare::Integer(left), Bare::Integer(right)) => (left == right, left > right),
        (Bare::FloatValue(left), Bare::FloatValue(right)) => (left == right, left > right),
        (Bare::StringValue(left), Bare::StringValue(right)) => (left == right, left > right),
        // Times and spans count in whole seconds.
        (Bare::Datetime(left), Bare::Datetime(right)) => (left.seconds == right.seconds, left.seconds > right.seconds),
        (Bare::Duration(left), Bare::Duration(right)) => (left.seconds == right.seconds, left.seconds > right.seconds),
        (Bare::Boolean(left), Bare::Boolean(right)) => {
            return match operator {
                Operator::Eq => Ok(left == right),
                Operator::Neq => Ok(left != right),
                other => Err(Malformed(format!("[{}] not defined for boolean operands.", other.as_str_name()))),
            };
        }
        (left, right) => {
            return Err(Malformed(format!(
                "Comparison between different primitives types. lVal[{}]:rVal[{}]",
                go_type(left),
                go_type(right)
            )));
        }
    };
    Ok(match operator {
        Operator::Eq => equal,
        Operator::Neq => !equal,
        Operator::Gt => greater,
        Operator::Gte => greater || equal,
        Operator::Lt => !greater && !equal,
        Operator::Lte => !greater,
    })
}

/// As messages name types.
fn go_type(value: &Bare) -> &'static str {
    match value {
        Bare::Integer(_) => "*core.Primitive_Integer",
        Bare::FloatValue(_) => "*core.Primitive_FloatValue",
        Bare::StringValue(_) => "*core.Primitive_StringValue",
        Bare::Boolean(_) => "*core.Primitive_Boolean",
        Bare::Datetime(_) => "*core.Primitive_Datetime",
        Bare::Duration(_) => "*core.Primitive_Duration",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::core::{ConjunctionExpression, LiteralCollection, Scalar, Void};

    #[expect(deprecated, reason = "as clients write it")]
    fn bare(value: Bare) -> Option<Operand> {
        let val = Some(Val::Primitive(Primitive { value: Some(value) }));
        Some(Operand { val })
    }

    fn variable(name: &str) -> Option<Operand> {
        let val = Some(Val::Var(name.to_owned()));
        Some(Operand { val })
    }

    fn comparison(left_value: Option<Operand>, operator: Operator, right_value: Option<Operand>) -> BooleanExpression {
        BooleanExpression {
            expr: Some(Expr::Comparison(ComparisonExpression {
                operator: operator as i32,
                left_value,
                right_value,
            })),
        }
    }

    fn inputs() -> LiteralMap {
        let scalar = |value| Literal {
            value: Some(Value::Scalar(Box::new(Scalar { value: Some(value) }))),
            ..Literal::default()
        };
        let one = Primitive {
            value: Some(Bare::Integer(1)),
        };
        let list = Literal {
            value: Some(Value::Collection(LiteralCollection::default())),
            ..Literal::default()
        };
        let none = scalar(Single::NoneType(Void {}));
        let literals = [("one", scalar(Single::Primitive(one))), ("none", none), ("list", list)];
        LiteralMap {
            literals: literals.map(|(name, literal)| (name.to_owned(), literal)).into(),
        }
    }

    #[test]
    fn operators() {
        use Operator::{Eq, Gt, Gte, Lt, Lte, Neq};
        for (left, operator, right, expected) in [
            (1, Eq, 1, true),
            (1, Neq, 1, false),
            (2, Gt, 1, true),
            (1, Gt, 1, false),
            (1, Gte, 1, true),
            (1, Lt, 1, false),
            (0, Lt, 1, true),
            (1, Lte, 1, true),
            (2, Lte, 1, false),
        ] {
            let condition = comparison(bare(Bare::Integer(left)), operator, bare(Bare::Integer(right)));
            assert_eq!(
                holds(&condition, &LiteralMap::default()),
                Ok(expected),
                "{left} {operator:?} {right}"
            );
        }
    }

    #[test]
    fn variables_and_none() {
        for (left, operator, right, expected) in [
            (variable("one"), Operator::Eq, bare(Bare::Integer(1)), Ok(true)),
            (variable("none"), Operator::Eq, variable("none"), Ok(true)),
            (variable("none"), Operator::Neq, variable("one"), Ok(true)),
            (
                variable("two"),
                Operator::Eq,
                variable("one"),
                Err("Failed to find Value for Variable [two]"),
            ),
            (
                variable("list"),
                Operator::Eq,
                variable("one"),
                Err("Only primitives can be compared. LHS Variable is non primitive."),
            ),
            (
                variable("one"),
                Operator::Gt,
                bare(Bare::FloatValue(1.0)),
                Err("Comparison between different primitives types. lVal[*core.Primitive_Integer]:rVal[*core.Primitive_FloatValue]"),
            ),
            (
                bare(Bare::Boolean(true)),
                Operator::Gt,
                bare(Bare::Boolean(false)),
                Err("[GT] not defined for boolean operands."),
            ),
        ] {
            let found = holds(&comparison(left, operator, right), &inputs());
            assert_eq!(found, expected.map_err(|message| Malformed(message.to_owned())));
        }
    }

    #[test]
    fn both_sides_of_a_conjunction_are_looked_at() {
        let yes = || comparison(variable("one"), Operator::Eq, bare(Bare::Integer(1)));
        let no = || comparison(variable("one"), Operator::Eq, bare(Bare::Integer(2)));
        let broken = || comparison(variable("two"), Operator::Eq, bare(Bare::Integer(2)));
        let both = |operator: LogicalOperator, left, right| {
            let conjunction = ConjunctionExpression {
                operator: operator as i32,
                left_expression: Some(Box::new(left)),
                right_expression: Some(Box::new(right)),
            };
            let expr = Some(Expr::Conjunction(Box::new(conjunction)));
            holds(&BooleanExpression { expr }, &inputs())
        };
        assert_eq!(both(LogicalOperator::And, yes(), no()), Ok(false));
        assert_eq!(both(LogicalOperator::Or, no(), yes()), Ok(true));
        assert!(both(LogicalOperator::Or, yes(), broken()).is_err());
        assert!(holds(&BooleanExpression::default(), &inputs()).is_err());
    }
}
