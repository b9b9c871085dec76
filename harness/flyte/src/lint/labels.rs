//! `labelClusterMap` and the default label.

use yaml::{Diagnostics, suggest};

use super::rules;
use super::view::{LabelView, View};

pub(super) fn check(view: &View<'_, '_>, found: &mut Diagnostics) {
    if view.clusters.is_empty() {
        return;
    }
    for (index, label) in view.labels.iter().enumerate() {
        spelling(label, &view.labels[..index], found);
        entries(view, label, found);
        sum(view, label, found);
    }
    default_label(view, found);
    let remote = view.clusters.iter().any(|cluster| !cluster.cluster.in_cluster);
    let unmapped = view.helm && remote && view.labels.is_empty();
    if let Some(clusters) = view.section.field("clusterConfigs").filter(|_| unmapped) {
        let message = "`labelClusterMap` is empty";
        found.push(rules::NO_LABELS.at(clusters.key_place, message).help("map at least one label"));
    }
}

fn spelling(label: &LabelView<'_>, earlier: &[LabelView<'_>], found: &mut Diagnostics) {
    if let Some(other) = earlier.iter().find(|earlier| earlier.label == label.label) {
        let message = format!("labels `{}` and `{}` are the same to flyteadmin", other.written, label.written);
        found.push(rules::LABEL_COLLISION.at(label.place, message));
    }
    if label.written != label.resolved {
        let message = format!("label `{}` is read as `{}`", label.written, label.resolved);
        let help = format!("quote it: \"{}\"", label.written);
        found.push(rules::LABEL_RESOLVED.at(label.place, message).help(help));
    } else if label.written != label.label {
        let (written, stored) = (label.written, &label.label);
        let help = format!("write it in lower case, or write labelClusterMap as a list, which keeps the case: `- {written}: [...]`");
        found.push(
            rules::LABEL_CAPITALS
                .at(label.place, format!("label `{written}` is stored as `{stored}`"))
                .help(help),
        );
    }
}

fn entries(view: &View<'_, '_>, label: &LabelView<'_>, found: &mut Diagnostics) {
    for entry in &label.entries {
        let (id, weight) = (&entry.id, entry.weight);
        let enabled = view.enabled(id);
        if !(0.0..=1.0).contains(&weight) {
            let rule = if enabled == Some(true) {
                rules::WEIGHT_RANGE
            } else {
                rules::WEIGHT_DORMANT
            };
            let mut diagnostic = rule.at(entry.weight_place, format!("weight {weight} of `{id}` is not within 0 to 1"));
            if (1.0..=100.0).contains(&weight) {
                diagnostic = diagnostic.help(format!("for {weight} percent write {}", weight / 100.0));
            }
            found.push(diagnostic);
        }
        match enabled {
            None => {
                let names: Vec<&str> = view.clusters.iter().map(|cluster| cluster.cluster.name.as_str()).collect();
                let message = format!("label `{}` names cluster `{id}`, which is not configured", label.written);
                found.push(rules::ID_UNKNOWN.at(entry.place, message).help(suggest::help(id, &names)));
            }
            Some(false) if view.has_pool(&label.label) => {
                let message = format!("label `{}` names cluster `{id}`, which is disabled", label.written);
                found.push(rules::ID_DISABLED.at(entry.place, message));
            }
            Some(_) => {}
        }
    }
    if !view.has_pool(&label.label) {
        let message = format!("label `{}` has no enabled cluster", label.written);
        found.push(rules::LABEL_DEAD.at(label.place, message));
    }
}

/// Notes about weights that are allowed, but may not be what was meant.
fn sum(view: &View<'_, '_>, label: &LabelView<'_>, found: &mut Diagnostics) {
    let live: Vec<_> = label.entries.iter().filter(|entry| view.enabled(&entry.id) == Some(true)).collect();
    let valid = live.iter().all(|entry| (0.0..=1.0).contains(&entry.weight));
    let sum: f32 = live.iter().map(|entry| entry.weight).sum();
    if !valid || sum == 0.0 {
        return;
    }
    for entry in live.iter().filter(|entry| entry.weight == 0.0) {
        let message = format!("`{}` has weight 0 under label `{}`", entry.id, label.written);
        found.push(rules::WEIGHT_ZERO.at(entry.weight_place, message));
    }
    if live.len() > 1 && (sum - 1.0).abs() > 1e-4 {
        let shares: Vec<String> = live
            .iter()
            .map(|entry| format!("{} {:.2} %", entry.id, f64::from(entry.weight / sum) * 100.0))
            .collect();
        let message = format!("the weights of label `{}` add up to {sum}: {}", label.written, shares.join(", "));
        found.push(rules::WEIGHTS_SCALED.at(label.place, message));
    }
}

fn default_label(view: &View<'_, '_>, found: &mut Diagnostics) {
    let default = view.config.default_execution_label.as_str();
    let field = view.section.field("defaultExecutionLabel");
    match field.filter(|_| !default.is_empty()) {
        Some(field) if !view.has_pool(default) => {
            let reason = match view.config.label_cluster_map.contains_key(default) {
                true => "has no enabled cluster",
                false => "is not in labelClusterMap",
            };
            let message = format!("the default label `{default}` {reason}");
            let help = suggest::help(default, &view.usable_labels());
            found.push(rules::DEFAULT_UNKNOWN.at(field.value.place, message).help(help));
        }
        Some(_) => {}
        None if view.clusters.iter().filter(|cluster| cluster.cluster.enabled).count() > 1 => {
            found.push(rules::NO_DEFAULT.at(view.section.place, "`defaultExecutionLabel` is not set"));
        }
        None => {}
    }
}
