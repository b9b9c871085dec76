//! What pods of an array's elements are told.

use crate::proto::core::literal_type::Type;
use crate::proto::core::{Variable, VariableMap};

/// The variable that names the one with the index.
const NAME_OF_INDEX: &str = "BATCH_JOB_ARRAY_INDEX_VAR_NAME";
/// The variable with the index.
const INDEX: &str = "FLYTE_K8S_ARRAY_INDEX";

/// By which a task knows its element.
pub(super) fn environment(index: usize) -> [(&'static str, String); 2] {
    [(NAME_OF_INDEX, INDEX.to_owned()), (INDEX, index.to_string())]
}

/// Outputs of one element, where all together have these.
pub(in crate::propeller) fn of_lists(outputs: &VariableMap) -> VariableMap {
    let variables = outputs.variables.iter().map(|(name, variable)| {
        let element = match variable.r#type.as_ref().and_then(|of| of.r#type.as_ref()) {
            Some(Type::CollectionType(element)) => Variable {
                r#type: Some(element.as_ref().clone()),
                ..variable.clone()
            },
            _ => variable.clone(),
        };
        (name.clone(), element)
    });
    VariableMap {
        variables: variables.collect(),
    }
}
