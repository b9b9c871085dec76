//! The same table by the real thing, where this machine has it.

use std::process::{Command, Stdio};

use super::cases;

/// The table was made by busybox. Where there is none, there is nothing to compare.
#[test]
fn the_table_is_what_busybox_does() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Some(found) = std::env::split_paths(&path)
        .map(|path| path.join("busybox"))
        .find(|path| path.is_file())
    else {
        return;
    };
    #[expect(clippy::disallowed_methods, reason = "the shell that this one is compared to")]
    let busybox = || Command::new(&found);
    let list = busybox().arg("--list").output().unwrap();
    // Its own commands, whatever else this machine has.
    let folder = std::env::temp_dir().join(format!("virtual-node-busybox-{}", std::process::id()));
    let bin = folder.join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    for name in String::from_utf8_lossy(&list.stdout).lines() {
        std::os::unix::fs::symlink(&found, bin.join(name)).unwrap();
    }
    let mut failed = Vec::new();
    for (number, case) in cases().into_iter().enumerate() {
        let home = folder.join(number.to_string());
        std::fs::create_dir_all(&home).unwrap();
        let mut command = busybox();
        command.args(["sh", "-c", &case.script]).current_dir(&home).stdin(Stdio::null());
        let output = command.env_clear().env("PATH", &bin).env("LC_ALL", "C").output().unwrap();
        let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
        // Killed by a signal, as a shell tells it.
        let signal = std::os::unix::process::ExitStatusExt::signal(&output.status);
        let code = output.status.code().or(signal.map(|signal| 128 + signal));
        if (code, &stdout) != (Some(case.code), &case.stdout) {
            failed.push(format!("{}\n  {code:?} {stdout:?}", case.script));
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}
