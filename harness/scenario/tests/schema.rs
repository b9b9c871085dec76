//! The schema in the repository, and the help made from it.

use rstest::rstest;

/// Set `UPDATE_SCHEMA` to write the file anew.
#[test]
fn committed_schema_is_up_to_date() {
    let path = "../../scenarios/scenario.schema.json";
    let schema = scenario::schema::schema_file();
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    assert!(
        std::fs::read_to_string(path).unwrap() == schema,
        "run the test with UPDATE_SCHEMA=1"
    );
}

#[rstest]
fn help(#[values("deploy", "expect", "submit")] verb: &str) {
    insta::assert_snapshot!(format!("explain-{verb}"), scenario::explain::explain(verb).unwrap());
}

#[test]
fn every_verb_is_explained() {
    let names: Vec<&str> = scenario::explain::verbs().iter().map(|(name, _)| *name).collect();
    assert_eq!(names, scenario::schema::verb_names());
    assert_eq!(names.len(), 27);
    assert!(names.iter().all(|name| scenario::explain::explain(name).is_some()));
    assert_eq!(scenario::explain::explain("depoly"), None);
}
