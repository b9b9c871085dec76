//! What the placement rules say of an execution, from the control plane's own configuration and labels at the time of the request.
//!
//! It predicts and explains. The judgement never asks it.

use flyte::placement::{Attributes, ClusterConfig, Decision, LabelSource, PoolSource, Request, Selector};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ListParams;
use kube::{Api, Client};

use crate::journal::Prediction;

/// The chart's ConfigMap with flyteadmin's `clusters` section, and its key.
const CONFIG_MAP: (&str, &str) = ("flyte-admin-clusters-config", "clusters.yaml");

/// The rules as a control plane is configured.
pub struct Oracle {
    selector: Selector,
}

impl Oracle {
    /// Reads the configuration from the control plane's cluster; `None` where there is none, or one that flyteadmin does not start with:
    /// there is nothing to predict then.
    ///
    /// # Errors
    /// As the API server's.
    pub async fn of(controlplane: &Client) -> kube::Result<Option<Self>> {
        let maps: Api<ConfigMap> = Api::all(controlplane.clone());
        let found = maps
            .list(&ListParams::default().fields(&format!("metadata.name={}", CONFIG_MAP.0)))
            .await?;
        let text = found.items.into_iter().find_map(|map| map.data?.remove(CONFIG_MAP.1));
        let selector = text
            .and_then(|text| ClusterConfig::from_yaml(&text).ok())
            .and_then(|(config, _)| Selector::new(config).ok());
        Ok(selector.map(|selector| Self { selector }))
    }

    /// Where an execution should go.
    pub fn predict(&self, attributes: &Attributes, request: &Request) -> Prediction {
        match self.selector.place(attributes, request) {
            Ok(decision) => prediction(&decision),
            Err(error) => Prediction {
                cluster: None,
                reason: error.to_string(),
                label: None,
                label_source: String::new(),
                pool_source: String::new(),
            },
        }
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
