//! All labels at a glance: where each leads, and which stored label uses it.

use std::collections::BTreeMap;

use flyte::placement::explain::{key_text, percent, unmatched};
use flyte::placement::{Attributes, PoolChoice, PoolSource, Selector, shares};
use multiplane::exit::Exit;
use serde_json::{Value, json};

use crate::cli::exit::Failure;
use crate::cli::output::Output;
use crate::cli::table::{aligned, row};

pub(super) fn run(title: &str, selector: &Selector, attributes: &Attributes, as_json: bool, output: &mut Output) -> Result<Exit, Failure> {
    let labels: Vec<(&str, PoolChoice)> = selector
        .config()
        .label_cluster_map
        .keys()
        .map(|label| (label.as_str(), selector.choose_label(Some(label))))
        .collect();
    let unlabelled = selector.choose_label(None);
    if as_json {
        let labels: BTreeMap<_, _> = labels.iter().map(|(label, choice)| (*label, pool_json(choice))).collect();
        let rows: Vec<Value> = attributes
            .rows()
            .iter()
            .map(|stored| json!({"row": stored, "choice": pool_json(&selector.choose_label(Some(&stored.label)))}))
            .collect();
        output.json(&json!({
            "mode": selector.mode(), "config": selector.config(), "labels": labels,
            "no_label": pool_json(&unlabelled), "attributes": rows,
        }))?;
        return Ok(Exit::Passed);
    }
    output.line(title)?;
    output.line("")?;
    let mut table = vec![row(["LABEL", "GOES TO"])];
    table.extend(labels.iter().map(|(label, choice)| vec![(*label).to_owned(), destination(choice)]));
    table.push(vec!["(none, or another)".to_owned(), destination(&unlabelled)]);
    aligned(&table, "").iter().try_for_each(|line| output.line(line))?;
    if !attributes.rows().is_empty() {
        output.line("")?;
        let mut table = vec![row(["STORED FOR", "LABEL", "GOES TO"])];
        table.extend(attributes.rows().iter().map(|stored| {
            vec![
                key_text(&stored.key),
                stored.label.clone(),
                destination(&selector.choose_label(Some(&stored.label))),
            ]
        }));
        aligned(&table, "").iter().try_for_each(|line| output.line(line))?;
    }
    Ok(Exit::Passed)
}

fn pool_json(choice: &PoolChoice) -> Value {
    json!({"choice": choice, "shares": shares(choice)})
}

/// The clusters with their shares, and why it is another pool than the label's own.
fn destination(choice: &PoolChoice) -> String {
    let shares: Vec<String> = shares(choice)
        .into_iter()
        .map(|(cluster, share)| {
            if share == 1.0 {
                cluster
            } else {
                format!("{cluster} {}", percent(share))
            }
        })
        .collect();
    let why: Vec<String> = choice
        .passed_over
        .iter()
        .map(|passed| format!("`{}`: {}", passed.label, unmatched(&passed.reason)))
        .collect();
    let pool = match choice.source {
        PoolSource::Label => String::new(),
        PoolSource::DefaultLabel => format!("default label `{}`", choice.label.as_deref().unwrap_or_default()),
        PoolSource::AllEnabled => "all enabled clusters".to_owned(),
        PoolSource::InCluster => return "flyteadmin's own cluster".to_owned(),
    };
    let notes: Vec<String> = [pool].into_iter().chain(why).filter(|note| !note.is_empty()).collect();
    match notes.is_empty() {
        true => shares.join(", "),
        false => format!("{} ({})", shares.join(", "), notes.join("; ")),
    }
}
