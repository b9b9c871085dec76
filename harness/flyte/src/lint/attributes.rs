//! Stored labels against the map.

use yaml::{Diagnostics, suggest};

use super::File;
use super::merged::Place;
use super::rules;
use super::view::View;
use crate::placement::parse_attributes;

pub(super) fn check(view: &View<'_, '_>, files: &[File], found: &mut Diagnostics) {
    for file in files {
        match parse_attributes(&file.text) {
            Err(error) => found.push(error.diagnostic(&file.name)),
            Ok(rows) => {
                for row in rows
                    .iter()
                    .filter(|row| !row.value.label.is_empty() && !view.has_pool(&row.value.label))
                {
                    let label = &row.value.label;
                    let reason = match view.config.label_cluster_map.contains_key(label) {
                        true => "has no enabled cluster",
                        false => "is not in labelClusterMap",
                    };
                    let place = Place {
                        file: &file.name,
                        span: row.span,
                    };
                    let help = suggest::help(label, &view.usable_labels());
                    found.push(rules::STORED_UNMAPPED.at(place, format!("label `{label}` {reason}")).help(help));
                }
            }
        }
    }
}
