//! The inputs of a run: what the request gives, the launch plan's defaults and fixed values.

use std::collections::BTreeMap;

use super::error::AdminError;
use crate::proto::admin::LaunchPlan;
use crate::proto::core::literal::Value;
use crate::proto::core::literal_type::Type;
use crate::proto::core::parameter::Behavior;
use crate::proto::core::primitive::Value as Primitive;
use crate::proto::core::scalar::Value as ScalarValue;
use crate::proto::core::{Literal, LiteralMap, LiteralType, SimpleType};

/// All inputs of a run of a launch plan.
///
/// # Errors
/// `InvalidArgument` for an input that is missing, unknown, fixed by the launch plan, or of another type.
pub(crate) fn resolve(plan: &LaunchPlan, given: &LiteralMap) -> Result<LiteralMap, AdminError> {
    let expected = plan
        .closure
        .as_ref()
        .and_then(|closure| closure.expected_inputs.as_ref())
        .map(|map| &map.parameters);
    let fixed = plan
        .spec
        .as_ref()
        .and_then(|spec| spec.fixed_inputs.clone())
        .unwrap_or_default()
        .literals;
    let mut literals = BTreeMap::new();
    for (name, parameter) in expected.into_iter().flatten() {
        let value = match (given.literals.get(name), &parameter.behavior) {
            (Some(value), _) => value.clone(),
            (None, Some(Behavior::Default(value))) => value.clone(),
            (None, Some(Behavior::Required(false))) => continue,
            (None, _) => {
                return Err(AdminError::invalid(format!("expected input {name} missing")));
            }
        };
        let declared = parameter.var.as_ref().and_then(|var| var.r#type.as_ref());
        if declared.is_some_and(|declared| !fits(&value, declared)) {
            return Err(AdminError::invalid(format!("invalid {name} input wrong type")));
        }
        literals.insert(name.clone(), value);
    }
    for name in given.literals.keys() {
        if fixed.contains_key(name) {
            return Err(AdminError::invalid(format!("input {name} is fixed by the launch plan")));
        }
        if !literals.contains_key(name) {
            return Err(AdminError::invalid(format!("invalid input {name}")));
        }
    }
    literals.extend(fixed);
    Ok(LiteralMap { literals })
}

/// Whether a literal may stand where a type is declared. Only simple types and containers of them are told apart;
/// everything else is left to the task.
pub(crate) fn fits(literal: &Literal, declared: &LiteralType) -> bool {
    match (&literal.value, &declared.r#type) {
        (Some(Value::Scalar(scalar)), Some(Type::Simple(simple))) => {
            let Some(ScalarValue::Primitive(primitive)) = &scalar.value else {
                return true;
            };
            let Some(primitive) = &primitive.value else {
                return false;
            };
            let actual = match primitive {
                Primitive::Integer(_) => SimpleType::Integer,
                Primitive::FloatValue(_) => SimpleType::Float,
                Primitive::StringValue(_) => SimpleType::String,
                Primitive::Boolean(_) => SimpleType::Boolean,
                Primitive::Datetime(_) => SimpleType::Datetime,
                Primitive::Duration(_) => SimpleType::Duration,
            };
            actual as i32 == *simple
        }
        (Some(Value::Collection(items)), Some(Type::CollectionType(inner))) => items.literals.iter().all(|item| fits(item, inner)),
        (Some(Value::Map(map)), Some(Type::MapValueType(inner))) => map.literals.values().all(|item| fits(item, inner)),
        (Some(Value::Collection(_) | Value::Map(_)), Some(Type::Simple(_))) => false,
        _ => true,
    }
}
