//! AWS IAM policies as pure functions: policy and request in, decision with its reasons out. No clock, no IO.
//!
//! [`read`] takes a policy in AWS's JSON and says everything that is wrong with it, each with its place; [`lint`] says what is legal and hardly
//! meant. [`evaluate`] decides by IAM's documented logic: an explicit `Deny` wins, then any `Allow`, and without one the request is refused. A refusal
//! says of every statement which part did not match, what it expects and what the request has.
//!
//! What is not evaluated is refused by [`read`]: numeric, date, address and binary conditions, and `NotPrincipal`. Nothing is accepted and ignored.

mod condition;
mod decision;
mod document;
mod lint;
mod operator;
mod pattern;
mod read;
mod request;

pub use condition::Found;
pub use decision::{Decision, Mismatch, Reason, evaluate};
pub use document::{Condition, Effect, Listed, Policy, PolicyKind, Principals, Statement, Version};
pub use lint::{lint, provider_of};
pub use operator::{Operator, Quantifier, Test};
pub use read::{Invalid, read};
pub use request::{Keys, Principal, Request};

/// The action by which a pod gets a role's credentials for its service account's token.
pub const ASSUME_ROLE_WITH_WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";
