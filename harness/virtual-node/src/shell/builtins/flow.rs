//! `break`, `continue`, `return`, `exit`, `eval`, `.`

use super::{Done, Own, Undone};
use crate::shell::interp::Jump;

fn number(own: &Own<'_>, otherwise: i32) -> Result<i32, Undone> {
    match own.args.first() {
        None => Ok(otherwise),
        Some(word) => word.parse().map_err(|_| Undone::Told(2, format!("Illegal number: {word}"))),
    }
}

/// `break [LOOPS]`, `continue [LOOPS]`
pub(super) async fn leave_loop(own: Own<'_>) -> Done {
    let loops = u32::try_from(number(&own, 1)?).unwrap_or_default();
    if loops == 0 {
        return Err(Undone::Told(2, "Illegal number: 0".to_owned()));
    }
    if own.shell.loops == 0 {
        return Ok(0);
    }
    own.shell.status = 0;
    let loops = loops.min(own.shell.loops);
    Err(Undone::Jump(if own.name == "break" {
        Jump::Break(loops)
    } else {
        Jump::Continue(loops)
    }))
}

/// `exit [CODE]`, `return [CODE]`
pub(super) async fn end(own: Own<'_>) -> Done {
    own.shell.status = number(&own, own.shell.status)? & 0xff;
    Err(Undone::Jump(if own.name == "exit" { Jump::Exit } else { Jump::Return }))
}

/// `eval WORD...`
pub(super) async fn eval(own: Own<'_>) -> Done {
    let text = own.args.join(" ");
    own.shell.status = 0;
    own.shell.evaluate(&text, own.streams).await.map_err(Undone::Jump)?;
    Ok(own.shell.status)
}

/// `. FILE`
pub(super) async fn source(own: Own<'_>) -> Done {
    let [name] = own.args else {
        return Err(Undone::Told(2, "one file is needed".to_owned()));
    };
    let Ok(text) = own.shell.context.files.read_to_string(&own.shell.path(name)) else {
        own.shell
            .complain(
                own.streams,
                &format!("{}: can't open '{name}': No such file or directory", own.name),
            )
            .await;
        own.shell.status = 2;
        return Err(Undone::Jump(Jump::Abort));
    };
    own.shell.status = 0;
    match own.shell.evaluate(&text, own.streams).await {
        Ok(()) | Err(Jump::Return) => Ok(own.shell.status),
        Err(jump) => Err(Undone::Jump(jump)),
    }
}
