//! `additionalPrinterColumns`.

use super::json_path::{JsonPath, simple_problem};
use crate::status::Cause;
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

const TYPES: &str = "boolean,date,integer,number,string";
const FORMATS: &str = "byte,date,date-time,double,float,int32,int64,password";

/// What is wrong with the columns of a version that stands at `path`.
pub(super) fn check(columns: &Value, path: &str, causes: &mut Vec<Cause>) {
    for (index, column) in columns.as_array().into_iter().flatten().enumerate() {
        let text = |field: &str| column[field].as_str().unwrap_or_default();
        let place = |field: &str| format!("{path}.additionalPrinterColumns[{index}].{field}");
        if text("name").is_empty() {
            causes.push(Cause::required(place("name"), ""));
        }
        for (field, allowed) in [("type", TYPES), ("format", FORMATS)] {
            let detail = format!("must be one of {allowed}");
            match text(field) {
                "" if field == "format" => {}
                "" => causes.push(Cause::required(place(field), &detail)),
                found if allowed.split(',').any(|known| known == found) => {}
                found => causes.push(Cause::invalid(place(field), &found.into(), &detail)),
            }
        }
        match text("jsonPath") {
            "" => causes.push(Cause::required(place("JSONPath"), "")),
            json_path => {
                let problem = simple_problem(json_path);
                causes.extend(problem.map(|detail| Cause::invalid(place("JSONPath"), &json_path.into(), detail)));
            }
        }
    }
}
