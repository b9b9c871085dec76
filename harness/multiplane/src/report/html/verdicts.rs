//! The table of executions and clusters: where each was allowed, and where it landed.

use super::markup::text;
use crate::journal::PlacementVerdict;
use crate::report::placement::{Row, grouped, placed_by, rows};

pub(super) fn table(verdicts: &[PlacementVerdict], clusters: &[String]) -> String {
    let heads: String = clusters.iter().map(|cluster| format!("<th>{}</th>", text(cluster))).collect();
    let body: String = grouped(rows(verdicts, clusters), |_| true)
        .iter()
        .map(|group| row(group, clusters))
        .collect();
    format!(
        "<div class=\"scroll\"><table class=\"verdicts\"><thead><tr><th>Execution</th>{heads}<th>Phase</th><th>Why</th><th>Verdict{}</th></tr>\
         </thead>\n<tbody>\n{body}</tbody></table></div>\n",
        text(placed_by(verdicts))
    )
}

fn row(row: &Row<'_>, clusters: &[String]) -> String {
    let expected = row.verdicts.first().map_or(&[][..], |verdict| verdict.expected.as_slice());
    let cells: String = clusters
        .iter()
        .zip(&row.marks)
        .map(|(cluster, mark)| {
            let allowed = expected.contains(cluster);
            let (seen, meaning) = match *mark {
                "●" => ("seen", "seen here"),
                "○" => ("said", "the admin API says here, nothing was seen"),
                _ => ("none", "nothing here"),
            };
            let (class, rule) = match (allowed, expected.is_empty(), seen) {
                (true, ..) => ("allowed", ", expected"),
                (_, true, _) | (.., "none") => ("", ""),
                _ => ("stray", ", not expected"),
            };
            format!("<td class=\"cell {seen} {class}\" title=\"{meaning}{rule}\">{mark}</td>")
        })
        .collect();
    let verdict = row.verdict();
    let tone = match verdict {
        "wrong" => "bad",
        "ok" => "ok",
        _ => "dim",
    };
    let name = match row.verdicts.len() {
        0 | 1 => text(row.name()).to_string(),
        _ => {
            let names: Vec<&str> = row.verdicts.iter().map(|verdict| verdict.execution.as_str()).collect();
            format!(
                "<details><summary>{}</summary>{}</details>",
                text(row.name()),
                text(names.join(", "))
            )
        }
    };
    format!(
        "<tr class=\"{tone}\"><th>{name}</th>{cells}<td>{}</td><td>{}</td><td class=\"verdict\">{verdict}</td></tr>\n{}",
        text(row.phase),
        text(row.why),
        faults(row, clusters.len() + 4)
    )
}

/// What is wrong with the first, which stands for all that are like it.
fn faults(row: &Row<'_>, columns: usize) -> String {
    let Some(first) = row.verdicts.first().filter(|first| !first.faults.is_empty()) else {
        return String::new();
    };
    let shown: String = first.faults.iter().map(|fault| format!("<p>{}</p>", text(fault))).collect();
    let more = match row.verdicts.len() - 1 {
        0 => String::new(),
        more => format!("<p class=\"dim\">and {more} more like {}</p>", text(&first.execution)),
    };
    format!("<tr class=\"faults\"><td colspan=\"{columns}\">{shown}{more}</td></tr>\n")
}
