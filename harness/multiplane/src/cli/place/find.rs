//! Names of executions for each cluster.

use flyte::placement::compare::names_for;
use flyte::placement::explain::percent;
use flyte::placement::{Attributes, Request, Selector, shares};
use multiplane::exit::Exit;
use serde_json::json;

use super::decisions::{cluster_name, head, refused};
use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::table::{aligned, row};

pub(super) fn run(
    title: &str,
    selector: &Selector,
    attributes: &Attributes,
    request: &Request,
    (prefix, count): (&str, usize),
    as_json: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let (resolution, choice) = match selector.choose_pool(attributes, request) {
        Ok(chosen) => chosen,
        Err(error) => return Ok(refused(&error)),
    };
    let names = names_for(&choice, prefix, count);
    let shares = shares(&choice);
    if as_json {
        output.json(&json!({"request": request, "resolution": resolution, "choice": choice, "shares": shares, "names": names}))?;
        return Ok(Exit::Passed);
    }
    output.line(title)?;
    head(request, &resolution, &choice).iter().try_for_each(|line| output.line(line))?;
    output.line("")?;
    let mut table = vec![row(["CLUSTER", "SHARE", "NAMES"])];
    table.extend(names.iter().map(|(cluster, names)| {
        let share = shares.get(cluster).copied().unwrap_or_default();
        let shown = match names.as_slice() {
            [] => "none among a million".to_owned(),
            names => names.join(" "),
        };
        vec![cluster_name(cluster), percent(share), shown]
    }));
    aligned(&table, "").iter().try_for_each(|line| output.line(line))?;
    Ok(Exit::Passed)
}
