use clap::{CommandFactory, FromArgMatches};
use rstest::rstest;

use super::*;
use crate::cli::Cli;
use crate::cli::output::Output;
use crate::cli::tests::Text;

fn variables(variables: &[(&str, &str)]) -> Vec<(String, String)> {
    variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Settings of a file and variables; the folder's path is taken out of errors.
fn read(file: &str, more: &[(&str, &str)]) -> Result<Settings, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    std::fs::write(&path, file).unwrap();
    let mut all = variables(more);
    all.push(("MULTIPLANE_CONFIG".to_owned(), path.display().to_string()));
    let settings = Settings::read(&Cli::command(), all.into_iter());
    settings.map_err(|failure| failure.parts().1.replace(&format!("{}/", folder.path().display()), ""))
}

/// The options of `run` that are set, as clap has them.
fn parsed(settings: &Settings, arguments: &[&str]) -> Vec<(String, Vec<String>)> {
    let matches = settings
        .defaults(Cli::command())
        .try_get_matches_from([&["multiplane", "run", "x"], arguments].concat())
        .unwrap();
    Cli::from_arg_matches(&matches).unwrap();
    let (_, run) = matches.subcommand().unwrap();
    let of = |name: &str| {
        run.get_raw(name)
            .map(|values| values.map(|value| value.to_string_lossy().into_owned()).collect())
    };
    ["jobs", "keep", "matrix", "quiet"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), of(name)?)))
        .collect()
}

#[test]
fn flags_win_over_the_environment_over_the_file_over_what_is_built_in() {
    let file = "run: {jobs: 2, keep: failed, matrix: [a=b, c=d]}\nreport: {}\n";
    let set = |pairs: &[(&str, &[&str])]| -> Vec<(String, Vec<String>)> {
        let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        pairs.iter().map(|(name, values)| ((*name).to_owned(), owned(values))).collect()
    };
    let settings = read(file, &[]).unwrap();
    let of_file: [(&str, &[&str]); 4] = [
        ("jobs", &["2"]),
        ("keep", &["failed"]),
        ("matrix", &["a=b", "c=d"]),
        ("quiet", &["false"]),
    ];
    assert_eq!(parsed(&settings, &[]), set(&of_file));
    let settings = read(
        file,
        &[
            ("MULTIPLANE_RUN_JOBS", "3"),
            ("MULTIPLANE_RUN_QUIET", "true"),
            ("MULTIPLANE_E2E_HOLD", "1s"),
        ],
    )
    .unwrap();
    let with_variables: [(&str, &[&str]); 4] = [
        ("jobs", &["3"]),
        ("keep", &["failed"]),
        ("matrix", &["a=b", "c=d"]),
        ("quiet", &["true"]),
    ];
    assert_eq!(parsed(&settings, &[]), set(&with_variables));
    let with_flags: [(&str, &[&str]); 4] = [("jobs", &["4"]), ("keep", &["always"]), ("matrix", &["e=f"]), ("quiet", &["true"])];
    assert_eq!(
        parsed(&settings, &["--jobs", "4", "--keep", "always", "--matrix", "e=f"]),
        set(&with_flags)
    );
}

#[rstest]
#[case("runn: {}", &[], "1:1", "there is no command `runn`", "did you mean `run`?")]
#[case("run:\n  job: 2", &[], "2:3", "`multiplane run` has no option `job`", "did you mean `jobs`?")]
#[case("run: {jobs: {a: 1}}", &[], "1:13", "expected a value, or a list of values", "")]
#[case("run: 2", &[], "1:6", "expected a mapping", "")]
#[case("", &[("MULTIPLANE_RUN_JOB", "2")], "MULTIPLANE_RUN_JOB", "`multiplane run` has no option --job", "did you mean `jobs`?")]
fn mistakes_have_a_place_and_a_suggestion(
    #[case] file: &str,
    #[case] variables: &[(&str, &str)],
    #[case] place: &str,
    #[case] message: &str,
    #[case] help: &str,
) {
    let error = read(file, variables).unwrap_err();
    for part in [place, message, help] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_is_set_is_shown_with_its_origin() {
    let settings = read("run:\n  jobs: 2\n", &[("MULTIPLANE_RUN_KEEP", "failed")]).unwrap();
    let text = Text::default();
    let command = ConfigCommand::of_show(true);
    command.run(&Cli::command(), &settings, &mut Output::to(text.clone())).unwrap();
    let text = text.text();
    let row = |option: &str| -> Vec<&str> {
        let row = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        row.into_iter().find(|row| row[0] == option).unwrap_or_default()
    };
    let jobs = row("run.jobs");
    assert!(jobs[1] == "2" && jobs[2].ends_with("multiplane.yaml:2:3"), "{text}");
    assert_eq!(row("run.keep"), ["run.keep", "failed", "MULTIPLANE_RUN_KEEP"]);
    assert_eq!(row("run.backend"), ["run.backend", "embedded", "built", "in"]);
    assert!(row("run.quiet").is_empty(), "{text}");
    let note = settings.explain("invalid value 'x' for '--jobs <N>'");
    assert!(
        note.starts_with("\nnote: --jobs of `run` is set by ") && note.lines().count() == 2,
        "{note}"
    );
    assert_eq!(settings.explain("--keeper"), "");
}
