//! What only clusters of this process have, told before anything is made.

use scenario::verb::Expect;
use scenario::{Scenario, Verb};

/// Why a scenario cannot run on clusters outside of this process; empty if nothing of this kind is against it.
pub(crate) fn refusals(scenario: &Scenario) -> impl Iterator<Item = String> {
    names(scenario).chain(issuers(scenario)).chain(accounts(scenario))
}

/// Pods there ask a name server that is not the harness's own.
fn names(scenario: &Scenario) -> impl Iterator<Item = String> {
    let named = scenario.clusters.iter().filter(|(_, cluster)| !cluster.names.is_empty());
    named.map(|(id, cluster)| {
        let names: Vec<&str> = cluster.names.iter().map(|name| name.value.as_str()).collect();
        format!(
            "cluster {id}: `names` ({}) are served on the backend embedded only",
            names.join(", ")
        )
    })
}

fn issuers(scenario: &Scenario) -> impl Iterator<Item = String> {
    let clusters = scenario.clusters.iter();
    let named = clusters.filter_map(|(id, cluster)| Some((id, cluster.issuer.as_ref()?)));
    named.map(|(id, issuer)| {
        let issuer = &issuer.value;
        format!("cluster {id}: an `issuer` of its own ({issuer}) is given to clusters of the backend embedded only")
    })
}

/// One of its steps will do: there is no account without an `iam` step.
fn accounts(scenario: &Scenario) -> Option<String> {
    let mut asked = scenario.steps.iter().filter_map(|step| match &step.verb {
        Verb::Iam(_) => Some((step.span.line, "iam")),
        Verb::Expect(expect) => match **expect {
            Expect::AssumeRole(_) => Some((step.span.line, "expect assumeRole")),
            Expect::ObjectAccess(_) => Some((step.span.line, "expect objectAccess")),
            _ => None,
        },
        _ => None,
    });
    asked
        .next()
        .map(|(line, what)| format!("line {line}: {what}: only worlds of the backend embedded have an AWS account"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn other_backends_refuse_issuers_and_accounts() {
        let text = "apiVersion: multiplane.dev/v1alpha1\nkind: Scenario\nmetadata: {name: s}\n\
            clusters: {a: {role: other, issuer: \"https://i.example\", names: {api: [b.example]}}}\nsteps:\n\
            - iam: {account: \"111122223333\", providers: a}\n\
            - expect: {objectAccess: {on: a, serviceAccount: n/a, action: \"s3:GetObject\", resource: \"arn:aws:s3:::b/k\", allowed: false}}\n";
        let loaded = scenario::parse_text(Path::new("s.yaml"), text).unwrap_or_else(|invalid| panic!("{invalid}"));
        let refused: Vec<String> = super::refusals(&loaded.scenario).collect();
        let expected = [
            "cluster a: `names` (b.example) are served on the backend embedded only",
            "cluster a: an `issuer` of its own (https://i.example) is given to clusters of the backend embedded only",
            "line 6: iam: only worlds of the backend embedded have an AWS account",
        ];
        assert_eq!(refused, expected);
    }
}
