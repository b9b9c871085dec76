//! Policies, requests, decisions: tables.

#![expect(clippy::unwrap_used, reason = "tests")]

use iam::{ASSUME_ROLE_WITH_WEB_IDENTITY, Decision, Keys, PolicyKind, Principal, Request, evaluate, lint, read};
use rstest::rstest;

const DP1: &str = "oidc.eks.eu-central-1.amazonaws.com/id/D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1D1";
const DP2: &str = "oidc.eks.eu-central-1.amazonaws.com/id/D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2D2";
const CP: &str = "oidc.eks.eu-central-1.amazonaws.com/id/C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0";

fn fixture(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../fixtures/iam/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn assume(policy: &str, issuer: &str, subject: &str, audience: &str) -> Decision {
    let policy = read("p.json", policy, PolicyKind::Trust).unwrap();
    let principal = Principal::WebIdentity(format!("arn:aws:iam::111122223333:oidc-provider/{issuer}"));
    let keys = Keys::new()
        .with(&format!("{issuer}:aud"), [audience])
        .with(&format!("{issuer}:sub"), [subject]);
    let request = Request {
        principal: &principal,
        action: ASSUME_ROLE_WITH_WEB_IDENTITY,
        resource: None,
        keys: &keys,
    };
    evaluate([("", &policy)], &request)
}

#[rstest]
#[case("controlplane-role.json", CP, "flyte:flyteadmin", true)]
#[case("controlplane-role.json", CP, "flyte:datacatalog", true)]
#[case("controlplane-role.json", CP, "flyte:flytepropeller", false)]
#[case("controlplane-role.json", DP1, "flyte:flyteadmin", false)]
#[case("dataplane-role.json", DP1, "flyte:flytepropeller", true)]
#[case("dataplane-role.json", DP1, "flyte:default", false)]
#[case("dataplane-role.json", DP2, "flyte:flytepropeller", false)]
#[case("dataplane-role-two-clusters.json", DP2, "flyte:flytepropeller", true)]
#[case("workers-role.json", DP1, "team1-production:default", true)]
#[case("workers-role.json", DP1, "team1-production:other", false)]
#[case("workers-role.json", DP2, "team1-production:default", false)]
#[case("workers-role-two-clusters.json", DP1, "team1-production:default", true)]
#[case("workers-role-two-clusters.json", DP2, "team1-production:default", true)]
fn the_guides_policies(#[case] file: &str, #[case] issuer: &str, #[case] account: &str, #[case] allowed: bool) {
    let decision = assume(
        &fixture(file),
        issuer,
        &format!("system:serviceaccount:{account}"),
        "sts.amazonaws.com",
    );
    assert_eq!(decision.allowed, allowed, "{:?}", decision.explain());
}

#[test]
fn a_refusal_names_statement_condition_expected_and_actual() {
    let decision = assume(
        &fixture("dataplane-role-two-clusters.json"),
        DP2,
        "system:serviceaccount:flyte:default",
        "sts.amazonaws.com",
    );
    let expected = [
        format!("statement 1: it trusts arn:aws:iam::111122223333:oidc-provider/{DP1}, not arn:aws:iam::111122223333:oidc-provider/{DP2}"),
        format!(
            "statement 2: condition StringLike \"{DP2}:sub\" expects \"system:serviceaccount:flyte:flytepropeller\", the request has \"system:serviceaccount:flyte:default\""
        ),
    ];
    assert_eq!(decision.explain(), expected);
}

/// One statement about the provider `i.example`, whose conditions are given; the token is of `n:a` for `sts.amazonaws.com`.
fn with(conditions: &str, more: &str) -> Decision {
    let statement = |effect: &str, conditions: &str| {
        format!(
            r#"{{"Effect": "{effect}", "Principal": {{"Federated": "arn:aws:iam::111122223333:oidc-provider/i.example"}},
                "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {conditions}}}"#
        )
    };
    let more = if more.is_empty() {
        String::new()
    } else {
        format!(", {}", statement("Deny", more))
    };
    let policy = format!(
        r#"{{"Version": "2012-10-17", "Statement": [{}{more}]}}"#,
        statement("Allow", conditions)
    );
    assume(&policy, "i.example", "system:serviceaccount:n:a", "sts.amazonaws.com")
}

#[rstest]
#[case::none("{}", true)]
#[case::equals(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:n:a"}}"#, true)]
#[case::any_value_will_do(r#"{"StringEquals": {"i.example:sub": ["x", "system:serviceaccount:n:a"]}}"#, true)]
#[case::all_keys_must_hold(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:n:a", "i.example:aud": "x"}}"#, false)]
#[case::all_operators_must_hold(
    r#"{"StringEquals": {"i.example:aud": "sts.amazonaws.com"}, "StringLike": {"i.example:sub": "x"}}"#,
    false
)]
#[case::key_in_any_case(r#"{"StringEquals": {"I.Example:SUB": "system:serviceaccount:n:a"}}"#, true)]
#[case::value_in_its_case(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:n:A"}}"#, false)]
#[case::ignoring_case(r#"{"StringEqualsIgnoreCase": {"i.example:sub": "system:serviceaccount:n:A"}}"#, true)]
#[case::no_wildcards_in_equals(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:*:a"}}"#, false)]
#[case::star(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:*:a"}}"#, true)]
#[case::question_mark(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:?:?"}}"#, true)]
#[case::one_mark_one_character(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:??:a"}}"#, false)]
#[case::not_equals(r#"{"StringNotEquals": {"i.example:sub": "system:serviceaccount:n:a"}}"#, false)]
#[case::not_equals_any(r#"{"StringNotEquals": {"i.example:sub": ["x", "system:serviceaccount:n:a"]}}"#, false)]
#[case::not_like(r#"{"StringNotLike": {"i.example:sub": "system:*:b"}}"#, true)]
#[case::missing_key(r#"{"StringEquals": {"o.example:sub": "system:serviceaccount:n:a"}}"#, false)]
#[case::missing_key_negated(r#"{"StringNotEquals": {"o.example:sub": "x"}}"#, true)]
#[case::missing_key_if_exists(r#"{"StringEqualsIfExists": {"o.example:sub": "x"}}"#, true)]
#[case::present_key_if_exists(r#"{"StringEqualsIfExists": {"i.example:sub": "x"}}"#, false)]
#[case::null_true(r#"{"Null": {"o.example:sub": true}}"#, true)]
#[case::null_true_and_there(r#"{"Null": {"i.example:sub": "true"}}"#, false)]
#[case::null_false(r#"{"Null": {"i.example:sub": "false"}}"#, true)]
#[case::for_all_missing(r#"{"ForAllValues:StringEquals": {"o.example:sub": "x"}}"#, true)]
#[case::for_any_missing(r#"{"ForAnyValue:StringEquals": {"o.example:sub": "x"}}"#, false)]
#[case::for_any(r#"{"ForAnyValue:StringLike": {"i.example:aud": ["x", "sts.*"]}}"#, true)]
#[case::for_all_not(r#"{"ForAllValues:StringNotEquals": {"i.example:aud": "sts.amazonaws.com"}}"#, false)]
#[case::variable(r#"{"StringLike": {"i.example:sub": "*${i.example:sub}"}}"#, true)]
#[case::variable_without_value(r#"{"StringLike": {"i.example:sub": "*${no.example:sub}"}}"#, false)]
fn operators(#[case] conditions: &str, #[case] allowed: bool) {
    let decision = with(conditions, "");
    assert_eq!(decision.allowed, allowed, "{:?}", decision.explain());
}

#[rstest]
#[case(r#"{"StringEquals": {"i.example:sub": "x"}}"#, true)]
#[case(r#"{"StringLike": {"i.example:sub": "*:n:*"}}"#, false)]
fn an_explicit_deny_wins(#[case] denied: &str, #[case] allowed: bool) {
    let decision = with("{}", denied);
    assert_eq!(decision.allowed, allowed);
    let expected = if allowed {
        "statement 1 allows it"
    } else {
        "statement 2 denies it explicitly"
    };
    assert_eq!(decision.explain(), [expected]);
}

#[rstest]
#[case(
    r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#,
    "s3:GetObject",
    "arn:aws:s3:::b/k",
    true
)]
#[case(
    r#""Action": "S3:getobject*", "Resource": "arn:aws:s3:::b/*""#,
    "s3:GetObjectTagging",
    "arn:aws:s3:::b/k",
    true
)]
#[case(
    r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*""#,
    "s3:PutObject",
    "arn:aws:s3:::b/k",
    false
)]
#[case(
    r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::b""#,
    "s3:GetObject",
    "arn:aws:s3:::b/k",
    false
)]
#[case(
    r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::b*""#,
    "s3:GetObject",
    "arn:aws:s3:::bb/k",
    true
)]
#[case(r#""NotAction": "s3:GetObject", "Resource": "*""#, "s3:GetObject", "arn:aws:s3:::b/k", false)]
#[case(r#""NotAction": "s3:GetObject", "Resource": "*""#, "s3:PutObject", "arn:aws:s3:::b/k", true)]
#[case(r#""Action": "*", "NotResource": "arn:aws:s3:::b/*""#, "s3:PutObject", "arn:aws:s3:::b/k", false)]
#[case(
    r#""Action": "s3:*", "Resource": "arn:aws:s3:::b/k", "Condition": {"Bool": {"aws:SecureTransport": "True"}}"#,
    "s3:GetObject",
    "arn:aws:s3:::b/k",
    true
)]
fn permissions(#[case] statement: &str, #[case] action: &str, #[case] resource: &str, #[case] allowed: bool) {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {statement}}}}}"#);
    let policy = read("p.json", &text, PolicyKind::Permissions).unwrap();
    let principal = Principal::Role("arn:aws:iam::111122223333:role/r".to_owned());
    let request = Request {
        principal: &principal,
        action,
        resource: Some(resource),
        keys: &Keys::new().with("aws:securetransport", ["true"]),
    };
    let decision = evaluate([("p", &policy)], &request);
    assert_eq!(decision.allowed, allowed, "{:?}", decision.explain());
}

const TRUST: &str = r#""Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/i.example"}, "Action": "sts:AssumeRoleWithWebIdentity""#;

/// `line:column code message`, and the help.
fn wrong(text: &str, kind: PolicyKind) -> Vec<String> {
    let found = match read("p.json", text, kind) {
        Ok(policy) => lint("p.json", &policy),
        Err(invalid) => invalid.0,
    };
    let shown = |d: &yaml::Diagnostic| {
        let span = d.span.unwrap_or_default();
        let help = d.help.as_ref().map(|help| format!(" -> {help}")).unwrap_or_default();
        format!("{}:{} {} {}{help}", span.line, span.column, d.code, d.message)
    };
    found.iter().map(shown).collect()
}

#[rstest]
#[case("", "1:1 iam-not-json the policy is no JSON: EOF while parsing a value")]
#[case("{\n  \"Statement\": [,]}", "2:17 iam-not-json the policy is no JSON: expected value")]
#[case("[]", "1:1 iam-malformed a policy is an object with `Version` and `Statement`")]
#[case("{}", "1:1 iam-malformed the policy has no `Statement`")]
#[case(r#"{"Statement": []}"#, "1:1 iam-malformed the policy has no statement")]
#[case(
    r#"{"Version": "2024-01-01", "Statement": [{T}]}"#,
    "1:13 iam-malformed `Version` is `2012-10-17` or `2008-10-17` -> it is the version of the policy language, not of your policy: `2012-10-17`"
)]
#[case(
    r#"{"Statements": [], "Statement": [{T}]}"#,
    "1:2 iam-unknown-element unknown element `Statements` -> did you mean `Statement`?"
)]
#[case(
    r#"{"Statement": [{T, "Conditions": {}}]}"#,
    "1:160 iam-unknown-element unknown element `Conditions` -> did you mean `Condition`?"
)]
#[case(
    r#"{"Statement": [{T, "Condition": {"StringLikes": {}}}]}"#,
    "1:174 iam-unknown-operator unknown condition operator `StringLikes` -> did you mean `StringLike`?"
)]
#[case(
    r#"{"Statement": [{T, "Condition": {"stringequals": {}}}]}"#,
    "1:174 iam-unknown-operator unknown condition operator `stringequals` -> did you mean `StringEquals`?"
)]
#[case(
    r#"{"Statement": [{T, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}]}"#,
    "1:174 iam-not-evaluated the condition operator `IpAddress` is not evaluated here"
)]
#[case(
    r#"{"Statement": [{T, "Resource": "*"}]}"#,
    "1:160 iam-malformed a trust policy names no resource: it is about its role"
)]
#[case(
    r#"{"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole"}]}"#,
    "1:16 iam-malformed a statement of a trust policy needs a `Principal`"
)]
#[case(
    r#"{"Statement": [{"Effect": "allow", "Principal": "*", "Action": "sts:AssumeRole"}]}"#,
    "1:27 iam-malformed `Effect` is `Allow` or `Deny`"
)]
#[case(
    r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}]}"#,
    "1:64 iam-malformed a trust policy is about actions of STS, not `s3:GetObject` -> `sts:AssumeRoleWithWebIdentity` for service accounts"
)]
#[case(
    r#"{"Statement": [{"Effect": "Allow", "Principal": {"Federated": "arn:aws:iam::<ACCOUNT-ID>:oidc-provider/x"}, "Action": "sts:*"}]}"#,
    "1:63 iam-principal invalid principal `arn:aws:iam::<ACCOUNT-ID>:oidc-provider/x` -> fill in the placeholders"
)]
#[case(
    r#"{"Statement": [{"Effect": "Allow", "Principal": {"Federated": "https://i.example"}, "Action": "sts:*"}]}"#,
    "1:63 iam-principal invalid principal `https://i.example` -> the issuer stands in it without `https://`"
)]
fn what_is_refused(#[case] text: &str, #[case] expected: &str) {
    let found = wrong(&text.replace("{T", &format!("{{{TRUST}")), PolicyKind::Trust);
    assert_eq!(found, [expected]);
}

#[rstest]
#[case(
    r#""Resource": "flyte-data""#,
    "1:86 iam-malformed the resource `flyte-data` is no ARN and not `*` -> a bucket is `arn:aws:s3:::flyte-data`"
)]
#[case(
    r#""Resource": "*", "Principal": "*""#,
    "1:91 iam-malformed a policy of permissions names no `Principal`: it is about who it is attached to"
)]
#[case(r#""Sid": "x""#, "1:16 iam-malformed the statement has no `Resource`")]
#[case(
    r#""Resource": "arn:aws:s3:::flyte*""#,
    "1:86 iam-bucket-prefix `arn:aws:s3:::flyte*` is every bucket whose name begins with `flyte` -> `arn:aws:s3:::flyte` is the bucket, `arn:aws:s3:::flyte/*` its objects"
)]
fn what_is_wrong_with_permissions(#[case] rest: &str, #[case] expected: &str) {
    let text = format!(r#"{{"Statement": [{{"Effect": "Allow", "Action": ["s3:GetObject","s3:Put*"], {rest}}}]}}"#);
    assert_eq!(wrong(&text, PolicyKind::Permissions), [expected]);
}

#[rstest]
#[case(r#"{"StringEquals": {"i.example:aud": "sts.amazonaws.com"}}"#, &["iam-missing-sub"])]
#[case(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:n:a"}}"#, &["iam-missing-aud"])]
#[case(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:n:a", "i.example:aud": "x"}}"#, &[])]
#[case(r#"{"StringEquals": {"i.example:sub": "system:serviceaccount:*:a", "i.example:aud": "x"}}"#, &["iam-literal-wildcard"])]
#[case(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:*:a", "i.example:aud": "x"}}"#, &["iam-any-namespace"])]
#[case(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:*-production:a", "i.example:aud": "x"}}"#, &[])]
#[case(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:n:*", "i.example:aud": "x"}}"#, &["iam-any-account"])]
#[case(r#"{"StringLike": {"i.example:sub": "system:serviceaccount:*", "i.example:aud": "x"}}"#, &["iam-any-account"])]
#[case(r#"{"StringLike": {"i.example:sub": "*", "i.example:aud": "x"}}"#, &["iam-any-account"])]
#[case(r#"{"StringEquals": {"i.example:sub": "n/a", "i.example:aud": "x"}}"#, &["iam-subject"])]
#[case(r#"{"StringEquals": {"o.example:sub": "system:serviceaccount:n:a", "i.example:aud": "x"}}"#, &["iam-other-provider"])]
fn remarks(#[case] conditions: &str, #[case] expected: &[&str]) {
    let text = format!(r#"{{"Statement": {{{TRUST}, "Condition": {conditions}}}}}"#);
    let policy = read("p.json", &text, PolicyKind::Trust).unwrap();
    let found: Vec<&str> = lint("p.json", &policy).iter().map(|d| d.code).collect();
    assert_eq!(found, expected);
}

#[test]
fn tabs_and_escapes_are_json_too() {
    let text = format!("{{\n\t\"Statement\": [\n\t\t{{{}}}\n\t]\n}}", TRUST.replace('/', "\\/"));
    assert!(
        read("p.json", &text, PolicyKind::Trust).is_ok(),
        "{:?}",
        read("p.json", &text, PolicyKind::Trust)
    );
}
