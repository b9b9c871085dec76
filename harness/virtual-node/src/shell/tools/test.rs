//! `test` and `[`.

use super::{Call, Ended, Failure};

const DEPTH: usize = 50;

/// `test EXPRESSION`: of files, texts and numbers, with `!`, `-a`, `-o` and parentheses.
pub(super) async fn test(call: Call<'_>) -> Ended {
    let mut words: Vec<&str> = call.args.iter().map(String::as_str).collect();
    if call.name == "[" && words.pop() != Some("]") {
        return Err(Failure::Code(2, "missing ]".to_owned()));
    }
    Ok(i32::from(!holds(&call, &words)?))
}

fn holds(call: &Call<'_>, words: &[&str]) -> Result<bool, Failure> {
    // What few words mean depends on how many there are.
    match words {
        [] => Ok(false),
        [text] => Ok(!text.is_empty()),
        ["!", text] => Ok(text.is_empty()),
        [a, operator, b] if is_binary(operator) => compare(a, operator, b),
        ["!", rest @ ..] if rest.len() <= 3 => Ok(!holds(call, rest)?),
        words => {
            let mut reader = Reader {
                call,
                words,
                at: 0,
                depth: 0,
            };
            let value = reader.or()?;
            match words.get(reader.at) {
                None => Ok(value),
                Some(word) => Err(Failure::Code(2, format!("{word}: unknown operand"))),
            }
        }
    }
}

fn is_binary(operator: &str) -> bool {
    matches!(
        operator,
        "=" | "==" | "!=" | "<" | ">" | "-eq" | "-ne" | "-lt" | "-le" | "-gt" | "-ge"
    )
}

struct Reader<'a, 'b> {
    call: &'a Call<'b>,
    words: &'a [&'a str],
    at: usize,
    depth: usize,
}

impl Reader<'_, '_> {
    fn peek(&self, ahead: usize) -> Option<&str> {
        self.words.get(self.at + ahead).copied()
    }

    fn or(&mut self) -> Result<bool, Failure> {
        let mut value = self.and()?;
        while self.peek(0) == Some("-o") {
            self.at += 1;
            value |= self.and()?;
        }
        Ok(value)
    }

    fn and(&mut self) -> Result<bool, Failure> {
        let mut value = self.not()?;
        while self.peek(0) == Some("-a") {
            self.at += 1;
            value &= self.not()?;
        }
        Ok(value)
    }

    fn not(&mut self) -> Result<bool, Failure> {
        let mut negated = false;
        while self.peek(0) == Some("!") && self.peek(1).is_some() {
            self.at += 1;
            negated = !negated;
        }
        Ok(self.primary()? != negated)
    }

    fn primary(&mut self) -> Result<bool, Failure> {
        let Some(first) = self.words.get(self.at).copied() else {
            return Err(Failure::Code(2, "argument expected".to_owned()));
        };
        if let Some(operator) = self.words.get(self.at + 1).copied().filter(|operator| is_binary(operator))
            && let Some(b) = self.words.get(self.at + 2).copied()
        {
            self.at += 3;
            return compare(first, operator, b);
        }
        if first == "(" {
            self.depth += 1;
            if self.depth > DEPTH {
                return Err(Failure::Code(2, "too many parentheses".to_owned()));
            }
            self.at += 1;
            let value = self.or()?;
            self.depth -= 1;
            self.at += 1;
            return match self.words.get(self.at - 1) {
                Some(&")") => Ok(value),
                _ => Err(Failure::Code(2, "closing paren expected".to_owned())),
            };
        }
        if first.len() == 2
            && first.starts_with('-')
            && let Some(operand) = self.words.get(self.at + 1).copied()
        {
            self.at += 2;
            return unary(self.call, first, operand);
        }
        self.at += 1;
        Ok(!first.is_empty())
    }
}

fn unary(call: &Call<'_>, operator: &str, operand: &str) -> Result<bool, Failure> {
    let files = &call.context.files;
    let path = call.path(operand);
    let (is_folder, content) = (files.is_folder(&path), files.read(&path));
    let is_null = path == "/dev/null";
    Ok(match operator {
        "-n" => !operand.is_empty(),
        "-z" => operand.is_empty(),
        "-f" => content.is_ok(),
        "-d" => is_folder,
        "-s" => is_folder || content.is_ok_and(|content| !content.is_empty()),
        "-e" | "-r" => content.is_ok() || is_folder || is_null,
        "-w" => {
            let writable = files
                .mounts()
                .find(|(mount, _)| path == *mount || path.starts_with(&format!("{mount}/")));
            (content.is_ok() || is_folder || is_null) && writable.is_none_or(|(_, writable)| writable)
        }
        // Files have no modes: what is there may be run, as it may where everybody is root and modes are set.
        "-x" => content.is_ok() || is_folder || super::find(operand).is_some(),
        // There are no links, devices, sockets or pipes, and no terminals.
        "-L" | "-h" | "-b" | "-S" | "-p" | "-t" => false,
        "-c" => is_null,
        other => return Err(Failure::Code(2, format!("{other}: not supported here"))),
    })
}

fn compare(a: &str, operator: &str, b: &str) -> Result<bool, Failure> {
    let number = |text: &str| {
        let parsed = text.trim().parse::<i64>();
        parsed.map_err(|_| Failure::Code(2, format!("{text}: bad number")))
    };
    let order = if operator.starts_with('-') {
        number(a)?.cmp(&number(b)?)
    } else {
        a.cmp(b)
    };
    Ok(match operator {
        "=" | "==" | "-eq" => order.is_eq(),
        "!=" | "-ne" => order.is_ne(),
        "<" | "-lt" => order.is_lt(),
        "-le" => order.is_le(),
        ">" | "-gt" => order.is_gt(),
        _ => order.is_ge(),
    })
}
