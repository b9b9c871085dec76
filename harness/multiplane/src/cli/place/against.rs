//! What another configuration would change.

use flyte::placement::Request;
use flyte::placement::compare::{Comparison, Found, OTHER, Side};
use flyte::placement::explain::percent;
use multiplane::exit::Exit;
use serde::Serialize;
use serde_json::json;

use super::decisions::cluster_name;
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::table::{aligned, row};

/// What to show, and how.
pub(super) struct View<'a> {
    pub(super) title: String,
    pub(super) names: &'a [String],
    pub(super) forbid: bool,
    pub(super) json: bool,
}

/// One named execution under both.
#[derive(Serialize)]
struct Named {
    request: Request,
    from: Option<String>,
    to: Option<String>,
}

pub(super) fn run(view: &View<'_>, before: Side<'_>, after: Side<'_>, kinds: &[Request], output: &mut Output) -> Result<Exit, Failure> {
    let found: Vec<Comparison> = kinds.iter().map(|kind| Comparison::of(before, after, kind)).collect();
    let named = named(view.names, before, after, kinds);
    let moved = found.iter().any(|comparison| !comparison.moves.is_empty());
    if view.json {
        output.json(&json!({"moves": moved, "kinds": found, "executions": named}))?;
    } else {
        output.line(&view.title)?;
        output.line("")?;
        lines(&found).iter().try_for_each(|line| output.line(line))?;
        if !named.is_empty() {
            output.line("")?;
            executions(&named).iter().try_for_each(|line| output.line(line))?;
        }
    }
    Ok(if moved && view.forbid { Exit::Failed } else { Exit::Passed })
}

/// The moves of each kind; what stays is one line.
fn lines(found: &[Comparison]) -> Vec<String> {
    let (moving, staying): (Vec<_>, Vec<_>) = found.iter().partition(|comparison| !comparison.moves.is_empty());
    let mut table = vec![row(["EXECUTIONS OF", "LABEL", "MOVE", "FROM", "TO"])];
    for comparison in &moving {
        for (index, part) in comparison.moves.iter().enumerate() {
            let first = |text: String| if index == 0 { text } else { String::new() };
            table.push(vec![
                first(kind(&comparison.request)),
                first(labels(&comparison.before, &comparison.after)),
                percent(part.share),
                place(part.from.as_deref(), &comparison.before),
                place(part.to.as_deref(), &comparison.after),
            ]);
        }
    }
    let mut lines = if moving.is_empty() { Vec::new() } else { aligned(&table, "") };
    match (moving.is_empty(), staying.is_empty()) {
        (true, _) => lines.push("Nothing moves: every execution goes where it goes now.".to_owned()),
        (false, true) => {}
        (false, false) => {
            let kinds: Vec<String> = staying.iter().map(|comparison| kind(&comparison.request)).collect();
            lines.extend([String::new(), format!("All others stay: {}", kinds.join("; "))]);
        }
    }
    lines
}

fn kind(request: &Request) -> String {
    if let Some(label) = &request.label {
        return format!("requests with label {label}");
    }
    let named: Vec<&str> = [&request.project, &request.domain, &request.workflow]
        .into_iter()
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    match named.iter().rposition(|text| *text != OTHER) {
        None => "everything else".to_owned(),
        Some(last) => named[..=last]
            .iter()
            .map(|text| if *text == OTHER { "*" } else { text })
            .collect::<Vec<_>>()
            .join("/"),
    }
}

fn labels(before: &Found, after: &Found) -> String {
    let name = |found: &Found| found.label.clone().unwrap_or_else(|| "(none)".to_owned());
    let (before, after) = (name(before), name(after));
    if before == after { before } else { format!("{before} -> {after}") }
}

fn place(cluster: Option<&str>, found: &Found) -> String {
    match (cluster, &found.refused) {
        (Some(cluster), _) => cluster_name(cluster),
        (None, reason) => format!("(refused: {})", reason.as_deref().unwrap_or_default()),
    }
}

fn named(names: &[String], before: Side<'_>, after: Side<'_>, kinds: &[Request]) -> Vec<Named> {
    let place = |side: Side<'_>, request: &Request| match side.selector.place(side.attributes, request) {
        Ok(decision) => Some(decision.cluster),
        Err(_) => None,
    };
    let each = |kind: &Request| {
        let of_kind = kind.clone();
        names.iter().map(move |name| Request {
            name: name.clone(),
            ..of_kind.clone()
        })
    };
    let requests = kinds.iter().flat_map(each);
    let named = requests.map(|request| Named {
        from: place(before, &request),
        to: place(after, &request),
        request,
    });
    named.collect()
}

fn executions(named: &[Named]) -> Vec<String> {
    let shown = |cluster: &Option<String>| cluster.as_deref().map_or_else(|| "(refused)".to_owned(), cluster_name);
    let mut table = vec![row(["EXECUTION", "OF", "FROM", "TO"])];
    table.extend(named.iter().map(|one| {
        let to = if one.from == one.to { "stays".to_owned() } else { shown(&one.to) };
        vec![one.request.name.clone(), kind(&one.request), shown(&one.from), to]
    }));
    aligned(&table, "")
}
