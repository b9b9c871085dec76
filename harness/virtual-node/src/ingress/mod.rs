//! The way into a cluster from outside: TLS, and routes by host and path.

mod backend;
mod controller;
mod path;
mod proxy;
mod routes;
mod status;

pub use controller::IngressController;
