//! Whole scripts, against what a real shell makes of them.

mod bench;
mod real;
mod refused;

use serde::Deserialize;

use bench::Bench;

/// A script, and what becomes of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    script: String,
    stdout: String,
    code: i32,
    /// Whether it writes anything to standard error.
    #[serde(default)]
    complains: bool,
}

fn cases() -> Vec<Case> {
    let table = yaml::manifest::document(include_str!("scripts.yaml")).unwrap();
    serde_json::from_value(table).unwrap()
}

#[tokio::test(start_paused = true)]
async fn scripts_do_what_a_real_shell_does() {
    let mut failed = Vec::new();
    for case in cases() {
        let (code, stdout, stderr) = Bench::new().run(&["sh", "-c", &case.script]).await;
        if (code, &stdout, !stderr.is_empty()) != (case.code, &case.stdout, case.complains) {
            failed.push(format!(
                "{}\n  {code} {stdout:?} {stderr:?}\n  {} {:?}",
                case.script, case.code, case.stdout
            ));
        }
    }
    assert!(failed.is_empty(), "{}\n{} failed", failed.join("\n"), failed.len());
}
