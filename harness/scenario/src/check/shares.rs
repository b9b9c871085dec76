//! How executions spread: counts that add up, and shares that so many executions can tell from others.

use super::{At, Context};
use crate::binomial;
use crate::verb::{Elsewhere, Placement, Share, Submit};

pub(super) fn check(context: &mut Context<'_>, at: At<'_>, placement: &Placement, submit: Option<&Submit>) {
    let executions = submit.map(|submit| submit.execution_names().len());
    let shares: Vec<f64> = placement.distribution.values().filter_map(|share| share.share).collect();
    for (id, share) in &placement.distribution {
        context.cluster_named(id, share.span);
        let wrong = wrong(id, share).or_else(|| cannot_fail(id, share, &shares, executions?));
        if let Some((code, message, help)) = wrong {
            let error = context.error(code, share.span, message);
            context.push(match help {
                Some(help) => error.help(help),
                None => error,
            });
        }
    }
    if let Some((message, help)) = sum(placement, &shares) {
        let error = context.error("contradiction", context.field(at, "distribution"), message);
        context.push(error.help(help));
    }
    let counts: Option<Vec<u32>> = placement.distribution.values().map(|share| share.count).collect();
    let (Some(counts), Some(executions)) = (counts.filter(|counts| !counts.is_empty()), executions) else {
        return;
    };
    let counted: u32 = counts.into_iter().sum();
    if placement.elsewhere == Elsewhere::Forbidden && counted as usize != executions {
        let message = format!("the counts add up to {counted}, but `{}` starts {executions}", placement.of.value);
        context.push(context.error("contradiction", context.field(at, "distribution"), message));
    }
}

/// Shares of all executions that cannot be.
fn sum(placement: &Placement, shares: &[f64]) -> Option<(String, &'static str)> {
    const EXACT: f64 = 1e-9;
    let sum: f64 = shares.iter().sum();
    if sum > 1.0 + EXACT {
        return Some((format!("the shares add up to {sum}"), "all executions are a share of 1"));
    }
    let all = !shares.is_empty() && shares.len() == placement.distribution.len();
    (all && sum < 1.0 - EXACT && placement.elsewhere == Elsewhere::Forbidden).then(|| {
        let message = format!("the shares add up to {sum}, and the others may be nowhere else");
        (message, "add the other clusters, or `elsewhere: allowed`")
    })
}

/// A stable code, what is wrong, and what to do about it.
type Wrong = (&'static str, String, Option<String>);

fn wrong(id: &str, share: &Share) -> Option<Wrong> {
    let error = |code, message: &str| Some((code, message.to_owned(), None));
    let parts = [share.share, share.tolerance, share.false_alarm];
    if share.share.is_some() == share.count.is_some() {
        return Some(("one-of", format!("`{id}` needs either `share` or `count`"), None));
    }
    if share.count.is_some() && (share.tolerance.is_some() || share.false_alarm.is_some()) {
        return error("contradiction", "a `count` is exact; `tolerance` and `falseAlarm` go with `share`");
    }
    if share.tolerance.is_some() && share.false_alarm.is_some() {
        return error(
            "one-of",
            "`tolerance` says how far a share may be off, `falseAlarm` works it out: use one of them",
        );
    }
    if let Some(exact) = share.share.filter(|share| (0.0..1.0).contains(share) && *share > 0.0)
        && share.tolerance.is_none()
        && share.false_alarm.is_none()
    {
        let message = format!("a `share` of exactly {exact} comes up by chance at best");
        let help = "add `falseAlarm`, as 0.001, or `tolerance`; an exact number is a `count`";
        return Some(("one-of", message, Some(help.to_owned())));
    }
    if parts.into_iter().flatten().any(|part| !(0.0..=1.0).contains(&part)) || share.false_alarm == Some(0.0) {
        return error("invalid-value", "`share` and `tolerance` are 0 to 1, `falseAlarm` is above 0");
    }
    None
}

/// So few executions that every outcome would be accepted tell nothing.
fn cannot_fail(id: &str, share: &Share, shares: &[f64], executions: usize) -> Option<Wrong> {
    let (wanted, alarm) = (share.share?, share.false_alarm?);
    let needed = binomial::needed(wanted, binomial::each(alarm, shares))?;
    (executions < needed as usize).then(|| {
        let message = format!("{executions} executions are too few to tell a share of {wanted} on `{id}` from all or none");
        let help = format!("with `falseAlarm: {alarm}` submit at least {needed}");
        ("sample-too-small", message, Some(help))
    })
}
