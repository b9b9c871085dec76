//! The table of executions and clusters.

use super::text::Style;
use crate::journal::PlacementVerdict;

/// Rows shown one by one; above that, like rows become one with a count.
const ROWS: usize = 12;
/// Names that stand for a group of executions that are not as expected.
const NAMES: usize = 3;

/// Where executions landed, and whether that was right: one of them, or several that are alike.
pub(super) struct Row<'a> {
    /// Their verdicts.
    pub(super) verdicts: Vec<&'a PlacementVerdict>,
    /// One a cluster.
    pub(super) marks: Vec<&'static str>,
    pub(super) phase: &'a str,
    /// The rule that the oracle followed.
    pub(super) why: &'a str,
    pub(super) passed: bool,
    /// Not as expected yet, when nobody waited any longer.
    undecided: bool,
}

/// The table for the verdicts of one expectation, over the clusters in the scenario's order. Ends with a line break.
pub(crate) fn table(verdicts: &[PlacementVerdict], clusters: &[String], indent: &str, style: Style) -> String {
    let mut rows = rows(verdicts, clusters);
    if rows.len() > ROWS {
        rows = grouped(rows);
    }
    let names: Vec<String> = rows.iter().map(Row::name).collect();
    let shown: Vec<&String> = clusters.iter().collect();
    let name_width = names.iter().map(|name| name.chars().count()).chain([9]).max().unwrap_or(9);
    let phase_width = rows.iter().map(|row| row.phase.len()).chain([5]).max().unwrap_or(5);
    let why_width = rows.iter().map(|row| row.why.chars().count()).chain([3]).max().unwrap_or(3);
    let mut text = format!("{indent}{:name_width$}", "EXECUTION");
    for cluster in &shown {
        text += &format!("  {cluster}");
    }
    text += &format!("  {:phase_width$}  {:why_width$}  VERDICT{}\n", "PHASE", "WHY", placed_by(verdicts));
    text = style.dim(text.trim_end()) + "\n";
    for (row, name) in rows.iter().zip(&names) {
        text += &format!("{indent}{name:name_width$}");
        for (mark, cluster) in row.marks.iter().zip(&shown) {
            text += &format!("  {mark:^width$}", width = cluster.chars().count());
        }
        let verdict = match row.verdict() {
            "ok" => style.good("ok"),
            "wrong" => style.bad("WRONG"),
            open => style.dim(open),
        };
        text += &format!("  {:phase_width$}  {:why_width$}  {verdict}\n", row.phase, row.why);
        let arrow = if row.is_wrong() { style.bad("↳") } else { style.dim("↳") };
        for fault in row.faults() {
            text += &format!("{indent}  {arrow} {fault}\n");
        }
        if let Some(like) = row.like() {
            text += &format!("{indent}  {arrow} {like}\n");
        }
    }
    text
}

/// Who placed, for the head of a table; the reference planes need no mention.
pub(super) fn placed_by(verdicts: &[PlacementVerdict]) -> String {
    let by = verdicts
        .iter()
        .map(|verdict| verdict.placed_by.as_str())
        .find(|by| *by != "reference");
    by.map_or_else(String::new, |by| format!(" (placed by {by})"))
}

/// A row for each verdict.
pub(super) fn rows<'a>(verdicts: &'a [PlacementVerdict], clusters: &[String]) -> Vec<Row<'a>> {
    verdicts.iter().map(|verdict| row(verdict, clusters)).collect()
}

fn row<'a>(verdict: &'a PlacementVerdict, clusters: &[String]) -> Row<'a> {
    let mark = |cluster: &String| match verdict.seen.get(cluster) {
        Some(_) => "●",
        None if verdict.admin.as_ref().is_some_and(|admin| admin.cluster == *cluster) => "○",
        None => "·",
    };
    Row {
        verdicts: vec![verdict],
        marks: clusters.iter().map(mark).collect(),
        phase: verdict.admin.as_ref().map_or("-", |admin| admin.phase.as_str()),
        why: verdict.prediction.as_ref().map_or("-", |prediction| prediction.reason.as_str()),
        passed: verdict.passed,
        undecided: verdict.undecided,
    }
}

/// Joins rows that differ only in the execution.
pub(super) fn grouped(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut groups: Vec<Row> = Vec::new();
    for row in rows {
        let like = groups.iter_mut().find(|group| group.is_like(&row));
        match like {
            Some(group) => group.verdicts.extend(row.verdicts),
            None => groups.push(row),
        }
    }
    groups
}

impl Row<'_> {
    fn is_like(&self, other: &Self) -> bool {
        self.verdict() == other.verdict()
            && self.marks == other.marks
            && self.phase == other.phase
            && self.why == other.why
            && self.expected() == other.expected()
            && self.faults().len() == other.faults().len()
    }

    /// Where they may be, and whether they must be nowhere.
    fn expected(&self) -> Option<(&[String], bool)> {
        self.verdicts.first().map(|first| (first.expected.as_slice(), first.nowhere))
    }

    /// Whether it is not as expected, and had the time to be.
    pub(super) fn is_wrong(&self) -> bool {
        self.verdict() == "wrong"
    }

    /// The verdict in a word.
    pub(super) fn verdict(&self) -> &'static str {
        match (self.passed, self.undecided) {
            (true, _) => "ok",
            (false, true) => "open",
            (false, false) => "wrong",
        }
    }

    /// The execution's name, or the first's and the last's; of some that are wrong, which do not follow on each other, the first few.
    pub(super) fn name(&self) -> String {
        match self.verdicts.as_slice() {
            [only] => only.execution.clone(),
            several if !self.passed => {
                let names: Vec<&str> = several.iter().take(NAMES).map(|verdict| verdict.execution.as_str()).collect();
                let more = if several.len() > NAMES { ", …" } else { "" };
                format!("{}{more} ({})", names.join(", "), several.len())
            }
            [first, .., last] => format!("{} … {} ({})", first.execution, last.execution, self.verdicts.len()),
            [] => String::new(),
        }
    }

    /// What is wrong with the first, which stands for all that are like it.
    pub(super) fn faults(&self) -> &[String] {
        self.verdicts.first().map_or(&[], |first| first.faults.as_slice())
    }

    /// How many more are wrong in the same way; `None` if nothing is wrong, or only one is.
    pub(super) fn like(&self) -> Option<String> {
        match self.verdicts.as_slice() {
            [first, _, ..] if !first.faults.is_empty() => Some(format!("and {} more like {}", self.verdicts.len() - 1, first.execution)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::built::misplaced;
    use super::{Style, table};
    use crate::journal::{Event, PlacementVerdict};

    #[test]
    fn many_that_are_wrong_in_the_same_way_are_told_of_once() {
        let Event::Placement(verdict) = misplaced() else { unreachable!() };
        let mut verdicts: Vec<_> = (1..=20)
            .map(|number| PlacementVerdict {
                execution: format!("e{number}"),
                ..verdict.clone()
            })
            .collect();
        verdicts[6].expected = vec!["c".to_owned()];
        let text = table(&verdicts, &["a".to_owned(), "b".to_owned()], "", Style::PLAIN);
        let lines: Vec<&str> = text.lines().skip(1).map(str::trim).collect();
        assert_eq!(lines.len(), 5, "{text}");
        assert!(
            lines[0].starts_with("e1, e2, e3, … (19)") && lines[2].ends_with("and 18 more like e1"),
            "{text}"
        );
        assert!(lines[3].starts_with("e7 "), "{text}");
    }

    #[test]
    fn who_placed_is_said_if_it_is_not_the_reference() {
        let Event::Placement(mut verdict) = misplaced() else {
            unreachable!()
        };
        let clusters = ["a".to_owned(), "b".to_owned()];
        let head = |verdict| table(&[verdict], &clusters, "", Style::PLAIN).lines().next().map(str::to_owned);
        assert!(head(verdict.clone()).is_some_and(|head| head.ends_with("VERDICT")));
        verdict.placed_by = "upstream".into();
        assert!(head(verdict).is_some_and(|head| head.ends_with("VERDICT (placed by upstream)")));
    }
}
