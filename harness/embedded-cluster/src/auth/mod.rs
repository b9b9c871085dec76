//! Who asks (authentication) and whether they may (authorisation).

mod identity;

pub use identity::Identity;
pub(crate) use identity::{AUTHENTICATED, MASTERS, UNAUTHENTICATED};
