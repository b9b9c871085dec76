//! Where the named executions go, and why.

use std::collections::BTreeMap;

use flyte::placement::explain::{label_lines, percent, pool_lines};
use flyte::placement::{Attributes, Decision, PlacementError, PoolChoice, Request, Resolution, Selector, shares};
use multiplane::exit::Exit;
use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::output::{Output, complain};
use crate::cli::table::{aligned, row};

/// So many executions are listed; beyond that the counts say more.
const LISTED: usize = 20;

pub(super) fn run(
    title: &str,
    selector: &Selector,
    attributes: &Attributes,
    request: &Request,
    names: &[String],
    as_json: bool,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let (resolution, choice) = match selector.choose_pool(attributes, request) {
        Ok(chosen) => chosen,
        Err(error) => return Ok(refused(&error)),
    };
    let placed: Result<Vec<Decision>, PlacementError> = names
        .iter()
        .map(|name| {
            selector.place(
                attributes,
                &Request {
                    name: name.clone(),
                    ..request.clone()
                },
            )
        })
        .collect();
    let decisions = match placed {
        Ok(decisions) => decisions,
        Err(error) => return Ok(refused(&error)),
    };
    let distribution = Distribution::of(&choice, &decisions);
    if as_json {
        output.json(&json!({
            "mode": selector.mode(), "config": selector.config(), "request": request, "resolution": resolution,
            "choice": choice, "shares": distribution.shares, "counts": distribution.counts, "decisions": decisions,
        }))?;
        return Ok(Exit::Passed);
    }
    output.line(title)?;
    head(request, &resolution, &choice).iter().try_for_each(|line| output.line(line))?;
    output.line("")?;
    distribution.lines(decisions.len()).iter().try_for_each(|line| output.line(line))?;
    if !decisions.is_empty() {
        output.line("")?;
        executions(&decisions).iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Passed)
}

/// flyteadmin would store the execution as failed, with this message.
pub(super) fn refused(error: &PlacementError) -> Exit {
    complain(&format!("flyteadmin does not place the execution: {}: {error}", error.grpc_code()));
    Exit::Failed
}

/// The request, its label and the pool.
pub(super) fn head(request: &Request, resolution: &Resolution, choice: &PoolChoice) -> Vec<String> {
    let workflow = match request.workflow.as_str() {
        "" => String::new(),
        workflow => format!(", workflow {workflow}"),
    };
    let mut lines = vec![
        format!("project {}, domain {}{workflow}", request.project, request.domain),
        String::new(),
    ];
    lines.push("Label".to_owned());
    lines.extend(label_lines(resolution).into_iter().map(|line| format!("  {line}")));
    lines.push("Pool".to_owned());
    lines.extend(pool_lines(choice).into_iter().map(|line| format!("  {line}")));
    lines
}

/// How executions spread over the clusters.
struct Distribution {
    shares: BTreeMap<String, f64>,
    counts: BTreeMap<String, usize>,
}

impl Distribution {
    fn of(choice: &PoolChoice, decisions: &[Decision]) -> Self {
        let shares = shares(choice);
        let mut counts: BTreeMap<String, usize> = shares.keys().map(|cluster| (cluster.clone(), 0)).collect();
        for decision in decisions {
            *counts.entry(decision.cluster.clone()).or_default() += 1;
        }
        Self { shares, counts }
    }

    fn lines(&self, executions: usize) -> Vec<String> {
        let header = if executions == 0 {
            row(["CLUSTER", "EXPECTED"])
        } else {
            row(["CLUSTER", "EXPECTED", "THESE"])
        };
        let rows = self.shares.iter().map(|(cluster, share)| {
            let mut cells = vec![cluster_name(cluster), percent(*share)];
            if executions > 0 {
                cells.push(format!("{} of {executions}", self.counts.get(cluster).copied().unwrap_or_default()));
            }
            cells
        });
        aligned(&std::iter::once(header).chain(rows).collect::<Vec<_>>(), "")
    }
}

/// One line for each execution: the first running total that reaches the drawn number wins.
fn executions(decisions: &[Decision]) -> Vec<String> {
    let mut table = vec![row(["EXECUTION", "CLUSTER", "DREW"])];
    table.extend(decisions.iter().take(LISTED).map(|decision| {
        let drew = decision
            .threshold
            .map_or("no draw".to_owned(), |threshold| format!("{threshold:.6}"));
        vec![decision.request.name.clone(), cluster_name(&decision.cluster), drew]
    }));
    let mut lines = aligned(&table, "");
    if decisions.len() > LISTED {
        lines.push(format!("... and {} more; --json lists all", decisions.len() - LISTED));
    }
    lines
}

pub(super) fn cluster_name(cluster: &str) -> String {
    if cluster.is_empty() {
        "(flyteadmin's own)".to_owned()
    } else {
        cluster.to_owned()
    }
}
