//! `echo`, `seq`, `head`, `tail`, `grep`, `wc`.

use std::collections::VecDeque;

use bytes::Bytes;

use super::{Call, Ended, Failure};

/// `echo [-n] TEXT...`
pub(super) async fn echo(call: Call<'_>) -> Ended {
    let (end, words) = match call.args {
        [first, rest @ ..] if first == "-n" => ("", rest),
        words => ("\n", words),
    };
    call.streams.stdout.write(format!("{}{end}", words.join(" "))).await?;
    Ok(0)
}

/// `seq [FIRST [STEP]] LAST`
pub(super) async fn seq(call: Call<'_>) -> Ended {
    let numbers: Result<Vec<i64>, _> = call.args.iter().map(|word| word.parse()).collect();
    let numbers = numbers.map_err(|_| format!("invalid number in '{}'", call.args.join(" ")))?;
    let (first, step, last) = match numbers.as_slice() {
        [last] => (1, 1, *last),
        [first, last] => (*first, 1, *last),
        [first, step, last] if *step != 0 => (*first, *step, *last),
        _ => return Err(Failure::Told("usage: seq [FIRST [STEP]] LAST".to_owned())),
    };
    let mut next = first;
    while if step > 0 { next <= last } else { next >= last } {
        call.streams.stdout.line(next.to_string()).await?;
        next = next.saturating_add(step);
    }
    Ok(0)
}

/// The lines of the files named, or of standard input.
async fn lines(call: &mut Call<'_>, paths: &[String]) -> Result<Vec<Bytes>, Failure> {
    let mut lines = Vec::new();
    if paths.is_empty() {
        while let Some(line) = call.streams.stdin.line().await {
            lines.push(line);
        }
    }
    for path in paths {
        let content = call
            .context
            .files
            .read(path)
            .map_err(|_| format!("{path}: No such file or directory"))?;
        lines.extend(content.split_inclusive(|byte| *byte == b'\n').map(Bytes::copy_from_slice));
    }
    Ok(lines)
}

/// `head` and `tail`, with `-n COUNT`, `-COUNT` or `-c`-less; ten lines otherwise.
pub(super) async fn ends(mut call: Call<'_>) -> Ended {
    let (mut count, mut paths) = (10, Vec::new());
    let mut args = call.args.iter();
    while let Some(arg) = args.next() {
        let number = match arg.strip_prefix('-') {
            Some("n") => args.next().map(String::as_str).unwrap_or_default(),
            Some(rest) if !rest.is_empty() => rest.strip_prefix('n').unwrap_or(rest),
            _ => {
                paths.push(arg.clone());
                continue;
            }
        };
        count = number.parse().map_err(|_| format!("invalid number '{number}'"))?;
    }
    let all = lines(&mut call, &paths).await?;
    let kept: VecDeque<Bytes> = if call.name == "head" {
        all.into_iter().take(count).collect()
    } else {
        let skip = all.len().saturating_sub(count);
        all.into_iter().skip(skip).collect()
    };
    for line in kept {
        call.streams.stdout.write(line).await?;
    }
    Ok(0)
}

/// `grep [-civqF] TEXT [FILE...]`; the text is taken as it is, not as a pattern.
pub(super) async fn grep(mut call: Call<'_>) -> Ended {
    let (letters, operands) = call.options("civqF")?;
    let Some((text, paths)) = operands.split_first() else {
        return Err(Failure::Told("a text to look for is missing".to_owned()));
    };
    if !letters.contains('F') && text.contains(['*', '[', '\\', '^', '$', '+', '?']) {
        return Err(Failure::Told(format!(
            "{text}: patterns are not supported here; -F takes a text as it is"
        )));
    }
    let fold = |text: &str| {
        if letters.contains('i') {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let (text, paths) = (fold(text), paths.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>());
    let inverted = letters.contains('v');
    let (quiet, counted) = (letters.contains('q'), letters.contains('c'));
    let mut matching = lines(&mut call, &paths).await?;
    matching.retain(|line| fold(&String::from_utf8_lossy(line)).contains(&text) != inverted);
    let found = !matching.is_empty();
    if counted {
        call.streams.stdout.line(matching.len().to_string()).await?;
    } else if !quiet {
        for line in matching {
            call.streams.stdout.write(line).await?;
        }
    }
    Ok(i32::from(!found))
}

/// `wc -l|-c [FILE]`
pub(super) async fn wc(mut call: Call<'_>) -> Ended {
    let (letters, operands) = call.options("lc")?;
    let paths: Vec<String> = operands.into_iter().map(str::to_owned).collect();
    let lines = lines(&mut call, &paths).await?;
    let breaks = lines.iter().filter(|line| line.ends_with(b"\n")).count();
    let bytes: usize = lines.iter().map(Bytes::len).sum();
    let text = match letters.as_str() {
        "l" => breaks.to_string(),
        "c" => bytes.to_string(),
        _ => return Err(Failure::Told("one of -l and -c is needed here".to_owned())),
    };
    call.streams.stdout.line(text).await?;
    Ok(0)
}
