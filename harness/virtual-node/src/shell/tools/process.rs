//! `printenv`, `hostname`, `pwd`, `id`, `whoami`, `uname`, `which`: what a process knows of its surroundings.

use super::{Call, Ended, Failure};
use crate::shell::interp::Invocation;

/// `printenv [NAME...]`
pub(super) async fn printenv(call: Call<'_>) -> Ended {
    let env = call.shell.env();
    if call.args.is_empty() {
        for (name, value) in &env {
            call.line(format!("{name}={value}")).await?;
        }
    }
    let mut code = 0;
    for name in call.args {
        match env.get(name) {
            Some(value) => call.line(value).await?,
            None => code = 1,
        }
    }
    Ok(code)
}

/// `hostname [-i|-f|-s]`
pub(super) async fn hostname(call: Call<'_>) -> Ended {
    let given = call.flags("ifs")?;
    let pod = &call.context.pod;
    call.line(if given.has('i') { &pod.ip } else { &pod.name }).await?;
    Ok(0)
}

/// `pwd`
pub(super) async fn pwd(call: Call<'_>) -> Ended {
    call.line(&call.shell.cwd).await?;
    Ok(0)
}

/// `id [-u|-g] [-n]`, `whoami`. Nobody here is anybody else.
pub(super) async fn id(call: Call<'_>) -> Ended {
    let given = call.flags("ugn")?;
    let text = match (given.has('u') || given.has('g'), given.has('n')) {
        _ if call.name == "whoami" => "root",
        (true, true) => "root",
        (true, false) => "0",
        _ => "uid=0(root) gid=0(root) groups=0(root)",
    };
    call.line(text).await?;
    Ok(0)
}

/// `uname [-asnrm]`
pub(super) async fn uname(call: Call<'_>) -> Ended {
    let given = call.flags("asnrm")?;
    let all = given.has('a');
    let parts = [('s', "Linux"), ('n', &call.context.pod.name), ('r', "6.1.0"), ('m', "x86_64")];
    let none = !parts.iter().any(|(letter, _)| given.has(*letter));
    let shown = parts
        .iter()
        .filter(|(letter, _)| all || given.has(*letter) || (none && *letter == 's'));
    call.line(shown.map(|(_, part)| *part).collect::<Vec<_>>().join(" ")).await?;
    Ok(0)
}

/// `which NAME...`
pub(super) async fn which(call: Call<'_>) -> Ended {
    let mut code = 0;
    for name in call.args {
        if name.starts_with('-') {
            return Err(Failure::Code(2, format!("unrecognized option: {name}")));
        }
        let words = std::slice::from_ref(name);
        let is_there = super::find(name).is_some() || Invocation::is_shell(name) || call.shell.programs.for_executable(words).is_some();
        match is_there {
            true if name.contains('/') => call.line(name).await?,
            true => call.line(format!("/bin/{name}")).await?,
            false => code = 1,
        }
    }
    Ok(code)
}
