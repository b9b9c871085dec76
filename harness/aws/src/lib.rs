//! The part of an AWS account that the identities of pods need: OIDC providers, roles with their policies, the sessions that STS hands out, and
//! whether a session may do something.
//!
//! [`Account`] is the state. [`sts`] speaks STS's query API over it, [`signature`] tells whose a signed request is, and [`pod_identity`] is what EKS's
//! webhook does to pods. Policies are evaluated by the crate `iam`. There is no network in here: the caller serves and fetches.

mod account;
mod error;
pub mod pod_identity;
mod session;
pub mod signature;
pub mod sts;
mod token;
mod xml;

pub use account::{Account, AssumeRole, Assumed, PolicyFile, Provider, Refusal};
pub use error::{S3Error, StsError};
pub use session::{Credentials, Session};
pub use token::{InvalidKeys, KeySet};
pub use xml::escape;

/// The audience of tokens for STS.
pub const AUDIENCE: &str = "sts.amazonaws.com";
