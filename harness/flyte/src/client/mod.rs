//! A client of the admin API over the network of a world, typed for what scenarios do.

mod admin;
mod answer;
mod channel;
mod error;
mod execution;
mod labels;
mod submit;

pub use admin::Admin;
pub use channel::{ChannelError, GrpcChannel, channel};
pub use error::ClientError;
pub use execution::{Execution, Submission, Target};
pub use submit::Checked;
