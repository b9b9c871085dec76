use std::time::Duration;

use super::{Command, ProcessError, Runner};

fn sh(script: &str) -> Command {
    Command::new("sh").arg("-c").arg(script)
}

#[tokio::test]
async fn output_input_and_folder() {
    let dir = tempfile::tempdir().unwrap();
    let command = sh("cat; pwd; echo told >&2").stdin("in\n").dir(dir.path());
    let output = Runner::default().run(command).await.unwrap();
    let folder = dir.path().canonicalize().unwrap().display().to_string();
    assert_eq!(output.stdout, format!("in\n{folder}\n"));
    assert_eq!(output.stderr, "told\n");
}

#[tokio::test]
async fn the_environment_is_an_allow_list() {
    let output = Runner::default().run(Command::new("env").env("GIVEN", "1")).await.unwrap();
    let names: Vec<&str> = output.stdout.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    assert!(names.contains(&"GIVEN") && names.contains(&"PATH"));
    // Cargo sets this for every test.
    assert!(!names.contains(&"CARGO_PKG_NAME") && !names.contains(&"KUBECONFIG"));
}

#[tokio::test]
async fn failures_tell_the_command_and_the_end_of_what_it_said() {
    let error = Runner::default().run(sh("echo 'it is so' >&2; exit 3")).await.unwrap_err();
    assert_eq!(error.code(), "process-exit");
    assert_eq!(
        error.to_string(),
        "sh -c 'echo '\\''it is so'\\'' >&2; exit 3': exit status: 3\n  | it is so"
    );
    let error = Runner::default().run(Command::new("/no/such/program")).await.unwrap_err();
    assert!(matches!(error, ProcessError::Missing { .. }), "{error}");
}

/// A group of two, the second of which ignores the polite signal, and both of whose ids it writes down.
const STUBBORN: &str = "sh -c 'trap \"\" TERM; echo $$ > child; while :; do sleep 1; done' & echo $$ > leader; wait";

async fn written(file: &std::path::Path) -> String {
    loop {
        if let Some(pid) = std::fs::read_to_string(file).ok().filter(|text| text.ends_with('\n')) {
            return pid.trim().to_owned();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn gone(pid: &str) {
    let state = format!("/proc/{pid}/stat");
    // A zombie has ended, though nobody has asked how yet.
    while std::fs::read_to_string(&state).is_ok_and(|stat| !stat.contains(") Z ")) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_dropped_caller_ends_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    let runner = Runner::default();
    let pids = tokio::select! {
        result = runner.run(sh(STUBBORN).dir(dir.path())) => panic!("{result:?}"),
        pids = async { (written(&dir.path().join("leader")).await, written(&dir.path().join("child")).await) } => pids,
    };
    runner.idle().await;
    gone(&pids.0).await;
    gone(&pids.1).await;
}

#[tokio::test]
async fn a_late_command_is_ended_and_says_how_far_it_came() {
    let command = sh("echo begun >&2; sleep 100").timeout(Duration::from_millis(300));
    let error = Runner::default().run(command).await.unwrap_err();
    assert!(matches!(error, ProcessError::TimedOut { .. }));
    assert_eq!(error.stderr(), "begun\n");
}

#[tokio::test]
async fn a_child_left_behind_does_not_hold_the_caller() {
    let output = Runner::default().run(sh("echo done; sleep 20 & echo $!")).await.unwrap();
    assert!(output.stdout.starts_with("done\n"));
    let pid: u32 = output.stdout.lines().last().unwrap().parse().unwrap();
    super::Runner::default().run(sh(&format!("kill {pid}"))).await.unwrap();
}
