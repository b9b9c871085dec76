//! An API server whose certificate is of another authority.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::wait::await_condition;
use kube::{Api, Client};
use scenario::verb::Fault;
use simnet::http::{Access, AccessService};

use super::{bites, hold, on_nothing, without_effect};
use crate::backend::Vantage;
use crate::backend::faults::Undo;
use crate::run::context::Context;
use crate::run::step::failure::{Failure, within};

/// Where clusters publish the certificate of their authority.
const PUBLISHED: &str = "kube-root-ca.crt";
/// How long that may take.
const PUBLISHING: Duration = Duration::from_secs(60);

/// Changes the authority of an API server's certificate, and connects to it with trust in the old one.
pub(super) async fn rotate(context: &Context<'_>, step: &Fault, id: &str) -> Result<(), Failure> {
    let cluster = context.cluster(id)?.clone();
    let fixed = || Failure::invalid("fault", "this backend's API servers keep their authority");
    let old = cluster.authority().ok_or_else(fixed)?.pem();
    if let Err(error) = reached(context, id, &old).await {
        return Err(on_nothing(format!(
            "the API server of {id} is not reached without the fault: {error}"
        )));
    }
    let undo: Undo = {
        let cluster = cluster.clone();
        Box::pin(async move {
            if let Some(authority) = cluster.authority() {
                authority.restore()?;
            }
            Ok(format!("the certificate of {} is of its first authority", cluster.id()))
        })
    };
    hold(context, step, undo).await;
    let authority = cluster.authority().ok_or_else(fixed)?;
    authority.rotate().map_err(|error| Failure::environment("fault", error))?;
    let new = authority.pem();
    match reached(context, id, &old).await {
        Ok(()) => return Err(without_effect(format!("the API server of {id} is trusted as before"))),
        Err(error) => bites(context, &format!("who trusts the old authority of {id}: {error}")),
    }
    if let Err(error) = reached(context, id, &new).await {
        return Err(without_effect(format!(
            "the API server of {id} does not serve with the new authority: {error}"
        )));
    }
    let maps: Api<ConfigMap> = Api::namespaced(cluster.client(), "default");
    let shown = await_condition(maps, PUBLISHED, move |map: Option<&ConfigMap>| {
        let data: Option<&BTreeMap<String, String>> = map.and_then(|map| map.data.as_ref());
        data.and_then(|data| data.get("ca.crt")) == Some(&new)
    });
    within(PUBLISHING, "ConfigMap kube-root-ca.crt with the new authority", shown).await??;
    bites(context, &format!("ConfigMaps {PUBLISHED} of {id} have the new one"));
    Ok(())
}

/// Asks an API server for its version, as whoever trusts this authority.
async fn reached(context: &Context<'_>, id: &str, ca: &str) -> Result<(), String> {
    let access = Access {
        server: context.cluster(id).map_err(|failure| failure.message)?.api(Vantage::Pods),
        ca_pem: ca.to_owned(),
        ..Access::default()
    };
    let service = AccessService::new(&context.world.operator(), &access).map_err(|error| error.to_string())?;
    let version = Client::new(service, "default").apiserver_version().await;
    version.map(drop).map_err(|error| match error {
        kube::Error::Service(cause) => cause.to_string(),
        other => other.to_string(),
    })
}
