//! RBAC policy rules: what one allows, and whether some cover others.

use crate::value::Value;

use super::{Attributes, Scope};

/// One rule of a Role or ClusterRole, borrowed from the stored object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule<'a>(pub(crate) &'a Value);

impl<'a> Rule<'a> {
    /// The rules of a Role or ClusterRole.
    pub(crate) fn of_role(role: &'a Value) -> impl Iterator<Item = Rule<'a>> {
        role["rules"].as_array().into_iter().flatten().map(Rule)
    }

    fn list(self, field: &str) -> impl Iterator<Item = &'a str> {
        self.0
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
    }

    fn has(self, field: &str, value: &str) -> bool {
        self.list(field).any(|v| v == "*" || v == value)
    }

    /// Whether the rule allows the request.
    pub(crate) fn allows(self, attributes: &Attributes) -> bool {
        if !self.has("verbs", &attributes.verb) {
            return false;
        }
        match &attributes.scope {
            Scope::Path(path) => self.list("nonResourceURLs").any(|pattern| url_matches(pattern, path)),
            Scope::Resource {
                resource,
                subresource,
                name,
                ..
            } => {
                self.has("apiGroups", resource.group())
                    && self.allows_resource(resource.plural(), subresource)
                    && (self.list("resourceNames").next().is_none() || self.list("resourceNames").any(|n| n == name))
            }
        }
    }

    fn allows_resource(self, plural: &str, subresource: &str) -> bool {
        self.list("resources").any(|pattern| {
            pattern == "*"
                || match pattern.split_once('/') {
                    None => subresource.is_empty() && pattern == plural,
                    Some((r, s)) => !subresource.is_empty() && s == subresource && (r == "*" || r == plural),
                }
        })
    }

    /// The rule in pieces of one verb on one thing each, for [`Piece::is_covered_by`].
    pub(crate) fn pieces(self) -> Vec<Piece> {
        let verbs: Vec<&str> = self.list("verbs").collect();
        let names: Vec<&str> = self.list("resourceNames").collect();
        let names: Vec<&str> = if names.is_empty() { vec![""] } else { names };
        let mut pieces = vec![];
        for group in self.list("apiGroups") {
            for resource in self.list("resources") {
                for name in &names {
                    pieces.extend(verbs.iter().map(|verb| Piece::resource(verb, group, resource, name)));
                }
            }
        }
        for url in self.list("nonResourceURLs") {
            pieces.extend(verbs.iter().map(|verb| Piece {
                verb: (*verb).into(),
                url: url.into(),
                ..Piece::default()
            }));
        }
        pieces
    }

    fn covers(self, piece: &Piece) -> bool {
        if !self.has("verbs", &piece.verb) {
            return false;
        }
        if !piece.url.is_empty() {
            return self.list("nonResourceURLs").any(|p| p == piece.url || url_matches(p, &piece.url));
        }
        let resource = self.list("resources").any(|pattern| {
            pattern == "*" || pattern == piece.resource || {
                let sub = piece.resource.split_once('/').map(|(_, s)| s);
                pattern.strip_prefix("*/").is_some_and(|s| Some(s) == sub)
            }
        });
        let mut names = self.list("resourceNames").peekable();
        let named = names.peek().is_none() || (!piece.name.is_empty() && names.any(|n| n == piece.name));
        self.has("apiGroups", &piece.group) && resource && named
    }
}

/// One verb on one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) verb: String,
    pub(crate) group: String,
    pub(crate) resource: String,
    pub(crate) name: String,
    pub(crate) url: String,
}

impl Piece {
    fn resource(verb: &str, group: &str, resource: &str, name: &str) -> Self {
        Self {
            verb: verb.into(),
            group: group.into(),
            resource: resource.into(),
            name: name.into(),
            url: String::new(),
        }
    }

    /// Whether one of the rules allows all that this piece does.
    pub(crate) fn is_covered_by(&self, rules: &[Value]) -> bool {
        rules.iter().any(|rule| Rule(rule).covers(self))
    }
}

fn url_matches(pattern: &str, path: &str) -> bool {
    pattern == "*" || pattern == path || pattern.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::Resource;
    use crate::value::json;

    fn wants(verb: &str, plural: &'static str, subresource: &str, name: &str) -> Attributes {
        let mut attributes = Attributes::resource(verb, Resource::new("apps", "v1", plural), "ns", name);
        if let Scope::Resource { subresource: s, .. } = &mut attributes.scope {
            *s = subresource.into();
        }
        attributes
    }

    #[test]
    fn rules_allow() {
        let rule = json!({"apiGroups": ["apps"], "resources": ["deployments", "*/scale"], "verbs": ["get"], "resourceNames": ["a"]});
        let rule = Rule(&rule);
        assert!(rule.allows(&wants("get", "deployments", "", "a")));
        assert!(rule.allows(&wants("get", "replicasets", "scale", "a")));
        assert!(!rule.allows(&wants("get", "deployments", "status", "a")));
        assert!(!rule.allows(&wants("get", "deployments", "", "b")));
        assert!(!rule.allows(&wants("list", "deployments", "", "a")));
        let paths = json!({"nonResourceURLs": ["/foo/*"], "verbs": ["*"]});
        assert!(Rule(&paths).allows(&Attributes::path("get", "/foo/bar")));
        assert!(!Rule(&paths).allows(&Attributes::path("get", "/fo")));
    }

    #[test]
    fn rules_cover() {
        let held = [json!({"apiGroups": [""], "resources": ["pods", "*/log"], "verbs": ["get", "list"]})];
        let wanted = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"], "resourceNames": ["x"]});
        assert!(Rule(&wanted).pieces().iter().all(|piece| piece.is_covered_by(&held)));
        let more = json!({"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "delete"]});
        assert!(!Rule(&more).pieces().iter().all(|piece| piece.is_covered_by(&held)));
    }
}
