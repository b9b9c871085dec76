//! Which writes a webhook or a policy is about: rules, selectors, and versions that stand for each other.

use std::sync::Arc;

use crate::kinds::Kind;
use crate::resource::Resource;
use crate::selector::LabelSelector;
use crate::status::Status;
use crate::value::Value;

use super::Attempt;

/// Configuration of admission is itself never admitted by what is configured, so that nobody locks himself out.
const EXEMPT: &[&str] = &[
    "mutatingadmissionpolicies",
    "mutatingadmissionpolicybindings",
    "mutatingwebhookconfigurations",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
    "validatingwebhookconfigurations",
];
const NAMESPACES: Resource = Resource::new("", "v1", "namespaces");

/// What a write must be for a webhook or policy to see it.
#[derive(Debug)]
pub(super) struct Matching {
    rules: Vec<Rule>,
    excluded: Vec<Rule>,
    /// Rules also mean other versions of the same resource.
    equivalent: bool,
    namespaces: LabelSelector,
    objects: LabelSelector,
}

#[derive(Debug)]
struct Rule {
    operations: Vec<String>,
    groups: Vec<String>,
    versions: Vec<String>,
    resources: Vec<String>,
    /// Names of objects; empty: all.
    names: Vec<String>,
    scope: Scope,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    All,
    Cluster,
    Namespaced,
}

/// The resource type as which a webhook or policy sees a write.
#[derive(Clone, Debug)]
pub(super) enum Seen {
    /// As the client sent it.
    Own,
    /// In another version.
    As(Arc<Kind>),
}

impl Matching {
    /// Reads a webhook, or `matchConstraints` of a policy. `rules`: name of the field with the rules.
    pub(super) fn read(value: &Value, rules: &str) -> Self {
        let all = |field: &str| -> Vec<Rule> { value[field].as_array().into_iter().flatten().map(Rule::read).collect() };
        let selector = |field: &str| match &value[field] {
            Value::Null => LabelSelector::default(),
            selector => LabelSelector::of_object(selector),
        };
        Self {
            rules: all(rules),
            excluded: all("excludeResourceRules"),
            equivalent: value["matchPolicy"] != "Exact",
            namespaces: selector("namespaceSelector"),
            objects: selector("objectSelector"),
        }
    }

    /// Whether the write is meant, and in which version it is seen.
    ///
    /// # Errors
    /// 404 where the write's namespace, whose labels decide, is not there.
    pub(super) fn seen(&self, attempt: &Attempt<'_>) -> Result<Option<Seen>, Status> {
        let resource = &attempt.kind.resource;
        if resource.group() == "admissionregistration.k8s.io" && EXEMPT.contains(&resource.plural()) {
            return Ok(None);
        }
        if !self.selects_object(attempt) {
            return Ok(None);
        }
        let Some(seen) = self.by_rules(attempt) else { return Ok(None) };
        Ok(self.selects_namespace(attempt)?.then_some(seen))
    }

    /// As [`Matching::seen`], where no rules mean every resource: the further restrictions of a binding.
    ///
    /// # Errors
    /// As [`Matching::seen`].
    pub(super) fn allows(&self, attempt: &Attempt<'_>) -> Result<bool, Status> {
        let by_rules = if self.rules.is_empty() {
            !self.excluded.iter().any(|rule| rule.matches(attempt, &attempt.kind.resource))
        } else {
            self.by_rules(attempt).is_some()
        };
        Ok(by_rules && self.selects_object(attempt) && self.selects_namespace(attempt)?)
    }

    fn by_rules(&self, attempt: &Attempt<'_>) -> Option<Seen> {
        let resource = &attempt.kind.resource;
        let by = |rules: &[Rule]| {
            if rules.iter().any(|rule| rule.matches(attempt, resource)) {
                return Some(Seen::Own);
            }
            if !self.equivalent || rules.is_empty() {
                return None;
            }
            let others = attempt.server.kinds.versions(attempt.kind);
            let meant = |rule: &Rule| others.iter().find(|other| rule.matches(attempt, &other.resource));
            rules.iter().find_map(meant).cloned().map(Seen::As)
        };
        if by(&self.excluded).is_some() {
            return None;
        }
        by(&self.rules)
    }

    fn selects_object(&self, attempt: &Attempt<'_>) -> bool {
        let selected = |object: &Value| object.is_object() && self.objects.matches(object["metadata"]["labels"].as_object());
        self.objects.is_empty() || selected(attempt.new_object()) || attempt.old.is_some_and(|old| selected(old.value()))
    }

    fn selects_namespace(&self, attempt: &Attempt<'_>) -> Result<bool, Status> {
        let name = attempt.place();
        if self.namespaces.is_empty() || name.is_empty() {
            return Ok(true);
        }
        if attempt.kind.resource == NAMESPACES && attempt.new_object().is_object() && attempt.subresource().is_empty() {
            return Ok(self.namespaces.matches(attempt.object["metadata"]["labels"].as_object()));
        }
        let namespace = attempt.server.store.get(&"namespaces".into(), "", name);
        let namespace = namespace.ok_or_else(|| Status::not_found(&NAMESPACES, name))?;
        Ok(self.namespaces.matches(namespace.labels()))
    }
}

impl Rule {
    fn read(value: &Value) -> Self {
        let texts = |field: &str| -> Vec<String> {
            let list = value[field].as_array().into_iter().flatten();
            list.filter_map(|v| v.as_str().map(str::to_owned)).collect()
        };
        Self {
            operations: texts("operations"),
            groups: texts("apiGroups"),
            versions: texts("apiVersions"),
            resources: texts("resources"),
            names: texts("resourceNames"),
            scope: match value["scope"].as_str() {
                Some("Cluster") => Scope::Cluster,
                Some("Namespaced") => Scope::Namespaced,
                _ => Scope::All,
            },
        }
    }

    fn matches(&self, attempt: &Attempt<'_>, resource: &Resource) -> bool {
        let among = |list: &[String], value: &str| list.iter().any(|wanted| wanted == "*" || wanted == value);
        let cluster = *resource == NAMESPACES || attempt.place().is_empty();
        let in_scope = match self.scope {
            Scope::All => true,
            Scope::Cluster => cluster,
            Scope::Namespaced => !cluster,
        };
        let meant = |wanted: &String| {
            let (plural, part) = wanted.split_once('/').unwrap_or((wanted, ""));
            (plural == "*" || plural == resource.plural()) && (part == "*" || part == attempt.subresource())
        };
        in_scope
            && among(&self.operations, attempt.operation().name())
            && among(&self.groups, resource.group())
            && among(&self.versions, resource.version())
            && self.resources.iter().any(meant)
            && (self.names.is_empty() || self.names.iter().any(|name| name == attempt.name()))
    }
}
