//! What reaches into running pods: `kubectl exec`, `attach`, `cp` and clients' port forwards, as a kubelet serves them.

mod command;
mod forward;
mod websocket;

pub(crate) use command::{Wanted, attach, exec};
pub(crate) use forward::forward;
pub(crate) use websocket::{Asked, Receiver, Sender};
