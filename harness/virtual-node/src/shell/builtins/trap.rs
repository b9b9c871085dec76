//! `trap`

use super::{Done, Own, Undone};
use crate::shell::interp::{signal, signal_name};

/// `trap ACTION SIGNAL...`, `trap - SIGNAL...`, `trap '' SIGNAL...`, `trap`
pub(super) async fn trap(own: Own<'_>) -> Done {
    let Some((action, signals)) = own.args.split_first() else {
        let lines: Vec<String> = own
            .shell
            .traps
            .actions
            .iter()
            .map(|(number, action)| format!("trap -- '{action}' {}", signal_name(*number)))
            .collect();
        for line in lines {
            own.streams.stdout.line(line).await.map_err(|error| error.to_string())?;
        }
        return Ok(0);
    };
    // A signal alone is taken back.
    let signals = if signals.is_empty() { own.args } else { signals };
    let takes_back = action == "-" || signals.len() == own.args.len();
    for word in signals {
        let number = signal(word).ok_or_else(|| Undone::Told(1, format!("{word}: invalid signal specification")))?;
        if takes_back {
            own.shell.traps.actions.remove(&number);
        } else {
            own.shell.traps.actions.insert(number, action.clone());
        }
    }
    Ok(0)
}
