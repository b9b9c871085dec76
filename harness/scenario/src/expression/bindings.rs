//! The values that a file gives itself.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Data, Source};

/// Values by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bindings {
    /// `vars`, with the axes of the matrix.
    pub vars: BTreeMap<String, Value>,
    /// The variables of the `for`s around a step.
    pub each: BTreeMap<String, Value>,
    /// Names of namespaces.
    pub namespaces: BTreeMap<String, Value>,
}

/// What is wrong with a name, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Bindings {
    /// The value.
    ///
    /// # Errors
    /// If there is none of that name, or no such part of it.
    pub fn get(&self, data: &Data) -> Result<&Value, Unknown> {
        let (kind, values) = match data.source {
            Source::Vars => ("variable", &self.vars),
            Source::Each => ("variable of a `for`", &self.each),
            Source::Namespaces => ("namespace", &self.namespaces),
        };
        let known: Vec<&String> = values.keys().collect();
        let whole = values.get(&data.name).ok_or_else(|| Unknown {
            message: format!("unknown {kind} `{}`", data.name),
            help: Some(if data.source == Source::Each && known.is_empty() {
                "`each` is known in the steps of a `for`".to_owned()
            } else {
                yaml::suggest::help(&data.name, &known)
            }),
        })?;
        let mut way = format!("{}.{}", data.source.as_str(), data.name);
        data.path.iter().try_fold(whole, |value, part| {
            let found = step(value, part, &way)?;
            way = format!("{way}.{part}");
            Ok(found)
        })
    }
}

fn step<'v>(value: &'v Value, part: &str, way: &str) -> Result<&'v Value, Unknown> {
    match value {
        Value::Object(fields) => fields.get(part).ok_or_else(|| Unknown {
            message: format!("`{way}` has no field `{part}`"),
            help: Some(yaml::suggest::help(part, &fields.keys().collect::<Vec<_>>())),
        }),
        Value::Array(items) => part
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index))
            .ok_or_else(|| Unknown {
                message: format!("`{way}` is a list of {}, and has no place `{part}`", items.len()),
                help: Some("places count from 0".to_owned()),
            }),
        _ => Err(Unknown {
            message: format!("`{way}` is {value}, which has no parts"),
            help: None,
        }),
    }
}
