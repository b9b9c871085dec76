//! What is legal in a policy and hardly meant.

use yaml::{Diagnostic, Diagnostics, Spanned};

use crate::{ASSUME_ROLE_WITH_WEB_IDENTITY, Condition, Effect, Operator, Policy, Principals, Statement, Test};

/// The resource name of an OIDC provider's ARN begins so.
const OIDC: &str = ":oidc-provider/";
/// What the subject of a service account's token begins with.
const SUBJECT: &str = "system:serviceaccount:";

/// The issuer, without `https://`, that the ARN of an OIDC provider names.
pub fn provider_of(arn: &str) -> Option<&str> {
    Some(arn.split_once(OIDC)?.1)
}

/// Remarks on a policy; `file` is what they call it.
pub fn lint(file: &str, policy: &Policy) -> Diagnostics {
    let mut found = Lint {
        file,
        diagnostics: Diagnostics::default(),
    };
    for statement in &policy.statements {
        found.wildcards_taken_literally(statement);
        found.resources(statement);
        let about = |action: &&str| statement.actions.texts.iter().any(|text| text.value.eq_ignore_ascii_case(action));
        if statement.effect == Effect::Allow && ["sts:*", "*", ASSUME_ROLE_WITH_WEB_IDENTITY].iter().any(about) {
            found.trust(statement);
        }
    }
    found.diagnostics.sort();
    found.diagnostics
}

struct Lint<'l> {
    file: &'l str,
    diagnostics: Diagnostics,
}

impl Lint<'_> {
    fn warn(&mut self, code: &'static str, at: yaml::Span, message: String, help: &str) {
        self.diagnostics
            .push(Diagnostic::warning(code, message).at(self.file, at).help(help));
    }

    fn wildcards_taken_literally(&mut self, statement: &Statement) {
        for condition in &statement.conditions {
            let literal = matches!(
                condition.operator.test,
                Test::StringEquals | Test::StringNotEquals | Test::StringEqualsIgnoreCase | Test::StringNotEqualsIgnoreCase
            );
            let stars = condition
                .values
                .iter()
                .filter(|value| value.value.contains(['*', '?']) && !value.value.contains("${"));
            for value in stars.filter(|_| literal) {
                let message = format!("`{}` takes `{}` literally: no wildcards", condition.operator, value.value);
                self.warn("iam-literal-wildcard", value.span, message, "`StringLike` has wildcards");
            }
        }
    }

    /// A bucket with `*` directly behind its name is every bucket whose name begins so.
    fn resources(&mut self, statement: &Statement) {
        let resources = statement.resources.iter().flat_map(|listed| &listed.texts);
        for resource in resources.filter(|_| statement.effect == Effect::Allow) {
            let bucket = resource
                .value
                .splitn(6, ':')
                .nth(5)
                .and_then(|name| name.split('/').next())
                .unwrap_or_default();
            let open = resource.value.contains(":s3:") && bucket.len() > 1 && bucket.ends_with('*');
            if let (true, Some(name)) = (open, bucket.strip_suffix('*')) {
                let message = format!("`{}` is every bucket whose name begins with `{name}`", resource.value);
                let help = format!("`arn:aws:s3:::{name}` is the bucket, `arn:aws:s3:::{name}/*` its objects");
                self.warn("iam-bucket-prefix", resource.span, message, &help);
            }
        }
    }

    fn trust(&mut self, statement: &Statement) {
        let providers: Vec<&str> = match &statement.principals {
            Some(Principals::Everyone(span)) => {
                let message = "everybody may assume the role whom the conditions let".to_owned();
                self.warn("iam-everyone", *span, message, "name the provider as `Federated` principal");
                return;
            }
            Some(Principals::Named { federated, .. }) => federated.iter().filter_map(|arn| provider_of(&arn.value)).collect(),
            None => return,
        };
        if self.other_providers(statement, &providers) {
            // Then nobody gets in, so that what else is missing lets nobody in.
            return;
        }
        for provider in providers {
            let of = |claim: &str| {
                let key = format!("{provider}:{claim}");
                let about = move |condition: &&Condition| demands(condition.operator) && condition.key.value.eq_ignore_ascii_case(&key);
                let conditions = statement.conditions.iter().filter(about);
                conditions.flat_map(|condition| condition.values.iter().map(move |value| (condition, value)))
            };
            if of("sub").next().is_none() {
                let message = format!("no condition on `{provider}:sub`: every service account of that cluster may assume the role");
                let help = "name the accounts, as `system:serviceaccount:NAMESPACE:NAME`";
                self.warn("iam-missing-sub", statement.span, message, help);
            }
            if of("aud").next().is_none() {
                let message = format!("no condition on `{provider}:aud`: tokens for every audience that the provider lists are accepted");
                self.warn("iam-missing-aud", statement.span, message, "demand `sts.amazonaws.com`");
            }
            for (condition, value) in of("sub") {
                self.subject(condition, value);
            }
        }
    }

    /// Conditions on another provider's keys never hold: a token has its own provider's only.
    fn other_providers(&mut self, statement: &Statement, providers: &[&str]) -> bool {
        let mut found = false;
        for condition in &statement.conditions {
            let Some((issuer, "aud" | "sub")) = condition.key.value.rsplit_once(':') else {
                continue;
            };
            if issuer.contains('.') && demands(condition.operator) && !providers.iter().any(|known| known.eq_ignore_ascii_case(issuer)) {
                let message = format!(
                    "the condition is about the provider `{issuer}`, the statement trusts {}",
                    names(providers)
                );
                let help = "a token has the keys of its own provider only, so this never holds";
                self.warn("iam-other-provider", condition.key.span, message, help);
                found = true;
            }
        }
        found
    }

    fn subject(&mut self, condition: &Condition, value: &Spanned<String>) {
        let like = condition.operator.test == Test::StringLike;
        let parts: Vec<&str> = value
            .value
            .strip_prefix(SUBJECT)
            .map(|rest| rest.split(':').collect())
            .unwrap_or_default();
        let open = |part: &str| like && part.contains('*') && part.chars().all(|c| matches!(c, '*' | '?'));
        match parts[..] {
            [namespace, name] if open(namespace) && open(name) => self.every_account(value),
            [namespace, name] if open(namespace) => {
                let message = format!("the account `{name}` of every namespace may assume the role, of `kube-system` as of those to come");
                let help = "narrow the namespace as far as the projects' names allow, as `*-production`";
                self.warn("iam-any-namespace", value.span, message, help);
            }
            [namespace, name] if open(name) => {
                let message = format!("every service account of the namespace `{namespace}` may assume the role");
                self.warn("iam-any-account", value.span, message, "name the accounts");
            }
            [_, _] => {}
            [rest] if open(rest) => self.every_account(value),
            [] if open(&value.value) => self.every_account(value),
            [] if like && value.value.contains('*') => {}
            _ => {
                let message = format!("`{}` is no subject of a service account: it matches no token", value.value);
                self.warn(
                    "iam-subject",
                    value.span,
                    message,
                    "its form is `system:serviceaccount:NAMESPACE:NAME`",
                );
            }
        }
    }

    fn every_account(&mut self, value: &Spanned<String>) {
        let message = format!("`{}` is every service account of the cluster", value.value);
        self.warn(
            "iam-any-account",
            value.span,
            message,
            "name the accounts, or at least the namespaces",
        );
    }
}

/// Whether an operator demands values, and a key that is there.
fn demands(operator: Operator) -> bool {
    !operator.test.negated() && operator.test != Test::Null && !operator.if_exists
}

fn names(providers: &[&str]) -> String {
    if providers.is_empty() {
        return "none".to_owned();
    }
    providers.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
