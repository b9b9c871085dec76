//! What the placement rules say of an execution, from the configuration that flyteadmin runs with and the labels at the time of the request.
//!
//! It predicts and explains. The judgement never asks it.

use flyte::placement::{Attributes, ClusterConfig, Decision, LabelSource, PoolSource, Request, Selector};

use crate::journal::Prediction;

/// The rules as a control plane is configured.
pub struct Oracle {
    /// One for each configuration that replicas run with; usually one.
    selectors: Vec<Selector>,
}

impl Oracle {
    /// The rules of these `clusters` sections. Those that flyteadmin does not start with are left out; there may be none, and nothing to
    /// predict then.
    pub fn of<'a>(sections: impl IntoIterator<Item = &'a String>) -> Self {
        let selectors = sections
            .into_iter()
            .filter_map(|text| ClusterConfig::from_yaml(text).ok())
            .filter_map(|(config, _)| Selector::new(config).ok())
            .collect();
        Self { selectors }
    }

    /// Where an execution should go; `None` where there is no configuration, or none that flyteadmin starts with.
    pub fn predict(&self, attributes: &Attributes, request: &Request) -> Option<Prediction> {
        let mut predictions: Vec<Prediction> = Vec::new();
        for selector in &self.selectors {
            let prediction = match selector.place(attributes, request) {
                Ok(decision) => prediction(&decision),
                Err(error) => undecided(error.to_string()),
            };
            if !predictions.contains(&prediction) {
                predictions.push(prediction);
            }
        }
        if predictions.len() > 1 {
            let reasons: Vec<&str> = predictions.iter().map(|prediction| prediction.reason.as_str()).collect();
            return Some(undecided(format!("replicas differ: {}", reasons.join(" or "))));
        }
        predictions.pop()
    }
}

fn undecided(reason: String) -> Prediction {
    Prediction {
        cluster: None,
        reason,
        label: None,
        label_source: String::new(),
        pool_source: String::new(),
    }
}

fn prediction(decision: &Decision) -> Prediction {
    let resolution = &decision.resolution;
    // "attribute:project_domain" is the case table's word; people read "project-domain".
    let source = resolution.source.to_string();
    let shown = source.trim_start_matches("attribute:").replace('_', "-");
    let label = match &resolution.label {
        Some(label) => format!("{label} ({shown})"),
        None => "no label".to_owned(),
    };
    let pool = match decision.choice.source {
        PoolSource::Label => match members(decision) {
            0 | 1 => String::new(),
            members => format!(", drawn among {members}"),
        },
        PoolSource::DefaultLabel => format!(" → default {}", decision.choice.label.as_deref().unwrap_or_default()),
        PoolSource::AllEnabled if resolution.source == LabelSource::None => format!(" → any of {}", members(decision)),
        PoolSource::AllEnabled => format!(" unmapped → any of {}", members(decision)),
        PoolSource::InCluster => " → own cluster".to_owned(),
    };
    Prediction {
        cluster: Some(decision.cluster.clone()),
        reason: format!("{label}{pool}"),
        label: resolution.label.clone(),
        label_source: source,
        pool_source: decision.choice.source.as_str().to_owned(),
    }
}

fn members(decision: &Decision) -> usize {
    decision.choice.pool.as_ref().map_or(0, |pool| pool.members.len())
}
