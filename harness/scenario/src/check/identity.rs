//! The AWS account: its providers and roles, their policies, and what is expected of them.

use std::collections::BTreeSet;
use std::path::PathBuf;

use iam::{PolicyKind, Principals, provider_of};
use yaml::{Diagnostic, Spanned, suggest};

use super::{At, Context, files};
use crate::OneOrMany;
use crate::verb::{AssumeRole, Iam, ObjectAccess};

/// What earlier `iam` steps made.
#[derive(Default)]
pub(super) struct Known<'c> {
    account: Option<&'c str>,
    roles: BTreeSet<&'c str>,
    read: Vec<(PathBuf, PolicyKind)>,
}

/// Whether a text is an issuer's URL.
pub(super) fn is_issuer(text: &str) -> bool {
    let rest = text.strip_prefix("https://").unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || "-._~:/%".contains(c);
    !rest.is_empty() && rest.chars().all(legal) && !rest.starts_with(['/', ':', '.']) && !rest.ends_with('/')
}

pub(super) fn iam<'c>(context: &mut Context<'c>, at: At<'_>, step: &'c Iam, known: &mut Known<'c>) {
    let span = context.scenario.steps[at.step].span;
    account(context, at, step, known);
    if let Some(providers) = &step.providers {
        context.clusters(providers);
        for id in providers.iter() {
            let clusters = &context.scenario.clusters;
            if clusters.get(&id.value).is_some_and(|cluster| cluster.issuer.is_none()) {
                let message = format!("`{}` has no issuer that an account could trust", id.value);
                let help = format!("write `issuer: https://...` at cluster `{}`", id.value);
                context.push(context.error("missing-issuer", id.span, message).help(help));
            }
        }
    }
    for (name, role) in &step.roles {
        let legal = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if name.is_empty() || name.len() > 64 || !name.chars().all(legal) {
            let message = format!("`{name}` is no name of a role: at most 64 letters, digits and `_+=,.@-`");
            context.push(context.error("invalid-name", role.span, message));
        }
        match &role.value.trust {
            Some(file) => policy(context, file, PolicyKind::Trust, known),
            None if !known.roles.contains(name.as_str()) => {
                let message = format!("the role `{name}` has no trust policy");
                context.push(
                    context
                        .error("missing-field", role.span, message)
                        .help("name its file with `trust`"),
                );
            }
            None => {}
        }
        for file in role.value.permissions.iter().flat_map(OneOrMany::iter) {
            policy(context, file, PolicyKind::Permissions, known);
        }
        known.roles.insert(name);
    }
    if step.account.is_none() && step.providers.is_none() && step.roles.is_empty() {
        context.push(context.error("one-of", span, "`account`, `providers` or `roles` is needed"));
    }
}

fn account<'c>(context: &mut Context<'c>, at: At<'_>, step: &'c Iam, known: &mut Known<'c>) {
    match (&step.account, known.account) {
        (None, None) => {
            let span = context.scenario.steps[at.step].span;
            let message = "the first `iam` step needs the `account`, twelve digits";
            context.push(
                context
                    .error("missing-field", span, message)
                    .help("write `account: \"111122223333\"`"),
            );
            // Said once is enough.
            known.account = Some("");
        }
        (Some(id), _) if id.value.len() != 12 || !id.value.bytes().all(|byte| byte.is_ascii_digit()) => {
            context.push(context.error("invalid-value", id.span, format!("`{}` is no account: twelve digits", id.value)));
            known.account = Some("");
        }
        (Some(id), Some(before)) if !before.is_empty() && before != id.value => {
            context.push(context.error("contradiction", id.span, format!("the world's account is `{before}` already")));
        }
        (Some(id), _) => known.account = Some(&id.value),
        (None, Some(_)) => {}
    }
}

/// Reads a policy file once for each kind, and says what is wrong with it and what is hardly meant.
fn policy(context: &mut Context<'_>, file: &Spanned<String>, kind: PolicyKind, known: &mut Known<'_>) {
    let path = context.scenario.path(file);
    let asked = (path.clone(), kind);
    if known.read.contains(&asked) {
        return;
    }
    known.read.push(asked);
    let Some(text) = files::read(context, &path, file) else { return };
    let name = path.display().to_string();
    context.sources.add(name.clone(), text.clone());
    let policy = match iam::read(&name, &text, kind) {
        Ok(policy) => policy,
        Err(invalid) => {
            context.diagnostics.extend(invalid.0);
            return;
        }
    };
    context.diagnostics.extend(iam::lint(&name, &policy));
    for statement in &policy.statements {
        let Some(Principals::Named { federated, .. }) = &statement.principals else {
            continue;
        };
        for arn in federated {
            provider(context, &name, arn, known.account);
        }
    }
}

/// A provider that is no cluster's, or another account's, is trusted in vain.
fn provider(context: &mut Context<'_>, file: &str, arn: &Spanned<String>, account: Option<&str>) {
    let Some(issuer) = provider_of(&arn.value) else { return };
    let clusters = context.scenario.clusters.values();
    let issuers = clusters.filter_map(|cluster| cluster.issuer.as_ref()?.value.strip_prefix("https://"));
    let issuers: Vec<&str> = issuers.collect();
    let warn = |code, message: String| Diagnostic::warning(code, message).at(file, arn.span);
    let found = if context.parsed.clusters_complete && !issuers.contains(&issuer) {
        let message = format!("no cluster of the scenario has the issuer `{issuer}`");
        Some(warn("iam-unknown-provider", message).help(suggest::help(issuer, &issuers)))
    } else {
        let owner = arn.value.split(':').nth(4);
        let other = owner
            .zip(account)
            .filter(|(owner, account)| !account.is_empty() && owner != account);
        other.map(|(owner, account)| {
            warn(
                "iam-other-account",
                format!("the provider is of the account {owner}, the world's is {account}"),
            )
            .help("a role trusts providers of its own account")
        })
    };
    if let Some(found) = found {
        context.push(found);
    }
}

pub(super) fn assume_role(context: &mut Context<'_>, at: At<'_>, expected: &AssumeRole, known: &Known<'_>) {
    context.clusters(&expected.on);
    because(context, at, expected.allowed, expected.because.is_some());
    if !known.roles.contains(expected.role.value.as_str()) && context.parsed.steps_complete {
        let roles: Vec<&&str> = known.roles.iter().collect();
        let message = format!("no earlier `iam` step makes the role `{}`", expected.role.value);
        let diagnostic = context.error("unknown-role", expected.role.span, message);
        context.push(diagnostic.help(suggest::help(&expected.role.value, &roles)));
    }
}

pub(super) fn object_access(context: &mut Context<'_>, at: At<'_>, expected: &ObjectAccess, known: &Known<'_>) {
    context.clusters(&expected.on);
    because(context, at, expected.allowed, expected.because.is_some());
    if known.account.is_none() && context.parsed.steps_complete {
        let span = context.scenario.steps[at.step].span;
        context.push(context.error("no-account", span, "there is no AWS account: an earlier `iam` step is needed"));
    }
    let action = &expected.action;
    if !action
        .value
        .strip_prefix("s3:")
        .is_some_and(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric()))
    {
        let message = format!("`{}` is no action of S3, as `s3:GetObject`", action.value);
        context.push(context.error("invalid-value", action.span, message));
    }
    let resource = &expected.resource;
    if resource.value.strip_prefix("arn:aws:s3:::").is_none_or(str::is_empty) {
        let message = format!("`{}` is no ARN of S3, as `arn:aws:s3:::bucket/key`", resource.value);
        context.push(context.error("invalid-value", resource.span, message));
    }
}

fn because(context: &mut Context<'_>, at: At<'_>, allowed: bool, given: bool) {
    if allowed && given {
        let span = context.field(at, "because");
        context.push(context.error("contradiction", span, "`because` is about refusals: it needs `allowed: false`"));
    }
}
