//! Filters of lists: `eq(phase,SUCCEEDED)+ne(cluster,b)`.

use super::error::AdminError;

/// Conditions that must all hold.
pub(crate) struct Filters(Vec<Filter>);

struct Filter {
    function: Function,
    field: String,
    values: Vec<String>,
}

#[derive(Clone, Copy)]
enum Function {
    Equal,
    NotEqual,
    In,
    Contains,
}

impl Filters {
    /// Reads the text of a request.
    ///
    /// # Errors
    /// `InvalidArgument` for a form or function that is not known.
    pub(crate) fn parse(text: &str) -> Result<Self, AdminError> {
        text.split('+')
            .filter(|part| !part.is_empty())
            .map(|part| Filter::parse(part).ok_or_else(|| unrecognised(part)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a row passes; `value` gives its fields.
    ///
    /// # Errors
    /// `InvalidArgument` if a filter names a field that the row does not have.
    pub(crate) fn matches(&self, value: impl Fn(&str) -> Option<String>) -> Result<bool, AdminError> {
        for filter in &self.0 {
            let actual = value(&filter.field).ok_or_else(|| unrecognised(&filter.field))?;
            let first = filter.values.first().map_or("", String::as_str);
            let holds = match filter.function {
                Function::Equal => actual == first,
                Function::NotEqual => actual != first,
                Function::In => filter.values.contains(&actual),
                Function::Contains => actual.contains(first),
            };
            if !holds {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Filter {
    fn parse(text: &str) -> Option<Self> {
        let (function, rest) = text.split_once('(')?;
        let (field, value) = rest.strip_suffix(')')?.split_once(',')?;
        let function = match function {
            "eq" => Function::Equal,
            "ne" => Function::NotEqual,
            "value_in" => Function::In,
            "contains" => Function::Contains,
            _ => return None,
        };
        // Fields of a list's own rows may carry the table's name in front.
        let field = field.rsplit_once('.').map_or(field, |(_, field)| field);
        Some(Self {
            function,
            field: field.to_owned(),
            values: match function {
                Function::In => value.split(';').map(str::to_owned).collect(),
                _ => vec![value.to_owned()],
            },
        })
    }
}

fn unrecognised(what: &str) -> AdminError {
    AdminError::invalid(format!("unrecognized filter expression or field: {what}"))
}

#[cfg(test)]
mod tests {
    use super::Filters;

    #[test]
    fn filters_on_fields() {
        let row = |field: &str| (field == "cluster").then(|| "b".to_owned());
        for (text, expected) in [
            ("", Some(true)),
            ("eq(cluster,b)", Some(true)),
            ("execution.eq(cluster,b)", None),
            ("eq(execution.cluster,b)", Some(true)),
            ("ne(cluster,b)", Some(false)),
            ("value_in(cluster,a;b)", Some(true)),
            ("eq(cluster,b)+contains(cluster,x)", Some(false)),
            ("eq(moon,b)", None),
            ("gt(cluster,b)", None),
        ] {
            let actual = Filters::parse(text).and_then(|filters| filters.matches(row));
            assert_eq!(actual.ok(), expected, "{text}");
        }
    }
}
