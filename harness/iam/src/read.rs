//! From AWS's JSON to a policy, with everything that is wrong at once.

use std::fmt;

use yaml::tree::{self, Entry, Node, Value};
use yaml::{Diagnostic, Diagnostics, Span, Spanned, suggest};

use crate::operator::NoOperator;
use crate::{Condition, Effect, Listed, Operator, Policy, PolicyKind, Principals, Statement, Version};

const POLICY_FIELDS: [&str; 3] = ["Version", "Id", "Statement"];
const STATEMENT_FIELDS: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
const PRINCIPAL_FIELDS: [&str; 4] = ["AWS", "Federated", "Service", "CanonicalUser"];

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Invalid(pub Diagnostics);

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<&str> = self.0.iter().map(|diagnostic| diagnostic.message.as_str()).collect();
        f.write_str(&texts.join("; "))
    }
}

impl std::error::Error for Invalid {}

/// Reads a policy; `file` is what diagnostics call it.
///
/// # Errors
/// What IAM refuses as `MalformedPolicyDocument`, and what is not evaluated here.
pub fn read(file: &str, text: &str, kind: PolicyKind) -> Result<Policy, Invalid> {
    let mut reader = Reader {
        file,
        kind,
        diagnostics: Diagnostics::default(),
    };
    let policy = reader.document(text);
    reader.diagnostics.sort();
    match policy {
        Some(policy) if !reader.diagnostics.has_errors() => Ok(policy),
        _ => Err(Invalid(reader.diagnostics)),
    }
}

struct Reader<'r> {
    file: &'r str,
    kind: PolicyKind,
    diagnostics: Diagnostics,
}

impl Reader<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: Option<String>) {
        let mut diagnostic = Diagnostic::error(code, message).at(self.file, span);
        diagnostic.help = help;
        self.diagnostics.push(diagnostic);
    }

    fn malformed(&mut self, span: Span, message: impl Into<String>) {
        self.error("iam-malformed", span, message, None);
    }

    fn document(&mut self, text: &str) -> Option<Policy> {
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            let (line, column) = (error.line().max(1), error.column().max(1));
            let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let place = Span {
                offset: (before + column - 1).min(text.len()),
                len: 0,
                line,
                column,
            };
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            self.error("iam-not-json", place, format!("the policy is no JSON: {said}"), None);
            return None;
        }
        // JSON is YAML, whose tree knows the place of everything.
        let root = match tree::parse(text) {
            Ok(root) => root?,
            Err(error) => {
                self.diagnostics.push(error.diagnostic(self.file));
                return None;
            }
        };
        let Some(entries) = root.mapping() else {
            self.malformed(root.span, "a policy is an object with `Version` and `Statement`");
            return None;
        };
        self.known(entries, &POLICY_FIELDS);
        let version = match root.get("Version").map(|node| (node.text(), node.span)) {
            None | Some((Some("2008-10-17"), _)) => Version::V2008,
            Some((Some("2012-10-17"), _)) => Version::V2012,
            Some((_, span)) => {
                let help = "it is the version of the policy language, not of your policy: `2012-10-17`".to_owned();
                self.error("iam-malformed", span, "`Version` is `2012-10-17` or `2008-10-17`", Some(help));
                Version::V2012
            }
        };
        let Some(statements) = root.get("Statement") else {
            self.malformed(root.span, "the policy has no `Statement`");
            return None;
        };
        let statements: Vec<Statement> = one_or_many(statements).iter().filter_map(|node| self.statement(node)).collect();
        let mut sids: Vec<&str> = Vec::new();
        for statement in &statements {
            if let Some(sid) = statement.sid.as_deref() {
                if sids.contains(&sid) {
                    self.malformed(statement.span, format!("two statements have the Sid `{sid}`"));
                }
                sids.push(sid);
            }
        }
        if statements.is_empty() && !self.diagnostics.has_errors() {
            self.malformed(root.span, "the policy has no statement");
        }
        Some(Policy { version, statements })
    }

    fn known(&mut self, entries: &[Entry], fields: &[&str]) {
        for entry in entries {
            let name = &entry.key.text;
            if !fields.contains(&name.as_str()) {
                let help = suggest::help(name, fields);
                self.error(
                    "iam-unknown-element",
                    entry.key_span,
                    format!("unknown element `{name}`"),
                    Some(help),
                );
            }
        }
    }

    fn statement(&mut self, node: &Node) -> Option<Statement> {
        let Some(entries) = node.mapping() else {
            self.malformed(node.span, "a statement is an object");
            return None;
        };
        self.known(entries, &STATEMENT_FIELDS);
        let sid = node
            .get("Sid")
            .and_then(Node::text)
            .filter(|sid| !sid.is_empty())
            .map(str::to_owned);
        if let (Some(sid), Some(at)) = (&sid, node.get("Sid"))
            && !sid.chars().all(|c| c.is_ascii_alphanumeric())
        {
            self.malformed(at.span, format!("the Sid `{sid}` is of letters and digits only"));
        }
        let effect = match node.get("Effect").map(|effect| (effect.text(), effect.span)) {
            Some((Some("Allow"), _)) => Some(Effect::Allow),
            Some((Some("Deny"), _)) => Some(Effect::Deny),
            Some((_, span)) => {
                self.malformed(span, "`Effect` is `Allow` or `Deny`");
                None
            }
            None => {
                self.malformed(node.span, "the statement has no `Effect`");
                None
            }
        };
        let principals = self.principals(node);
        let actions = self.listed(node, "Action", "NotAction");
        if let Some(actions) = &actions {
            actions.texts.iter().for_each(|action| self.action(action));
        } else {
            self.malformed(node.span, "the statement has no `Action`");
        }
        let resources = self.resources(node);
        let conditions = node
            .entry("Condition")
            .map(|entry| self.conditions(&entry.value))
            .unwrap_or_default();
        Some(Statement {
            sid,
            effect: effect?,
            principals,
            actions: actions?,
            resources,
            conditions,
            span: node.span,
        })
    }

    fn principals(&mut self, node: &Node) -> Option<Principals> {
        if let Some(entry) = node.entry("NotPrincipal") {
            self.error("iam-not-evaluated", entry.key_span, "`NotPrincipal` is not evaluated here", None);
        }
        let entry = match (self.kind, node.entry("Principal")) {
            (PolicyKind::Trust, Some(entry)) => entry,
            (PolicyKind::Trust, None) => {
                self.malformed(node.span, "a statement of a trust policy needs a `Principal`");
                return None;
            }
            (PolicyKind::Permissions, Some(entry)) => {
                self.malformed(
                    entry.key_span,
                    "a policy of permissions names no `Principal`: it is about who it is attached to",
                );
                return None;
            }
            (PolicyKind::Permissions, None) => return None,
        };
        let value = &entry.value;
        if value.text() == Some("*") {
            return Some(Principals::Everyone(value.span));
        }
        let Some(entries) = value.mapping().filter(|entries| !entries.is_empty()) else {
            let help = r#"write `{"Federated": "arn:aws:iam::ACCOUNT:oidc-provider/ISSUER"}`"#.to_owned();
            self.error("iam-malformed", value.span, "`Principal` is an object or `\"*\"`", Some(help));
            return None;
        };
        self.known(entries, &PRINCIPAL_FIELDS);
        let (mut federated, mut others) = (Vec::new(), Vec::new());
        for entry in entries {
            let names = self.texts(&entry.value);
            match entry.key.text.as_str() {
                "AWS" if names.iter().any(|name| name.value == "*") => return Some(Principals::Everyone(entry.value.span)),
                "Federated" => {
                    names.iter().for_each(|name| self.federated(name));
                    federated.extend(names);
                }
                _ => others.extend(names),
            }
        }
        Some(Principals::Named { federated, others })
    }

    fn federated(&mut self, name: &Spanned<String>) {
        let parts: Vec<&str> = name.value.splitn(6, ':').collect();
        let account = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
        let fits = match parts[..] {
            ["arn", partition, "iam", "", id, resource] => {
                let named = ["oidc-provider/", "saml-provider/"]
                    .iter()
                    .any(|kind| resource.len() > kind.len() && resource.starts_with(kind));
                partition.starts_with("aws") && account(id) && named && !resource.contains(['*', '<', '>'])
            }
            // Providers that all accounts have: `cognito-identity.amazonaws.com`, `accounts.google.com`.
            [_] => name.value.contains('.') && !name.value.contains(['/', '*', '<']),
            _ => false,
        };
        if !fits {
            let help = if name.value.contains('<') {
                "fill in the placeholders"
            } else if name.value.contains('*') {
                "a principal's name is written out: no wildcards"
            } else if name.value.contains("https://") {
                "the issuer stands in it without `https://`"
            } else {
                "its form is `arn:aws:iam::123456789012:oidc-provider/ISSUER`, with the issuer's URL without `https://`"
            };
            let message = format!("invalid principal `{}`", name.value);
            self.error("iam-principal", name.span, message, Some(help.to_owned()));
        }
    }

    fn action(&mut self, action: &Spanned<String>) {
        let text = action.value.as_str();
        match self.kind {
            PolicyKind::Trust if text != "*" && !text.to_lowercase().starts_with("sts:") => {
                let message = format!("a trust policy is about actions of STS, not `{text}`");
                let help = format!("`{}` for service accounts", crate::ASSUME_ROLE_WITH_WEB_IDENTITY);
                self.error("iam-malformed", action.span, message, Some(help));
            }
            _ if text != "*"
                && !text
                    .split_once(':')
                    .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty()) =>
            {
                let message = format!("the action `{text}` has no service before it, as `s3:GetObject`");
                self.malformed(action.span, message);
            }
            _ => {}
        }
    }

    fn resources(&mut self, node: &Node) -> Option<Listed> {
        let resources = self.listed(node, "Resource", "NotResource");
        match (self.kind, &resources) {
            (PolicyKind::Trust, Some(_)) => {
                let entry = node.entry("Resource").or_else(|| node.entry("NotResource"));
                let span = entry.map_or(node.span, |entry| entry.key_span);
                self.malformed(span, "a trust policy names no resource: it is about its role");
            }
            (PolicyKind::Permissions, None) => self.malformed(node.span, "the statement has no `Resource`"),
            (PolicyKind::Permissions, Some(listed)) => {
                for resource in &listed.texts {
                    let text = &resource.value;
                    if text != "*" && text.splitn(6, ':').count() < 6 {
                        let help = (!text.contains(':')).then(|| format!("a bucket is `arn:aws:s3:::{text}`"));
                        self.error(
                            "iam-malformed",
                            resource.span,
                            format!("the resource `{text}` is no ARN and not `*`"),
                            help,
                        );
                    } else if text.contains('<') {
                        let message = format!("the resource `{text}` is no ARN");
                        self.error("iam-malformed", resource.span, message, Some("fill in the placeholders".to_owned()));
                    }
                }
            }
            (PolicyKind::Trust, None) => {}
        }
        resources
    }

    fn listed(&mut self, node: &Node, name: &'static str, not: &'static str) -> Option<Listed> {
        let (entry, negated) = match (node.entry(name), node.entry(not)) {
            (Some(_), Some(second)) => {
                self.malformed(second.key_span, format!("`{name}` and `{not}` exclude each other"));
                return None;
            }
            (Some(entry), None) => (entry, false),
            (None, Some(entry)) => (entry, true),
            (None, None) => return None,
        };
        let texts = self.texts(&entry.value);
        (!texts.is_empty()).then_some(Listed { negated, texts })
    }

    fn texts(&mut self, node: &Node) -> Vec<Spanned<String>> {
        let nodes = one_or_many(node);
        if nodes.is_empty() {
            self.malformed(node.span, "the list is empty");
        }
        let mut texts = Vec::new();
        for node in nodes {
            match node.text() {
                Some(text) => texts.push(Spanned {
                    value: text.to_owned(),
                    span: node.span,
                }),
                None => self.malformed(node.span, "a text is expected"),
            }
        }
        texts
    }

    fn conditions(&mut self, node: &Node) -> Vec<Condition> {
        let Some(entries) = node.mapping() else {
            self.malformed(node.span, "`Condition` is an object of operators");
            return Vec::new();
        };
        let mut conditions = Vec::new();
        for entry in entries {
            let operator = match Operator::read(&entry.key.text) {
                Ok(operator) => operator,
                Err(why) => {
                    self.no_operator(entry, why);
                    continue;
                }
            };
            let Some(keys) = entry.value.mapping() else {
                self.malformed(entry.value.span, format!("`{}` is an object of condition keys", entry.key.text));
                continue;
            };
            for key in keys {
                if key.key.text.contains(['<', '>']) {
                    let message = format!("no condition key: `{}`", key.key.text);
                    self.error("iam-malformed", key.key_span, message, Some("fill in the placeholders".to_owned()));
                }
                conditions.push(Condition {
                    operator,
                    key: Spanned {
                        value: key.key.text.clone(),
                        span: key.key_span,
                    },
                    values: self.texts(&key.value),
                });
            }
        }
        conditions
    }

    fn no_operator(&mut self, entry: &Entry, why: NoOperator) {
        let name = &entry.key.text;
        match why {
            NoOperator::NotEvaluated => {
                let message = format!("the condition operator `{name}` is not evaluated here");
                self.error("iam-not-evaluated", entry.key_span, message, None);
            }
            NoOperator::Unknown(nearest) => {
                let help = nearest.map(|nearest| format!("did you mean `{nearest}`?"));
                let message = format!("unknown condition operator `{name}`");
                self.error("iam-unknown-operator", entry.key_span, message, help);
            }
        }
    }
}

fn one_or_many(node: &Node) -> &[Node] {
    match &node.value {
        Value::Sequence(nodes) => nodes,
        _ => std::slice::from_ref(node),
    }
}
