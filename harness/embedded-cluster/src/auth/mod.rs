//! Who asks (authentication) and whether they may (authorisation).

mod attributes;
mod authenticate;
mod authorizer;
mod escalation;
mod identity;
mod rules;
mod tokens;

pub(crate) use attributes::{Attributes, Scope};
pub(crate) use authenticate::{Credentials, authenticate, token_identity};
pub(crate) use authorizer::Authorizer;
pub use identity::Identity;
pub(crate) use identity::{MASTERS, UNAUTHENTICATED};
pub(crate) use rules::Rule;
pub(crate) use tokens::{Bound, Claims, DEFAULT_ISSUER, Tokens};
