//! Templates in a task's command line: `{{.outputPrefix}}`, `{{.inputs.name}}` and their like.

use crate::proto::core::literal::Value;
use crate::proto::core::primitive::Value as Primitive;
use crate::proto::core::scalar::Value as ScalarValue;
use crate::proto::core::{Literal, LiteralMap};

/// Where a task finds its inputs and puts its outputs.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    /// Folder of the inputs.
    pub(crate) input_prefix: String,
    /// File of the inputs.
    pub(crate) input: String,
    /// Folder of the outputs.
    pub(crate) output_prefix: String,
    /// Where the task may write data of its own.
    pub(crate) raw_output_prefix: String,
    /// Name of the attempt.
    pub(crate) unique_key: String,
}

impl Places {
    /// Fills in what is known. Anything else stays as it is, as in Flyte.
    pub(crate) fn fill(&self, text: &str, inputs: &LiteralMap) -> String {
        let mut filled = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("{{") {
            let Some(length) = rest[start..].find("}}") else {
                break;
            };
            let (before, tag) = (&rest[..start], &rest[start..start + length + 2]);
            let name = tag[2..tag.len() - 2].trim().trim_start_matches('.');
            filled.push_str(before);
            filled.push_str(&self.value(name, inputs).unwrap_or_else(|| tag.to_owned()));
            rest = &rest[start + length + 2..];
        }
        filled + rest
    }

    fn value(&self, name: &str, inputs: &LiteralMap) -> Option<String> {
        if let Some(input) = name.strip_prefix("inputs.") {
            return inputs.literals.get(input).and_then(primitive);
        }
        Some(match name {
            "input" => self.input.clone(),
            "inputPrefix" => self.input_prefix.clone(),
            "outputPrefix" => self.output_prefix.clone(),
            "rawOutputDataPrefix" => self.raw_output_prefix.clone(),
            "checkpointOutputPrefix" => format!("{}/_flytecheckpoints", self.raw_output_prefix),
            "prevCheckpointPrefix" => "\"\"".to_owned(),
            "perRetryUniqueKey" => self.unique_key.clone(),
            _ => return None,
        })
    }
}

fn primitive(literal: &Literal) -> Option<String> {
    let Some(Value::Scalar(scalar)) = &literal.value else {
        return None;
    };
    let Some(ScalarValue::Primitive(primitive)) = &scalar.value else {
        return None;
    };
    Some(match primitive.value.as_ref()? {
        Primitive::Integer(value) => value.to_string(),
        Primitive::FloatValue(value) => value.to_string(),
        Primitive::StringValue(value) => value.clone(),
        Primitive::Boolean(value) => value.to_string(),
        Primitive::Datetime(_) | Primitive::Duration(_) => return None,
    })
}
