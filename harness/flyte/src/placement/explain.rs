//! Reasons as text for people.

use super::{
    AttributeKey, Decision, DropReason, Dropped, LabelSource, Level, Member, Mismatch, PoolChoice, PoolSource, Resolution, Unmatched,
};

/// A decision as text: the label, the pool, the draw; one fact a line, without a final line break.
#[must_use]
pub fn explain(decision: &Decision) -> String {
    let mut lines = label_lines(&decision.resolution);
    lines.extend(pool_lines(&decision.choice));
    lines.push(draw_line(decision));
    lines.join("\n")
}

/// Where the label came from; below it every stored row, with why it did or did not apply.
#[must_use]
pub fn label_lines(resolution: &Resolution) -> Vec<String> {
    let label = resolution.label.as_deref();
    let mut head = match (label, resolution.source) {
        (Some(label), LabelSource::Parent) => format!("label `{label}`, inherited from the parent run"),
        (Some(label), LabelSource::Request) => format!("label `{label}`, given in the request"),
        (Some(label), LabelSource::Attribute(level)) => {
            format!("label `{label}`, stored for the {}", level_name(level))
        }
        (None, LabelSource::Attribute(level)) => format!(
            "no label: the one stored for the {} is empty, and hides those of weaker levels",
            level_name(level)
        ),
        (_, _) => "no label".to_owned(),
    };
    if let Some(own) = &resolution.overridden_request_label {
        head.push_str(&format!("; the parent run's label replaces `{own}` of the request"));
    }
    let mut lines = vec![head];
    lines.extend(resolution.rows.iter().map(|row| {
        let verdict = match &row.mismatch {
            None => "applies".to_owned(),
            Some(Mismatch::Outranked) => "outranked".to_owned(),
            Some(Mismatch::Differs(fields)) => format!("other {}", fields.join(", ").replace('_', " ")),
        };
        format!("  {}: `{}`: {verdict}", key_text(&row.row.key), row.row.label)
    }));
    lines
}

/// Which pool, and what was passed over on the way to it; below it the members and what dropped out.
#[must_use]
pub fn pool_lines(choice: &PoolChoice) -> Vec<String> {
    let mut lines: Vec<String> = choice
        .passed_over
        .iter()
        .map(|passed| format!("label `{}` has no pool: {}", passed.label, unmatched(&passed.reason)))
        .collect();
    let label = choice.label.as_deref().unwrap_or_default();
    lines.push(match choice.source {
        PoolSource::Label => format!("pool of label `{label}`"),
        PoolSource::DefaultLabel => format!("pool of the default label `{label}`"),
        PoolSource::AllEnabled => "pool of all enabled clusters, in equal shares".to_owned(),
        PoolSource::InCluster => "no clusterConfigs: flyteadmin's own cluster, recorded as \"\"".to_owned(),
    });
    if let Some(pool) = &choice.pool {
        let width = pool.members.iter().map(|member| member.cluster.len()).max().unwrap_or_default();
        lines.extend(pool.members.iter().map(|member| member_line(member, width)));
        lines.extend(pool.dropped.iter().map(|dropped| format!("  {}", dropped_text(dropped))));
    }
    lines
}

/// The draw of one execution.
#[must_use]
pub fn draw_line(decision: &Decision) -> String {
    match (&decision.draw, decision.threshold) {
        (Some(draw), Some(threshold)) => format!(
            "drew {threshold:.6} (FNV-1a {:#018x}, seed {}, float {:.6}): {}",
            draw.fnv1a64, draw.seed_modulo, draw.float32, decision.cluster
        ),
        _ => "no draw: there is one cluster".to_owned(),
    }
}

fn member_line(member: &Member, width: usize) -> String {
    let share = percent(member.share);
    format!(
        "  {:width$}  {share:>8}  draws up to {:.6}  weight {}",
        member.cluster, member.running_total, member.weight
    )
}

/// A share in percent, two digits.
#[must_use]
pub fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// Why a label has no pool.
#[must_use]
pub fn unmatched(reason: &Unmatched) -> String {
    match reason {
        Unmatched::NotInMap { nearest: None } => "labelClusterMap lacks it".to_owned(),
        Unmatched::NotInMap { nearest: Some(nearest) } => {
            format!("labelClusterMap lacks it (did you mean `{nearest}`?)")
        }
        Unmatched::NoEnabledCluster { dropped } if dropped.is_empty() => "its list is empty".to_owned(),
        Unmatched::NoEnabledCluster { dropped } => {
            let entries: Vec<_> = dropped.iter().map(dropped_text).collect();
            entries.join(", ")
        }
    }
}

fn dropped_text(dropped: &Dropped) -> String {
    let reason = match dropped.reason {
        DropReason::Disabled => "is disabled",
        DropReason::NotConfigured => "is not in clusterConfigs",
        DropReason::ZeroWeight => "has weight 0",
    };
    format!("{} {reason}", dropped.cluster)
}

/// What a stored label applies to.
#[must_use]
pub fn key_text(key: &AttributeKey) -> String {
    let fields = key.fields();
    let set = fields.iter().filter(|(_, value)| !value.is_empty());
    set.map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
        .collect::<Vec<_>>()
        .join(", ")
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Project => "project",
        Level::ProjectDomain => "project and domain",
        Level::Workflow => "workflow",
        Level::LaunchPlan => "launch plan",
    }
}
