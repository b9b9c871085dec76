//! The table of executions and clusters: where each was allowed, and where it landed.

use super::markup::text;
use crate::journal::PlacementVerdict;
use crate::report::placement::{Row, grouped, placed_by, rows};

/// Without the verdicts themselves where nothing was expected: then nobody `judges`.
pub(super) fn table(verdicts: &[PlacementVerdict], clusters: &[String], judges: bool) -> String {
    let heads: String = clusters.iter().map(|cluster| format!("<th>{}</th>", text(cluster))).collect();
    let body: String = grouped(rows(verdicts, clusters))
        .iter()
        .map(|group| row(group, clusters, judges))
        .collect();
    let verdict = match judges {
        true => format!("<th>Verdict{}</th>", text(placed_by(verdicts))),
        false => String::new(),
    };
    format!(
        "<div class=\"scroll\"><table class=\"verdicts\"><thead><tr><th>Execution</th>{heads}<th>Phase</th><th>Why</th>{verdict}</tr>\
         </thead>\n<tbody>\n{body}</tbody></table></div>\n",
    )
}

fn row(row: &Row<'_>, clusters: &[String], judges: bool) -> String {
    let expected = row.verdicts.first().map_or(&[][..], |verdict| verdict.expected.as_slice());
    let anywhere = expected.is_empty() && !row.verdicts.first().is_some_and(|verdict| verdict.nowhere);
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
            let (class, rule) = match (allowed, anywhere, seen) {
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
    let judged = match judges {
        true => format!("<td class=\"verdict\">{verdict}</td>"),
        false => String::new(),
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
        "<tr class=\"{tone}\"><th>{name}</th>{cells}<td>{}</td><td>{}</td>{judged}</tr>\n{}",
        text(row.phase),
        text(row.why),
        faults(row, clusters.len() + 4)
    )
}

/// What is wrong with the first, which stands for all that are like it.
fn faults(row: &Row<'_>, columns: usize) -> String {
    if row.faults().is_empty() {
        return String::new();
    }
    let shown: String = row.faults().iter().map(|fault| format!("<p>{}</p>", text(fault))).collect();
    let more = row
        .like()
        .map_or(String::new(), |like| format!("<p class=\"dim\">{}</p>", text(like)));
    format!("<tr class=\"faults\"><td colspan=\"{columns}\">{shown}{more}</td></tr>\n")
}
