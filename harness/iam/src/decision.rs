//! From policies and a request to a decision.

use std::fmt;

use crate::pattern::Pattern;
use crate::{Condition, Effect, Found, Listed, Policy, Principal, Principals, Request, Statement, Version};

/// Whether a request is allowed, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Whether it is.
    pub allowed: bool,
    /// If allowed, the statement that allows it; if explicitly denied, the one that does; else one reason for each statement that could have
    /// allowed it.
    pub reasons: Vec<Reason>,
}

/// What one statement has to do with the decision.
#[derive(Clone, Debug, PartialEq)]
pub struct Reason {
    /// The policy's name, if it has one.
    pub policy: String,
    /// The statement's number in the policy, from 1.
    pub statement: usize,
    /// Its name.
    pub sid: Option<String>,
    /// What it does to requests that match it.
    pub effect: Effect,
    /// Why it does not match; empty if it does.
    pub mismatches: Vec<Mismatch>,
}

/// Why a statement does not match a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Mismatch {
    /// It is about others.
    Principal {
        /// Those that it names.
        expected: Vec<String>,
        /// Who asks.
        actual: String,
    },
    /// It is about other actions.
    Action {
        /// As written.
        expected: Vec<String>,
        /// The request's.
        actual: String,
    },
    /// It is about other resources.
    Resource {
        /// As written.
        expected: Vec<String>,
        /// The request's.
        actual: String,
    },
    /// A condition does not hold.
    Condition {
        /// The condition.
        condition: Box<Condition>,
        /// What the request has.
        actual: Found,
    },
}

/// Decides a request by named policies, all of them together.
pub fn evaluate<'p>(policies: impl IntoIterator<Item = (&'p str, &'p Policy)>, request: &Request<'_>) -> Decision {
    let mut allowed = None;
    let mut others = Vec::new();
    for (name, policy) in policies {
        for (index, statement) in policy.statements.iter().enumerate() {
            let reason = Reason {
                policy: name.to_owned(),
                statement: index + 1,
                sid: statement.sid.clone(),
                effect: statement.effect,
                mismatches: mismatches(statement, policy.version, request),
            };
            match (statement.effect, reason.mismatches.is_empty()) {
                // Whatever else is said.
                (Effect::Deny, true) => {
                    return Decision {
                        allowed: false,
                        reasons: vec![reason],
                    };
                }
                (Effect::Allow, true) => allowed = allowed.or(Some(reason)),
                (Effect::Allow, false) => others.push(reason),
                (Effect::Deny, false) => {}
            }
        }
    }
    Decision {
        allowed: allowed.is_some(),
        reasons: allowed.map_or(others, |reason| vec![reason]),
    }
}

fn mismatches(statement: &Statement, version: Version, request: &Request<'_>) -> Vec<Mismatch> {
    // Who and what come first: of a statement about somebody else, the conditions say nothing.
    if let Some(mismatch) = principal(statement, request).or_else(|| action(statement, request)) {
        return vec![mismatch];
    }
    if let Some(resources) = &statement.resources {
        let asked = request.resource.unwrap_or("*");
        let like = |text: &str| Pattern::new(text, true, version, request.keys).is_some_and(|pattern| pattern.matches(asked));
        if !matches(resources, like) {
            return vec![Mismatch::Resource {
                expected: written(resources, "resource"),
                actual: asked.to_owned(),
            }];
        }
    }
    let failed = statement.conditions.iter().filter_map(|condition| {
        let actual = condition.check(version, request.keys).err()?;
        Some(Mismatch::Condition {
            condition: Box::new(condition.clone()),
            actual,
        })
    });
    failed.collect()
}

fn principal(statement: &Statement, request: &Request<'_>) -> Option<Mismatch> {
    let Some(Principals::Named { federated, others }) = &statement.principals else {
        return None;
    };
    let (listed, asked) = match request.principal {
        Principal::WebIdentity(arn) => (federated, arn),
        Principal::Role(arn) => (others, arn),
    };
    if listed.iter().any(|name| name.value == *asked) {
        return None;
    }
    Some(Mismatch::Principal {
        expected: federated.iter().chain(others).map(|name| name.value.clone()).collect(),
        actual: asked.clone(),
    })
}

fn action(statement: &Statement, request: &Request<'_>) -> Option<Mismatch> {
    let like = |text: &str| {
        let pattern = Pattern::new(text, true, Version::V2008, request.keys);
        pattern.is_some_and(|pattern| pattern.matches_ignoring_case(request.action))
    };
    (!matches(&statement.actions, like)).then(|| Mismatch::Action {
        expected: written(&statement.actions, "action"),
        actual: request.action.to_owned(),
    })
}

fn matches(listed: &Listed, like: impl Fn(&str) -> bool) -> bool {
    listed.texts.iter().any(|text| like(text)) != listed.negated
}

fn written(listed: &Listed, what: &str) -> Vec<String> {
    let not = if listed.negated {
        format!("every {what} but ")
    } else {
        String::new()
    };
    let mut texts: Vec<String> = listed.texts.iter().map(|text| text.value.clone()).collect();
    if let Some(first) = texts.first_mut() {
        *first = format!("{not}{first}");
    }
    texts
}

impl Decision {
    /// The reasons, a line each.
    pub fn explain(&self) -> Vec<String> {
        if self.reasons.is_empty() {
            return vec!["no statement allows anything".to_owned()];
        }
        self.reasons.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.policy.is_empty() {
            write!(f, "{}, ", self.policy)?;
        }
        write!(f, "statement {}", self.statement)?;
        if let Some(sid) = &self.sid {
            write!(f, " ({sid})")?;
        }
        if self.mismatches.is_empty() {
            return f.write_str(match self.effect {
                Effect::Allow => " allows it",
                Effect::Deny => " denies it explicitly",
            });
        }
        let texts: Vec<String> = self.mismatches.iter().map(ToString::to_string).collect();
        write!(f, ": {}", texts.join("; "))
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal { expected, actual } => write!(f, "it trusts {}, not {actual}", expected.join(", ")),
            Self::Action { expected, actual } => write!(f, "it is about {}, not about {actual}", expected.join(", ")),
            Self::Resource { expected, actual } => write!(f, "it is about {}, not about {actual}", expected.join(", ")),
            Self::Condition { condition, actual } => {
                let values: Vec<String> = condition.values.iter().map(|value| format!("{:?}", value.value)).collect();
                write!(
                    f,
                    "condition {} {:?} expects {}, {actual}",
                    condition.operator,
                    condition.key.value,
                    values.join(" or ")
                )
            }
        }
    }
}
