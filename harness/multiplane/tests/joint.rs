//! Every verb that names clusters takes one, a list, a pattern and a role; and when one of many fails, the verdict says which.

#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "support/shown.rs"]
mod shown;
#[path = "support/steps.rs"]
mod steps;

use std::fmt::Write as _;

use multiplane::journal::Outcome;
use steps::{assert_shown, run};

/// A verb on clusters `ON`. `before` makes what it needs on `a` and `b`, so that it fails on `c`; there, `why` says so.
struct Case {
    verb: &'static str,
    before: &'static str,
    step: &'static str,
    why: &'static str,
}

const DEPLOY: &str = "release: web, chart: ../../scenarios/language/releases/chart, namespace: default";
/// Somebody has removed the release's records.
const FORGET: &str = "- delete: {on: c, apiVersion: v1, kind: Secret, namespace: default, selector: owner=helm}";
const MADE: &str =
    "- apply: {on: [a, b], objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default}, data: {x: old}}]}";
const WORKLOAD: &str =
    "- apply: {on: [a, b], objects: [{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: default}, spec: \
    {selector: {matchLabels: {app: web}}, template: {metadata: {labels: {app: web}}, spec: {containers: [{name: web, image: 'web:1'}]}}}}]}
- wait: {until: {on: [a, b], apiVersion: apps/v1, kind: Deployment, namespace: default, name: web, condition: Available}}";
const ACCOUNT: &str = "- apply: {on: [a, b], objects: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: s, namespace: default}}]}";
/// The account trusts `a` and `b`.
const TRUSTED: &str = "- iam: {account: '111122223333', providers: [a, b], roles: {flyte-dataplane-role: \
    {trust: ../../fixtures/iam/dataplane-role-two-clusters.json, permissions: ../../fixtures/iam/flyte-s3-policy.json}}}
- apply: {on: [a, b, c], objects: [{apiVersion: v1, kind: Namespace, metadata: {name: flyte}}]}
- apply: {on: [a, b, c], objects: [{apiVersion: v1, kind: ServiceAccount, metadata: {name: flytepropeller, namespace: flyte, annotations: \
    {eks.amazonaws.com/role-arn: 'arn:aws:iam::111122223333:role/flyte-dataplane-role'}}}]}";
const OBJECT: &str = "apiVersion: v1, kind: ConfigMap, namespace: default, name: z";

#[rustfmt::skip]
const CASES: [Case; 21] = [
    Case { verb: "deploy", before: "- apply: {on: c, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: colour, namespace: default}}]}", step: "- deploy: {on: ON, DEPLOY}", why: "ConfigMap" },
    Case { verb: "upgrade", before: "- deploy: {on: '*', DEPLOY}\nFORGET", step: "- upgrade: {on: ON, DEPLOY}", why: "has no deployed releases" },
    Case { verb: "rollback", before: "- deploy: {on: '*', DEPLOY}\n- upgrade: {on: '*', DEPLOY}\nFORGET", step: "- rollback: {on: ON, release: web, namespace: default}", why: "release: not found" },
    Case { verb: "uninstall", before: "- deploy: {on: '*', DEPLOY}\nFORGET", step: "- uninstall: {on: ON, release: web, namespace: default}", why: "not found" },
    Case { verb: "grant", before: ACCOUNT, step: "- grant: {serviceAccount: default/s, from: ON, to: {cluster: a, secret: default/credentials}, probe: false}", why: "ServiceAccount default/s does not exist on c" },
    Case { verb: "revoke", before: "ACCOUNT\n- grant: {serviceAccount: default/s, from: [a, b], to: {cluster: a, secret: default/credentials}, probe: false}", step: "- revoke: {serviceAccount: default/s, from: ON, what: token}", why: "there is no token in Secret" },
    Case { verb: "apply", before: "- apply: {on: c, objects: [{apiVersion: v1, kind: ResourceQuota, metadata: {name: q, namespace: default}, spec: {hard: {configmaps: '0'}}}]}\n- wait: {for: 1m}", step: "- apply: {on: ON, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default}}]}", why: "exceeded quota" },
    Case { verb: "patch", before: MADE, step: "- patch: {on: ON, OBJECT, patch: {data: {x: new}}}", why: "not found" },
    Case { verb: "delete", before: MADE, step: "- delete: {on: ON, OBJECT}", why: "not found" },
    Case { verb: "restart", before: WORKLOAD, step: "- restart: {on: ON, namespace: default, name: web}", why: "not found" },
    Case { verb: "exec", before: "", step: "- exec: {on: ON, command: [sh, -c, 'test $MULTIPLANE_CLUSTER != c']}", why: "exit status: 1" },
    Case { verb: "script", before: "", step: "- script: {on: ON, run: 'test $MULTIPLANE_CLUSTER != c'}", why: "exit status: 1" },
    Case { verb: "read", before: MADE, step: "- read: {id: r, on: ON, OBJECT, outputs: {x: {cel: object.data.x}}, within: 1s}", why: "z" },
    Case { verb: "wait", before: WORKLOAD, step: "- wait: {until: {on: ON, apiVersion: apps/v1, kind: Deployment, namespace: default, name: web, condition: Available, within: 1s}}", why: "Deployment" },
    Case { verb: "always", before: MADE, step: "- always: {id: i, on: ON, OBJECT, matches: {data: {x: old}}, within: 1s}", why: "ConfigMap" },
    Case { verb: "never", before: "- apply: {on: c, objects: [{apiVersion: v1, kind: ConfigMap, metadata: {name: z, namespace: default}}]}", step: "- never: {id: i, on: ON, OBJECT, within: 1s}", why: "z" },
    Case { verb: "expect pods", before: WORKLOAD, step: "- expect: {pods: {on: ON, namespace: default, count: 1, within: 1s}}", why: "pods" },
    Case { verb: "expect resources", before: MADE, step: "- expect: {resources: {on: ON, OBJECT, matches: {data: {x: old}}, within: 1s}}", why: "z" },
    Case { verb: "expect resources, count", before: MADE, step: "- expect: {resources: {on: ON, apiVersion: v1, kind: ConfigMap, namespace: default, count: 2, within: 1s}}", why: "1" },
    Case { verb: "expect assumeRole", before: TRUSTED, step: "- expect: {assumeRole: {on: ON, serviceAccount: flyte/flytepropeller, role: flyte-dataplane-role, allowed: true}}", why: "may not assume flyte-dataplane-role" },
    Case { verb: "expect objectAccess", before: TRUSTED, step: "- expect: {objectAccess: {on: ON, serviceAccount: flyte/flytepropeller, action: 's3:GetObject', resource: 'arn:aws:s3:::flyte-data/x', allowed: true}}", why: "may not s3:GetObject" },
];

impl Case {
    fn steps(&self, on: &str) -> String {
        let text = format!(
            "{}\n{}\n",
            self.before.replace("ACCOUNT", ACCOUNT).replace("FORGET", FORGET),
            self.step
        );
        text.replace("DEPLOY", DEPLOY)
            .replace("OBJECT", OBJECT)
            .replace(": ON", &format!(": {on}"))
    }

    /// What is not as it must be.
    fn faults(&self) -> String {
        let mut faults = String::new();
        let verb = self.verb;
        for on in ["a", "[a, b]", "\"[ab]\""] {
            let (outcome, shown) = run(&self.steps(on));
            if outcome != Outcome::Passed {
                writeln!(faults, "{verb} on {on}: {outcome:?}\n{shown}").unwrap();
            }
        }
        for on in ["[a, b, c]", "\"*\"", "role=other"] {
            let (outcome, shown) = run(&self.steps(on));
            let mut told = shown
                .lines()
                .map(str::trim)
                .skip_while(|line| !line.contains("1 of 3 clusters failed"))
                .skip(1);
            let (a, b, c) = (told.next(), told.next(), told.next());
            let named = a == Some("a: ok") && b == Some("b: ok") && c.is_some_and(|c| c.starts_with("c: ") && c.contains(self.why));
            if outcome != Outcome::Failed || !named {
                writeln!(faults, "{verb} on {on}: {outcome:?}, {a:?}, {b:?}, {c:?}\n{shown}").unwrap();
            }
        }
        faults
    }
}

#[test]
fn all_verbs_on_many_clusters() {
    let faults: String = CASES.iter().map(Case::faults).collect();
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn a_cluster_that_is_named_alone_is_named_by_the_failure_too() {
    let (outcome, text) = run("- delete: {on: b, apiVersion: v1, kind: ConfigMap, namespace: default, name: z}\n");
    assert_eq!(outcome, Outcome::Failed, "{text}");
    assert_shown(&text, &["b: ", "not found"]);
}
