//! Executions on a cluster's lane: a mark where one was first seen there, or one for several that are too close to be told apart.

use indexmap::IndexMap;

use super::axis::Axis;
use super::executions::Execution;
use super::markup::text;
use crate::report::text::{count, duration};

/// How many marks have room side by side on the axis.
const MARKS: u64 = 40;

/// An execution that came to a cluster.
pub(super) struct Arrival<'a> {
    /// When, in milliseconds of the world's time.
    at: u64,
    submit: &'a str,
    class: &'static str,
    /// Whether it was seen then; else it was submitted then, and more is not known.
    seen: bool,
}

/// Arrivals that are shown as one.
pub(super) struct Mark<'a>(Vec<Arrival<'a>>);

impl<'a> Arrival<'a> {
    /// Of an execution that was submitted at a time; of one that is in no cluster, that it was submitted is all there is.
    pub(super) fn of(execution: &'a Execution<'a>, submitted: u64, cluster: Option<&str>) -> Self {
        let after = cluster.and_then(|cluster| execution.seen_after(cluster));
        Self {
            at: submitted.saturating_add(after.unwrap_or_default()),
            submit: execution.submit,
            class: execution.class(),
            seen: after.is_some(),
        }
    }
}

/// The marks of one lane, in the order of time.
pub(super) fn marks(mut arrivals: Vec<Arrival<'_>>, axis: Axis) -> Vec<Mark<'_>> {
    arrivals.sort_by_key(|arrival| arrival.at);
    let mut marks: Vec<Mark> = Vec::new();
    for arrival in arrivals {
        match marks.last_mut() {
            Some(last) if arrival.at - last.at() <= axis.span() / MARKS => last.0.push(arrival),
            _ => marks.push(Mark(vec![arrival])),
        }
    }
    marks
}

impl Mark<'_> {
    /// When the first of them came.
    fn at(&self) -> u64 {
        self.0.first().map_or(0, |first| first.at)
    }

    /// The class of the worst of them.
    fn class(&self) -> &'static str {
        let classes = ["bad", "odd"].into_iter();
        let mut worst = classes.filter(|class| self.0.iter().any(|arrival| arrival.class == *class));
        worst.next().unwrap_or("ok")
    }

    /// What came when, one submit step a line.
    fn title(&self) -> String {
        let mut groups: IndexMap<(&str, bool), Vec<&Arrival>> = IndexMap::new();
        for arrival in &self.0 {
            groups.entry((arrival.submit, arrival.seen)).or_default().push(arrival);
        }
        let lines = groups.iter().map(|((submit, seen), group)| {
            let what = if *seen { "first seen" } else { "submitted" };
            let (first, last) = (group.first().map_or(0, |first| first.at), group.last().map_or(0, |last| last.at));
            let (first, last) = (duration(first), duration(last));
            let to = if first == last { String::new() } else { format!(" to +{last}") };
            let bad = group.iter().filter(|arrival| arrival.class == "bad").count();
            let wrong = if bad == 0 { String::new() } else { format!(", {bad} wrong") };
            format!("{submit}: {} {what} at +{first}{to}{wrong}", count(group.len(), "execution"))
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    pub(super) fn show(&self, axis: Axis) -> String {
        format!(
            "<b class=\"{}\" style=\"left:{}\" title=\"{}\">{}</b>",
            self.class(),
            axis.at(self.at()),
            text(self.title()),
            self.0.len()
        )
    }
}
