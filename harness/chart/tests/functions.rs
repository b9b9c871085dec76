//! Functions whose output is no fixed text: random, certificates, the clock.
#![expect(clippy::unwrap_used, reason = "tests")]

use chart::{Chart, RenderInput, Values, render};

fn rendered(template: &str, seed: u64) -> serde_json::Value {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("templates")).unwrap();
    std::fs::write(folder.path().join("Chart.yaml"), "{apiVersion: v2, name: t, version: 0.1.0}").unwrap();
    std::fs::write(folder.path().join("templates/a.yaml"), template).unwrap();
    let chart = Chart::load(folder.path()).unwrap();
    let mut input = RenderInput::install("r", "n", Values::default(), "2026-01-02T03:04:05Z".parse().unwrap());
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
