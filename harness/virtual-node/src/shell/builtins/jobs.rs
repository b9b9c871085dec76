//! `wait`, `kill`

use super::{Done, Own, Undone};
use crate::shell::interp::{Jump, Shell, TERMINATED, signal};

const TERM: i32 = 15;

/// `wait [PID...]`. A signal that is trapped ends it.
pub(super) async fn wait(own: Own<'_>) -> Done {
    let pids: Result<Vec<u32>, Undone> = own.args.iter().map(|word| pid(word)).collect();
    let (pids, all) = match pids? {
        none if none.is_empty() => (own.shell.jobs.pids(), true),
        pids => (pids, false),
    };
    let mut code = 0;
    for pid in pids {
        let mut jobs = std::mem::take(&mut own.shell.jobs);
        let waited = tokio::select! {
            biased;
            code = jobs.wait(pid) => Some(code.unwrap_or(127)),
            () = own.shell.trapped() => None,
        };
        own.shell.jobs = jobs;
        match waited {
            Some(ended) => code = if all { 0 } else { ended },
            None => return Ok(TERMINATED),
        }
    }
    Ok(code)
}

fn pid(word: &str) -> Result<u32, Undone> {
    word.parse().map_err(|_| Undone::Told(2, format!("Illegal number: {word}")))
}

/// `kill [-SIGNAL|-s SIGNAL] PID...`: of commands in the background, this shell, or SIGTERM for the container's first process.
pub(super) async fn kill(own: Own<'_>) -> Done {
    let (name, rest) = match own.args {
        [option, name, rest @ ..] if option == "-s" => (name.as_str(), rest),
        [option, rest @ ..] if option.starts_with('-') => (&option[1..], rest),
        rest => ("TERM", rest),
    };
    let number = signal(name).ok_or_else(|| format!("bad signal name '{name}'"))?;
    if rest.is_empty() {
        return Err(Undone::Told(1, "you need to specify whom to kill".to_owned()));
    }
    for word in rest {
        let pid = pid(word)?;
        if number == 0 {
            let exists = pid == own.shell.pid || pid == 1 || own.shell.jobs.runs(pid) == Some(true);
            if !exists {
                return Err(Undone::Told(1, format!("can't kill pid {pid}: No such process")));
            }
        } else if pid == own.shell.pid && pid != 1 {
            signalled(own.shell, number)?;
            if let Some(action) = own.shell.traps.actions.get(&number).cloned() {
                own.shell.evaluate(&action, own.streams).await.map_err(Undone::Jump)?;
            }
        } else if pid == 1 {
            if number != TERM {
                return Err(Undone::Told(
                    1,
                    format!("can't kill pid 1: only SIGTERM is sent to it here, not {name}"),
                ));
            }
            own.shell.context.stop.cancel();
        } else if !own.shell.jobs.kill(pid, number) {
            return Err(Undone::Told(1, format!("can't kill pid {pid}: No such process")));
        }
    }
    Ok(0)
}

/// A signal to the shell itself, which ends it if there is no trap.
fn signalled(shell: &mut Shell, number: i32) -> Result<(), Undone> {
    if shell.traps.actions.contains_key(&number) {
        return Ok(());
    }
    shell.status = 128 + number;
    Err(Undone::Jump(Jump::Exit))
}
