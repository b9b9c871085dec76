//! Files of stored labels: a list of rows, or flytectl's files for `update execution-cluster-label --attrFile`.

use serde::Deserialize;
use yaml::{Spanned, tree};

use super::{AttributeKey, AttributeRow};

/// One row as written. flytectl calls the label `value`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    project: String,
    #[serde(default)]
    domain: String,
    #[serde(default)]
    workflow: String,
    #[serde(default)]
    launch_plan: String,
    #[serde(alias = "value")]
    label: Spanned<String>,
}

/// Reads stored labels; each with the place of its label.
///
/// Every document of the text is one row or a list of rows. Fields: `project`, `domain`, `workflow`, `launch_plan` (all
/// but the first may be left out), and `label` or, as in flytectl's files, `value`.
///
/// # Errors
/// The text is not YAML, or a row has another form.
pub fn parse_attributes(text: &str) -> Result<Vec<Spanned<AttributeRow>>, yaml::Error> {
    let mut rows = Vec::new();
    for document in tree::documents(text)? {
        let nodes = document.sequence().unwrap_or(std::slice::from_ref(&document));
        for node in nodes {
            let row: Row = yaml::strict::from_node(node)?;
            let key = AttributeKey::new(&row.project, &row.domain, &row.workflow, &row.launch_plan);
            rows.push(Spanned {
                span: row.label.span,
                value: AttributeRow {
                    key,
                    label: row.label.value,
                },
            });
        }
    }
    Ok(rows)
}
