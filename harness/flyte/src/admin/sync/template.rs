//! Templates: literal replacement of `{{ name }}`, blanks included.

use std::collections::BTreeMap;

use crate::config::{ClusterResources, TemplateValue};

/// Names that the controller itself fills in.
const RESERVED: [&str; 3] = ["namespace", "project", "domain"];

/// Where values may come from besides the configuration.
pub(crate) trait Source {
    /// An environment variable.
    fn env(&self, name: &str) -> Option<String>;
    /// A file's content.
    fn file(&self, path: &str) -> Option<String>;
}

/// All values for one namespace, strongest first: stored attributes, the domain's, everyone's.
///
/// # Errors
/// A message if a value cannot be read or has a reserved name.
pub(crate) fn values(
    config: &ClusterResources,
    source: &dyn Source,
    scope: [(&str, &str); 3],
    stored: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let domain = scope[2].1;
    let mut values = BTreeMap::new();
    let per_domain = config.custom_data.get(domain);
    for (name, value) in config.template_data.iter().chain(per_domain.into_iter().flatten()) {
        if RESERVED.contains(&name.as_str()) {
            return Err(format!("cannot assign value to reserved template variable [{name}]"));
        }
        values.insert(name.clone(), resolve(name, value, source)?);
    }
    values.extend(stored);
    for (name, value) in scope {
        values.insert(name.to_owned(), value.to_owned());
    }
    Ok(values)
}

fn resolve(name: &str, value: &TemplateValue, source: &dyn Source) -> Result<String, String> {
    let found = match value {
        TemplateValue::Literal(text) => Some(text.clone()),
        TemplateValue::Env(variable) => source.env(variable),
        TemplateValue::File(path) => source.file(path),
    };
    match found {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(format!("invalid value specified in template for variable [{name}]: {value:?}")),
    }
}

/// Replaces every `{{ name }}`.
pub(crate) fn render(template: &str, values: &BTreeMap<String, String>) -> String {
    values.iter().fold(template.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{{ {name} }}}}"), value)
    })
}
