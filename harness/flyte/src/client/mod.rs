//! A client of the admin API.

mod channel;

pub use channel::{ChannelError, channel};
