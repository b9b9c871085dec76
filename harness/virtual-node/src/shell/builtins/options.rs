//! `set`

use super::{Done, Own, Undone, variables};
use crate::shell::interp::signed;

/// `set [-efux] [+efux] [-o NAME] [--] [PARAMETER...]`
pub(super) async fn set(own: Own<'_>) -> Done {
    if own.args.is_empty() {
        return variables::show(own).await;
    }
    let mut options = own.shell.options;
    let mut rest = own.args;
    let mut replaces = false;
    while let [option, after @ ..] = rest {
        let Some((on, letters)) = signed(option) else { break };
        rest = after;
        if letters == "-" {
            replaces = true;
            break;
        }
        for letter in letters.chars() {
            if letter == 'o' {
                let (name, after) = rest
                    .split_first()
                    .ok_or_else(|| Undone::Told(2, "-o: a name is missing".to_owned()))?;
                rest = after;
                if !options.name(name, on) {
                    return Err(Undone::Told(2, format!("-o {name}: not supported by this shell")));
                }
            } else if !options.letter(letter, on) {
                return Err(Undone::Told(2, format!("-{letter}: not supported by this shell")));
            }
        }
    }
    own.shell.options = options;
    if replaces || !rest.is_empty() {
        own.shell.params = rest.to_vec();
    }
    Ok(0)
}
