//! A socket that leads into a world's network, as `kubectl port-forward` does.

use std::io;
use std::net::SocketAddr;

use simnet::Host;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// Listens until dropped.
pub(crate) struct Forward {
    address: SocketAddr,
    _accept: AbortOnDropHandle<()>,
}

impl Forward {
    /// Leads every connection at `bind` to `target` (`name:port`) as seen from `host`. A target that is not there yet ends the connection.
    pub(crate) async fn start(bind: SocketAddr, host: Host, target: String) -> io::Result<Self> {
        let listener = TcpListener::bind(bind).await?;
        let address = listener.local_addr()?;
        let accept = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let (host, target) = (host.clone(), target.clone());
                connections.spawn(async move {
                    let Some((name, port)) = target.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?))) else {
                        return;
                    };
                    if let Ok(mut far) = host.connect(name, port).await {
                        // Either side may end it; there is nobody to tell.
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            _accept: AbortOnDropHandle::new(accept),
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}
