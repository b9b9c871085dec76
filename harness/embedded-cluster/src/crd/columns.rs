//! `additionalPrinterColumns`.

use super::json_path::JsonPath;
use crate::value::Value;

/// A column of a custom resource's table.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: String,
    /// `string`, `integer`, `number`, `boolean` or `date`.
    pub(crate) kind: String,
    pub(crate) format: String,
    pub(crate) description: String,
    pub(crate) priority: i64,
    pub(crate) path: JsonPath,
}

impl Column {
    /// Where the time of creation is.
    pub(crate) const CREATED: &str = ".metadata.creationTimestamp";

    /// The columns of a version; without any, the time of creation.
    pub(super) fn all(version: &Value) -> Vec<Self> {
        match version["additionalPrinterColumns"].as_array().filter(|columns| !columns.is_empty()) {
            Some(columns) => columns.iter().map(Self::read).collect(),
            None => vec![Self {
                name: "Age".into(),
                kind: "date".into(),
                format: String::new(),
                description: String::new(),
                priority: 0,
                path: JsonPath::parse(Self::CREATED),
            }],
        }
    }

    fn read(column: &Value) -> Self {
        let text = |field: &str| column[field].as_str().unwrap_or_default().to_owned();
        Self {
            name: text("name"),
            kind: text("type"),
            format: text("format"),
            description: text("description"),
            priority: column["priority"].as_i64().unwrap_or_default(),
            path: JsonPath::parse(&text("jsonPath")),
        }
    }
}
