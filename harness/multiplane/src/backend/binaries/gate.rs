//! Where the world's machines reach an API server of this computer: a port of the world's network that leads to a real one.

use std::io;

use simnet::Host;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// A port that leads out of the world, until dropped.
pub(super) struct Gate {
    _accept: AbortOnDropHandle<()>,
}

impl Gate {
    /// Leads every connection at `port` of `host` to `target`, `address:port` of this computer.
    pub(super) async fn open(host: &Host, port: u16, target: String) -> io::Result<Self> {
        let mut listener = host.listen(port).await?;
        let accept = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let target = target.clone();
                connections.spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(target).await {
                        // Either side may end it; there is nobody to tell.
                        let _ = far.set_nodelay(true);
                        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
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
