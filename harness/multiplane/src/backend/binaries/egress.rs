//! The API server's way into the world: HTTP's CONNECT at a socket of this computer, as its egress selector asks.
//!
//! Kubelets of virtual nodes speak plain HTTP, and an API server speaks TLS to kubelets: so TLS ends here.

use std::io;
use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use simnet::Host;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_util::task::AbortOnDropHandle;

use crate::node::tunnel::{Reach, head, target};

/// Port of kubelets.
const KUBELET: u16 = 10250;

/// Answers until dropped.
pub(super) struct Egress {
    _accept: AbortOnDropHandle<()>,
}

impl Egress {
    /// Answers at `socket`, and connects as `host` does. `kubelets` is what kubelets show to those who connect.
    pub(super) fn open(socket: &Path, host: Host, kubelets: Arc<ServerConfig>) -> io::Result<Self> {
        let listener = UnixListener::bind(socket)?;
        let tls = TlsAcceptor::from(kubelets);
        let accept = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (host, tls) = (host.clone(), tls.clone());
                connections.spawn(async move {
                    if let Err(error) = answer(stream, &host, &tls).await {
                        tracing::debug!(%error, "egress");
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            _accept: AbortOnDropHandle::new(accept),
        })
    }
}

async fn answer(mut near: UnixStream, host: &Host, tls: &TlsAcceptor) -> io::Result<()> {
    let request = head(&mut near).await?;
    let Some((name, port)) = target(&request, Reach::Everywhere) else {
        return near.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    };
    let Ok(mut far) = host.connect(name, port).await else {
        return near.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await;
    };
    near.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
    if port == KUBELET {
        pass(tls.accept(near).await?, &mut far).await
    } else {
        pass(near, &mut far).await
    }
}

async fn pass(mut near: impl AsyncRead + AsyncWrite + Unpin, far: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<()> {
    copy_bidirectional(&mut near, far).await.map(drop)
}
