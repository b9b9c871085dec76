//! The TLS server: one task for each connection, all gone with the cluster.

use std::sync::Arc;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use simnet::{Listener, Stream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::ApiService;
use crate::apiserver::ApiServer;
use crate::auth::Identity;

/// Serves connections until `stop`. When `config` changes, all of them end, and the next ones see the new one.
pub(crate) async fn serve(
    server: Arc<ApiServer>,
    mut listener: Listener,
    mut config: watch::Receiver<Arc<ServerConfig>>,
    tasks: TaskTracker,
    stop: CancellationToken,
) {
    let mut acceptor = TlsAcceptor::from(config.borrow_and_update().clone());
    let mut sessions = stop.child_token();
    loop {
        let stream = tokio::select! {
            biased;
            () = stop.cancelled() => return,
            Ok(()) = config.changed() => {
                acceptor = TlsAcceptor::from(config.borrow_and_update().clone());
                std::mem::replace(&mut sessions, stop.child_token()).cancel();
                continue;
            }
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::debug!(%error, "the API server stops listening");
                    return;
                }
            },
        };
        let session = session(server.clone(), acceptor.clone(), stream);
        let ends = sessions.clone();
        tasks.spawn(async move {
            tokio::select! {
                biased;
                () = ends.cancelled() => {}
                () = session => {}
            }
        });
    }
}

async fn session(server: Arc<ApiServer>, acceptor: TlsAcceptor, stream: Stream) {
    let stream = match acceptor.accept(stream).await {
        Ok(stream) => stream,
        Err(error) => {
            tracing::debug!(%error, "TLS handshake failed");
            return;
        }
    };
    let certificate = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first())
        .and_then(|leaf| identity(leaf));
    let service = TowerToHyperService::new(ApiService::new(server, certificate));
    let connection = auto::Builder::new(TokioExecutor::new());
    if let Err(error) = connection.serve_connection_with_upgrades(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "connection ended");
    }
}

/// User and groups of a verified client certificate: common name and organisations.
fn identity(leaf: &[u8]) -> Option<Identity> {
    let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
    let subject = certificate.subject();
    let user = subject.iter_common_name().next()?.as_str().ok()?.to_owned();
    let groups: Vec<String> = subject
        .iter_organization()
        .filter_map(|o| o.as_str().ok().map(str::to_owned))
        .collect();
    Some(Identity::new(user, groups))
}
