//! The command that runs a scenario again in the same way.

use crate::journal::Event;
use crate::shell::word;

/// The command for a scenario by its start, ready to paste into a shell. Empty for other events.
pub(super) fn command(start: &Event) -> String {
    let Event::ScenarioStarted {
        file,
        backend,
        seed,
        matrix,
        options,
        capsule,
        ..
    } = start
    else {
        return String::new();
    };
    let (verb, file, cell) = match capsule {
        // A capsule knows its cell.
        Some(capsule) => ("repro", capsule, String::new()),
        None => {
            let pins = matrix.iter().map(|(key, value)| word(&format!("{key}={value}")).into_owned());
            ("run", file, pins.map(|pin| format!(" --matrix {pin}")).collect())
        }
    };
    let options: String = options.iter().map(|option| format!(" {}", word(option))).collect();
    format!("multiplane {verb} {} --backend {backend}{options} --seed {seed}{cell}", word(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(file: &str, backend: &str, cell: &[(&str, &str)], options: &[&str], capsule: Option<&str>) -> String {
        let matrix = cell.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        command(&Event::ScenarioStarted {
            file: file.to_owned(),
            backend: backend.to_owned(),
            seed: 7,
            clusters: Vec::new(),
            steps: 1,
            matrix: matrix.collect(),
            attempt: 1,
            quarantine: None,
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            capsule: capsule.map(str::to_owned),
        })
    }

    #[test]
    fn what_a_shell_would_split_is_quoted() {
        let expected = r"multiplane run 'my tests/scenario.yaml' --backend embedded --seed 7 --matrix 'label=it'\''s'";
        assert_eq!(
            start("my tests/scenario.yaml", "embedded", &[("label", "it's")], &[], None),
            expected
        );
        let expected = "multiplane run a/scenario.yaml --backend kind --seed 7";
        assert_eq!(start("a/scenario.yaml", "kind", &[], &[], None), expected);
    }

    #[test]
    fn it_has_the_clusters_that_were_named_and_the_capsule() {
        let expected = "multiplane run s.yaml --backend existing --kubeconfig k.yaml --context 'a=my test' --seed 7";
        let options = ["--kubeconfig", "k.yaml", "--context", "a=my test"];
        assert_eq!(start("s.yaml", "existing", &[], &options, None), expected);
        let expected = "multiplane repro x.capsule --backend embedded --seed 7";
        let file = "x.capsule/s.yaml";
        assert_eq!(start(file, "embedded", &[("label", "a")], &[], Some("x.capsule")), expected);
    }
}
