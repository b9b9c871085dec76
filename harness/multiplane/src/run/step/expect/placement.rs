//! `expect: placement`: the verdict.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use flyte::client::Admin;
use scenario::OneOrMany;
use scenario::verb::{Elsewhere, LabelSource, Phase, Placement, PoolSource, Reason};
use tokio::time::{Instant, sleep_until};

use super::settle::{Patience, Settling, Step};
use super::spread;
use crate::journal::{self, Event, PlacementVerdict, Prediction, Sighting, Stray};
use crate::report::duration;
use crate::run::context::{Context, Submission};
use crate::run::step::failure::Failure;
use crate::verdict::{Demand, Judgement, judge};

/// How often the admin API is asked: it has no watch. The longer one has waited, the less another moment matters.
const POLL: Duration = Duration::from_secs(1);
const POLL_MAX: Duration = Duration::from_secs(30);

/// Waits for the witnesses, judges every execution, and records the verdicts.
pub(crate) async fn expect(context: &mut Context<'_>, placement: &Placement, patience: Patience) -> Result<(), Failure> {
    let submitted = context.submitted.get(&placement.of.value).cloned();
    let submitted = submitted.ok_or_else(|| Failure::fault("no-submit", format!("nothing was submitted as {}", placement.of.value)))?;
    let admin = context.reach_admin().await?;
    let demand = demand(placement);
    let mut changes = context.witness.changes();
    let mut settling = Settling::new(patience.of(format!("{}:", placement.of.value)));
    let start = Instant::now();
    let mut told = known(&admin, &submitted.project, &submitted.domain).await?;
    let mut asked_again = BTreeSet::new();
    let mut ask = start + POLL;
    loop {
        let verdicts = submitted
            .executions
            .iter()
            .map(|execution| look(context, placement, &demand, execution, told.get(&execution.name), start))
            .collect::<Vec<_>>();
        let gone = verdicts.iter().filter(|(verdict, _)| runs_without_object(verdict));
        let news: Vec<String> = gone.map(|(verdict, _)| verdict.execution.clone()).collect();
        if news.into_iter().filter(|execution| asked_again.insert(execution.clone())).count() > 0 {
            // Whether what is gone has ended, the admin API may have said since it was asked.
            told = known(&admin, &submitted.project, &submitted.domain).await?;
            continue;
        }
        let result = overall(placement, &verdicts);
        // What is violated for good needs no more patience.
        let hopeless = verdicts.iter().any(|(_, judgement)| matches!(judgement, Judgement::Violated(_)));
        let deadline = match settling.look(&result) {
            Step::Until(at) if !hopeless => at,
            Step::Settled => return conclude(context, verdicts, Ok(())).await,
            Step::Until(_) => {
                let verdicts: Vec<_> = verdicts.into_iter().map(early).collect();
                let result = overall(placement, &verdicts).map_err(|why| Failure::expectation("placement-wrong", why));
                return conclude(context, verdicts, result).await;
            }
            Step::Broken(after, held) => {
                return conclude(
                    context,
                    verdicts,
                    Err(settling.broken(after, held, &result.err().unwrap_or_default())),
                )
                .await;
            }
        };
        // The watches tell of every object at once; the admin API is asked in its own time, and once more at the end.
        tokio::select! {
            biased;
            () = sleep_until(deadline.min(ask)) => {
                told = known(&admin, &submitted.project, &submitted.domain).await?;
                ask = Instant::now() + (start.elapsed() / 10).clamp(POLL, POLL_MAX);
            }
            _ = changes.changed() => {}
        }
    }
}

/// Whether an execution runs, by the admin API, and its FlyteWorkflow is gone.
fn runs_without_object(verdict: &PlacementVerdict) -> bool {
    verdict.admin.as_ref().is_some_and(|admin| !admin.is_over()) && verdict.seen.values().any(Sighting::is_gone)
}

fn demand(placement: &Placement) -> Demand {
    let named = placement.on.iter().chain(&placement.one_of).flat_map(OneOrMany::iter);
    let others = placement.elsewhere == Elsewhere::Allowed;
    // Where others may have some, those with a share are not all.
    let shared = placement.distribution.keys().filter(|_| !others);
    let named = named.map(|cluster| &cluster.value).chain(shared);
    let mut on: Vec<String> = Vec::new();
    for cluster in named {
        if !on.contains(cluster) {
            on.push(cluster.clone());
        }
    }
    Demand {
        on,
        nowhere: placement.nowhere,
        nowhere_else: placement.elsewhere == Elsewhere::Forbidden,
        phase: placement.phase.map(|phase| word(phase).to_owned()),
        error: placement.error.as_ref().map(|error| error.value.clone()),
    }
}

/// What the admin API knows of a project's executions, by name, with their namespaces.
async fn known(admin: &Admin, project: &str, domain: &str) -> Result<BTreeMap<String, (journal::Admin, String)>, Failure> {
    let executions = admin.executions(project, domain, "").await?;
    let told = executions.into_iter().map(|execution| {
        let admin = journal::Admin {
            cluster: execution.cluster,
            phase: execution.phase.as_str_name().to_owned(),
            error: execution.error.map(|(_, message)| message),
        };
        (execution.id.name, (admin, execution.namespace))
    });
    Ok(told.collect())
}

fn look(
    context: &Context<'_>,
    placement: &Placement,
    demand: &Demand,
    execution: &Submission,
    known: Option<&(journal::Admin, String)>,
    start: Instant,
) -> (PlacementVerdict, Judgement) {
    let (admin, namespace) = known.map_or((None, ""), |(admin, namespace)| (Some(admin.clone()), namespace.as_str()));
    let mut seen = context
        .witness
        .sightings(&execution.name, Some(namespace).filter(|namespace| !namespace.is_empty()));
    let mut judgement = judge(demand, admin.as_ref(), &seen);
    if let Some(why) = placement
        .reason
        .as_ref()
        .and_then(|reason| wrong_reason(reason, execution.prediction.as_ref()))
    {
        judgement = match judgement {
            Judgement::Violated(mut faults) => {
                faults.push(why);
                Judgement::Violated(faults)
            }
            _ => Judgement::Violated(vec![why]),
        };
    }
    let faults = match &judgement {
        Judgement::Met => Vec::new(),
        Judgement::Pending(faults) | Judgement::Violated(faults) => faults.clone(),
    };
    let after = |at: Instant| u64::try_from(at.saturating_duration_since(execution.at).as_millis()).unwrap_or(u64::MAX);
    for (cluster, sighting) in &mut seen {
        sighting.after_millis = context.witness.first_seen(&execution.name, cluster).map(after);
    }
    let strays = seen.keys().filter(|cluster| demand.strays(cluster));
    let strays = strays.filter_map(|cluster| Some((context.witness.first_seen(&execution.name, cluster)?, cluster)));
    let strayed = strays.min().map(|(at, cluster)| {
        Box::new(Stray {
            cluster: cluster.clone(),
            after_millis: after(at),
        })
    });
    let verdict = PlacementVerdict {
        strayed,
        submit: placement.of.value.clone(),
        execution: execution.name.clone(),
        expected: demand.on.clone(),
        nowhere: demand.nowhere,
        placed_by: context.world.capabilities().placed_by.name().to_owned(),
        admin,
        seen,
        prediction: execution.prediction.clone(),
        watched_millis: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
        passed: faults.is_empty(),
        undecided: false,
        faults,
    };
    (verdict, judgement)
}

/// Whether the decision was made for the reason that the scenario gives.
fn wrong_reason(reason: &Reason, prediction: Option<&Prediction>) -> Option<String> {
    let Some(prediction) = prediction else {
        return Some("the reason of its placement is not known".to_owned());
    };
    let label = reason.label.map(label_word).filter(|label| *label != prediction.label_source);
    let pool = reason.pool.map(pool_word).filter(|pool| *pool != prediction.pool_source);
    match (label, pool) {
        (Some(label), _) => Some(format!("its label came from {}, expected {label}", prediction.label_source)),
        (None, Some(pool)) => Some(format!("it was drawn from pool {}, expected {pool}", prediction.pool_source)),
        (None, None) => None,
    }
}

/// The verdict when nobody waits any longer: what is only not so yet had no time to be.
fn early((verdict, judgement): (PlacementVerdict, Judgement)) -> (PlacementVerdict, Judgement) {
    let undecided = matches!(judgement, Judgement::Pending(_));
    (PlacementVerdict { undecided, ..verdict }, judgement)
}

fn overall(placement: &Placement, verdicts: &[(PlacementVerdict, Judgement)]) -> Result<(), String> {
    let wrong: Vec<&PlacementVerdict> = verdicts
        .iter()
        .map(|(verdict, _)| verdict)
        .filter(|verdict| verdict.is_wrong())
        .collect();
    if let Some(first) = wrong.first() {
        let more = if wrong.len() > 1 {
            format!(" (and {} more)", wrong.len() - 1)
        } else {
            String::new()
        };
        return Err(format!("{}{more}: {}", first.execution, first.faults.join("; ")));
    }
    let seen = verdicts.iter().flat_map(|(verdict, _)| verdict.seen.keys().map(String::as_str));
    spread::wrong(placement, verdicts.len(), seen).map_or(Ok(()), Err)
}

async fn conclude(context: &Context<'_>, verdicts: Vec<(PlacementVerdict, Judgement)>, result: Result<(), Failure>) -> Result<(), Failure> {
    let strays = verdicts
        .iter()
        .filter_map(|(verdict, _)| Some((verdict.strayed.as_ref()?, &verdict.execution)));
    let first = strays.min_by_key(|(stray, _)| stray.after_millis).map(|(stray, execution)| {
        let after = duration(Duration::from_millis(stray.after_millis));
        format!("first divergence: {execution} on {}, {after} after it was submitted", stray.cluster)
    });
    let result = result.map_err(|failure| failure.details(first));
    if verdicts
        .iter()
        .any(|(verdict, _)| verdict.admin.as_ref().is_some_and(|admin| admin.error.is_some()))
    {
        // An error's text is a task's own.
        context.names.secrets.learn().await;
    }
    for (verdict, _) in verdicts {
        context.emitter.emit(Event::Placement(verdict));
    }
    result
}

fn word(phase: Phase) -> &'static str {
    match phase {
        Phase::Undefined => "UNDEFINED",
        Phase::Queued => "QUEUED",
        Phase::Running => "RUNNING",
        Phase::Succeeding => "SUCCEEDING",
        Phase::Succeeded => "SUCCEEDED",
        Phase::Failing => "FAILING",
        Phase::Failed => "FAILED",
        Phase::Aborted => "ABORTED",
        Phase::Aborting => "ABORTING",
    }
}

fn label_word(source: LabelSource) -> &'static str {
    match source {
        LabelSource::Parent => "parent",
        LabelSource::Request => "request",
        LabelSource::Workflow => "attribute:workflow",
        LabelSource::ProjectDomain => "attribute:project_domain",
        LabelSource::Project => "attribute:project",
        LabelSource::None => "none",
    }
}

fn pool_word(source: PoolSource) -> &'static str {
    match source {
        PoolSource::Label => "label",
        PoolSource::DefaultLabel => "default_label",
        PoolSource::AllEnabled => "all_enabled",
        PoolSource::InCluster => "in_cluster",
    }
}
