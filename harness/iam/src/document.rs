//! A policy as it was read, with the places of what it says.

use yaml::{Span, Spanned};

use crate::Operator;

/// What a policy is attached to, which decides what it must and must not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    /// A role's trust policy: who may assume it.
    Trust,
    /// A policy of what an identity may do.
    Permissions,
}

/// The policy language's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// `2008-10-17`, also where none is given: `${...}` is plain text.
    V2008,
    /// `2012-10-17`: `${...}` is a variable.
    V2012,
}

/// A policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Of the language.
    pub version: Version,
    /// In the file's order.
    pub statements: Vec<Statement>,
}

/// One statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Its name, if it has one.
    pub sid: Option<String>,
    /// What follows when it matches.
    pub effect: Effect,
    /// Whom it is about; none in a policy of permissions.
    pub principals: Option<Principals>,
    /// `Action` or `NotAction`.
    pub actions: Listed,
    /// `Resource` or `NotResource`; none in a trust policy.
    pub resources: Option<Listed>,
    /// All of them must hold.
    pub conditions: Vec<Condition>,
    /// Where it begins.
    pub span: Span,
}

/// What a statement does to requests that match it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They are allowed, unless another statement denies them.
    Allow,
    /// They are refused, whatever else is said.
    Deny,
}

/// Texts with wildcards, or all but these.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    /// `NotAction`, `NotResource`.
    pub negated: bool,
    /// The texts as written.
    pub texts: Vec<Spanned<String>>,
}

/// Whom a statement is about.
#[derive(Clone, Debug, PartialEq)]
pub enum Principals {
    /// `"*"`, or `{"AWS": "*"}`, which means the same.
    Everyone(Span),
    /// Those named.
    Named {
        /// ARNs of identity providers.
        federated: Vec<Spanned<String>>,
        /// Accounts, users, roles and services, which are nobody's web identity.
        others: Vec<Spanned<String>>,
    },
}

/// One key of one operator.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// How it is compared.
    pub operator: Operator,
    /// The key as written; upper and lower case are the same.
    pub key: Spanned<String>,
    /// Any of these will do.
    pub values: Vec<Spanned<String>>,
}
