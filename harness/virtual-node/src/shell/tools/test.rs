//! `test` and `[`.

use super::files::entries;
use super::{Call, Ended, Failure};

/// `test -e|-f|-d|-s PATH`, `-n|-z TEXT`, `A = B`, `A != B`, `A -eq|-ne|-lt|-le|-gt|-ge B`, each with `!` before it.
pub(super) async fn test(call: Call<'_>) -> Ended {
    let mut words: Vec<&str> = call.args.iter().map(String::as_str).collect();
    if call.name == "[" && words.pop() != Some("]") {
        return Err(Failure::Told("missing ]".to_owned()));
    }
    let negated = words.first() == Some(&"!") && words.len() > 1;
    let holds = holds(&call, &words[usize::from(negated)..])?;
    Ok(i32::from(holds == negated))
}

fn holds(call: &Call<'_>, words: &[&str]) -> Result<bool, Failure> {
    let files = &call.context.files;
    Ok(match words {
        [] => false,
        [text] => !text.is_empty(),
        ["-n", text] => !text.is_empty(),
        ["-z", text] => text.is_empty(),
        ["-f" | "-r", path] => files.read(path).is_ok(),
        ["-s", path] => files.read(path).is_ok_and(|content| !content.is_empty()),
        ["-d", path] => entries(call, path).is_some(),
        ["-e", path] => files.read(path).is_ok() || entries(call, path).is_some(),
        [a, "=" | "==", b] => a == b,
        [a, "!=", b] => a != b,
        [a, operator @ ("-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge"), b] => {
            let number = |text: &str| text.parse::<i64>().map_err(|_| Failure::Told(format!("bad number '{text}'")));
            let order = number(a)?.cmp(&number(b)?);
            match *operator {
                "-eq" => order.is_eq(),
                "-ne" => order.is_ne(),
                "-lt" => order.is_lt(),
                "-le" => order.is_le(),
                "-gt" => order.is_gt(),
                _ => order.is_ge(),
            }
        }
        [first, ..] => return Err(Failure::Told(format!("{first}: not supported here"))),
    })
}
