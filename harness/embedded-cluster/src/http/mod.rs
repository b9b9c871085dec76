//! HTTP: a [`tower::Service`] over the pipeline, and a TLS server that runs it.

mod discovery;
mod impersonate;
mod negotiate;
mod openapi;
mod paths;
mod proxy;
mod respond;
mod route;
mod serve;
mod service;
mod table;
mod watch;

pub use respond::ResponseBody;
pub(crate) use serve::serve;
pub use service::ApiService;
