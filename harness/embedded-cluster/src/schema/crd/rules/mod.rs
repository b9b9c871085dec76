//! `x-kubernetes-validations`: rules in CEL that values of a schema must keep.

mod check;
mod shape;
mod value;

use super::item_key;
use super::props::Props;
use crate::cel::{self, Environment, Expression, Scope, Type};
use crate::status::Cause;
use crate::value::Value;

pub(super) use check::check;
use value::to_cel;

/// The compiled rules of a schema and of all below it. What has no rules is left out.
#[derive(Debug, Default)]
pub(super) struct Rules {
    own: Vec<Rule>,
    fields: Vec<(String, Rules)>,
    values: Option<Box<Rules>>,
    items: Option<Box<Rules>>,
}

#[derive(Debug)]
struct Rule {
    rule: Expression,
    message: String,
    message_expression: Option<Expression>,
    reason: Reason,
    /// Path of the field that is to blame, from the value on.
    field_path: String,
    /// It looks at the value before.
    transition: bool,
    /// It is also kept where there is no value before.
    optional_old: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Invalid,
    Required,
    Forbidden,
    Duplicate,
}

/// The variables of a schema's rules.
fn environment<'s>(of: &Type<'s>, optional_old: bool) -> Environment<'s> {
    let old = if optional_old { Type::optional(of.clone()) } else { of.clone() };
    Environment::default().with("self", of.clone()).with("oldSelf", old)
}

impl Rules {
    /// Compiles the rules of a schema that was checked.
    pub(super) fn compile(props: &Props, root: bool) -> Self {
        let below = |props: &Props| Some(Self::compile(props, false)).filter(|rules| !rules.is_empty());
        let named = |(name, props): (&String, &Props)| Some((name.clone(), below(props)?));
        Self {
            own: shape::with(props, root, |of| {
                props.rules.iter().filter_map(|rule| Rule::compile(rule, of)).collect()
            }),
            fields: props.properties.iter().filter_map(named).collect(),
            values: props.map_values().and_then(below).map(Box::new),
            items: props.items.as_deref().and_then(below).map(Box::new),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.own.is_empty() && self.fields.is_empty() && self.values.is_none() && self.items.is_none()
    }

    /// What a value does not keep.
    pub(super) fn validate(&self, props: &Props, path: &str, value: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
        if value.is_null() {
            return;
        }
        self.validate_own(props, path, value, old, causes);
        for (name, rules) in &self.fields {
            if let (Some(props), Some(field)) = (props.properties.get(name), value.get(name.as_str())) {
                let old = old.and_then(|old| old.get(name.as_str()));
                rules.validate(props, &below(path, name), field, old, causes);
            }
        }
        if let (Some(rules), Some(props), Value::Object(fields)) = (&self.values, props.map_values(), value) {
            for (name, field) in fields {
                let old = old.and_then(|old| old.get(name.as_str()));
                rules.validate(props, &format!("{path}[{name}]"), field, old, causes);
            }
        }
        if let (Some(rules), Some(items), Value::Array(list)) = (&self.items, &props.items, value) {
            for (index, item) in list.iter().enumerate() {
                let old = same_item(props, item, old);
                rules.validate(items, &format!("{path}[{index}]"), item, old, causes);
            }
        }
    }

    fn validate_own(&self, props: &Props, path: &str, value: &Value, old: Option<&Value>, causes: &mut Vec<Cause>) {
        if self.own.is_empty() {
            return;
        }
        let mut scope = Scope::new();
        scope.set("self", to_cel(props, value));
        for rule in &self.own {
            // What did not change is taken as it is, so that a stricter rule does not lock objects that exist.
            if (rule.transition && old.is_none() && !rule.optional_old) || (!rule.transition && old == Some(value)) {
                continue;
            }
            if rule.transition {
                let before = old.map(|old| to_cel(props, old));
                scope.set(
                    "oldSelf",
                    match before {
                        Some(before) if !rule.optional_old => before,
                        before => cel::optional(before),
                    },
                );
            }
            match rule.rule.evaluate(&scope) {
                Ok(cel::Value::Bool(true)) => {}
                Ok(_) => causes.push(rule.broken(path, value, &scope)),
                Err(why) => causes.push(rule.failed(path, value, &why)),
            }
        }
    }
}

impl Rule {
    fn compile(rule: &Value, of: &Type<'_>) -> Option<Self> {
        let text = |field: &str| rule[field].as_str().unwrap_or_default().trim().to_owned();
        let optional_old = rule["optionalOldSelf"] == true;
        let compiled = |text: &str| {
            cel::compile(text, environment(of, optional_old))
                .ok()
                .map(|(expression, _)| expression)
        };
        let expression = compiled(&text("rule"))?;
        let message = text("messageExpression");
        Some(Self {
            transition: expression.uses("oldSelf"),
            rule: expression,
            message: text("message"),
            message_expression: compiled(&message).filter(|_| !message.is_empty()),
            reason: match rule["reason"].as_str() {
                Some("FieldValueRequired") => Reason::Required,
                Some("FieldValueForbidden") => Reason::Forbidden,
                Some("FieldValueDuplicate") => Reason::Duplicate,
                _ => Reason::Invalid,
            },
            field_path: text("fieldPath"),
            optional_old,
        })
    }

    fn blamed(&self, path: &str) -> String {
        let path = format!("{path}{}", self.field_path);
        match path.trim_start_matches('.') {
            "" => "<nil>".to_owned(),
            path => path.to_owned(),
        }
    }

    /// The rule gave false.
    fn broken(&self, path: &str, value: &Value, scope: &Scope) -> Cause {
        let own = self.message_expression.as_ref().and_then(|message| match message.evaluate(scope) {
            Ok(cel::Value::String(text)) => Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.contains('\n')),
            _ => None,
        });
        let detail = own.unwrap_or_else(|| match self.message.as_str() {
            "" => format!("failed rule: {}", self.rule.text()),
            message => message.to_owned(),
        });
        let field = self.blamed(path);
        let shown = !value.is_object() && !value.is_array();
        match self.reason {
            Reason::Required => Cause::required(field, &detail),
            Reason::Forbidden => Cause::forbidden(field, &detail),
            Reason::Duplicate => Cause::duplicate(field, value),
            Reason::Invalid if shown => Cause::invalid(field, value, &detail),
            // Lists and objects are not shown.
            Reason::Invalid => Cause {
                reason: "FieldValueInvalid".into(),
                message: format!("Invalid value: {detail}"),
                field,
            },
        }
    }

    /// The rule could not be evaluated.
    fn failed(&self, path: &str, value: &Value, why: &str) -> Cause {
        let rule = if self.message.is_empty() { self.rule.text() } else { &self.message };
        let detail = if why == "no such overload" {
            format!("'{why}': call arguments did not match a supported operator, function or macro signature for rule: {rule}")
        } else {
            format!("{why} evaluating rule: {rule}")
        };
        Cause::invalid(self.blamed(path), &super::validate::type_of(value).into(), &detail)
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        name.to_owned()
    } else {
        format!("{path}.{name}")
    }
}

/// The item of the list before that has the same keys.
fn same_item<'v>(props: &Props, item: &Value, old: Option<&'v Value>) -> Option<&'v Value> {
    if props.list_type.as_deref() != Some("map") {
        return None;
    }
    let key = item_key(props, item)?;
    let mut before = old?.as_array()?.iter();
    before.find(|before| item_key(props, before).as_ref() == Some(&key))
}

#[cfg(test)]
mod tests;
