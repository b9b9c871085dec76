//! Functions whose output is no fixed text: random, certificates, the clock.
#![expect(clippy::unwrap_used, reason = "tests")]

use chart::{Chart, RenderInput, Values, render};

fn rendered(template: &str, seed: u64) -> serde_json::Value {
    with_values(template, seed, Values::default())
}

fn with_values(template: &str, seed: u64, values: Values) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    std::fs::write(folder.path().join("Chart.yaml"), "{apiVersion: v2, name: t, version: 0.1.0}").unwrap();
    std::fs::write(folder.path().join("templates/a.yaml"), template).unwrap();
    let chart = Chart::load(folder.path()).unwrap();
    let mut input = RenderInput::install("r", "n", values, "2026-01-02T03:04:05Z".parse().unwrap());
    input.seed = seed;
    render(&chart, &input)
        .unwrap_or_else(|error| panic!("{error}"))
        .manifests
        .remove(0)
        .object
}

#[test]
fn random_text_follows_the_seed() {
    let template = "a: {{ randAlphaNum 20 | quote }}\nb: {{ randNumeric 20 | quote }}\nc: {{ uuidv4 }}\n";
    let first = rendered(template, 1);
    assert_eq!(first, rendered(template, 1));
    assert_ne!(first, rendered(template, 2));
    assert!(first["b"].as_str().unwrap().bytes().all(|b| b.is_ascii_digit()));
}

#[test]
fn hashes_and_ciphers_follow_the_seed() {
    let template = r#"
a: {{ bcrypt "secret" }}
b: {{ htpasswd "user" "secret" | quote }}
c: {{ encryptAES "key" "text" }}
d: {{ randBytes 16 }}
e: {{ shuffle "abcdefghijklmnop" }}
f: {{ encryptAES "key" "text" | decryptAES "key" }}
"#;
    let first = rendered(template, 1);
    assert_eq!(first, rendered(template, 1));
    let other = rendered(template, 2);
    let text = |field: &str| first[field].as_str().unwrap().to_owned();
    for field in ["a", "b", "c", "d", "e"] {
        assert_ne!(first[field], other[field], "{field}");
    }
    assert!(bcrypt::verify("secret", &text("a")).unwrap());
    assert!(bcrypt::verify("secret", text("b").strip_prefix("user:").unwrap()).unwrap());
    assert!(text("a").starts_with("$2a$10$"));
    assert_eq!((text("d").len(), text("f").as_str()), (24, "text"));
    let mut letters: Vec<char> = text("e").chars().collect();
    letters.sort_unstable();
    assert_eq!(letters, ('a'..='p').collect::<Vec<_>>());
}

#[test]
fn now_is_the_given_time() {
    let template = "a: {{ now | date \"2006-01-02 15:04:05\" }}\nb: {{ now | dateModify \"-1h30m\" | date \"15:04\" | quote }}\nc: {{ now.Year }}\nd: {{ now | unixEpoch }}\n";
    let object = rendered(template, 0);
    assert_eq!(object["a"], "2026-01-02 03:04:05");
    assert_eq!(object["b"], "01:34");
    assert_eq!(object["c"], 2026);
    assert_eq!(object["d"], 1_767_323_045);
}

#[test]
fn certificates_are_signed_by_their_authority() {
    let template = "{{- $ca := genCA \"my-ca\" 365 }}\n{{- $leaf := genSignedCert \"web\" (list \"10.0.0.1\") (list \"web.svc\") 30 $ca }}\nca: {{ $ca.Cert | quote }}\nleaf: {{ $leaf.Cert | quote }}\nkey: {{ $leaf.Key | quote }}\n";
    let object = rendered(template, 0);
    let pem = |field: &str| {
        x509_parser::pem::parse_x509_pem(object[field].as_str().unwrap().as_bytes())
            .unwrap()
            .1
    };
    let (ca, leaf) = (pem("ca"), pem("leaf"));
    let (ca, leaf) = (ca.parse_x509().unwrap(), leaf.parse_x509().unwrap());
    assert_eq!(leaf.issuer().to_string(), "CN=my-ca");
    assert_eq!(leaf.subject().to_string(), "CN=web");
    assert!(ca.is_ca() && !leaf.is_ca());
    assert_eq!(
        leaf.validity().not_after.timestamp() - leaf.validity().not_before.timestamp(),
        30 * 86400
    );
    assert_eq!(leaf.subject_alternative_name().unwrap().unwrap().value.general_names.len(), 2);
    assert!(object["key"].as_str().unwrap().contains("PRIVATE KEY"));
}

/// An authority and keys that Helm made: RSA in PKCS#1, ECDSA in SEC 1, Ed25519 in PKCS#8. They come out as they went in.
#[test]
fn keys_of_helm_are_used() {
    let template = r#"
{{- $ca := buildCustomCert .Values.cert .Values.key }}
{{- $leaf := genSignedCertWithKey "web" (list "10.0.0.1") (list "web.svc") 30 $ca (b64dec .Values.ec) }}
{{- $root := genCAWithKey "ours" 1 (b64dec .Values.ed) }}
{{- $self := genSelfSignedCertWithKey "self" nil (list "a.b") 1 $ca.Key }}
leaf: {{ $leaf.Cert | quote }}
same: {{ and (eq $leaf.Key (b64dec .Values.ec)) (eq $root.Key (b64dec .Values.ed)) (eq $self.Key $ca.Key) }}
kind: {{ kindOf $ca }} {{ typeOf $ca }}
"#;
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/values/authority.yaml");
    let values = Values::builder().file(file).unwrap().build();
    let object = with_values(template, 0, values);
    let leaf = x509_parser::pem::parse_x509_pem(object["leaf"].as_str().unwrap().as_bytes())
        .unwrap()
        .1;
    assert_eq!(leaf.parse_x509().unwrap().issuer().to_string(), "CN=helm-ca");
    assert_eq!(object["same"], true);
    assert_eq!(object["kind"], "struct sprig.certificate");
}

#[test]
fn the_time_since_counts_from_now() {
    let template = r#"
a: {{ ago (toDate "2006-01-02" "2026-01-01") }}
b: {{ durationRound (toDate "2006-01-02" "2025-01-01") }}
c: {{ now.AddDate 0 0 1 | date "Mon 2 Jan" }}
d: {{ now.Month }}
"#;
    let object = rendered(template, 0);
    assert_eq!(object["a"], "27h4m5s");
    assert_eq!(object["b"], "1y");
    assert_eq!(object["c"], "Sat 3 Jan");
    assert_eq!(object["d"], "January");
}
