//! `head`, `tail`, `uniq`, `wc`

use std::time::Duration;

use super::options::Known;
use super::{Call, Ended, Failure, lines_of};

/// How often `tail -f` looks.
const LOOK: Duration = Duration::from_secs(1);

/// The command line with `-5` written as `-n 5`.
fn counted(args: &[String]) -> Vec<String> {
    let long = |arg: &String| match arg.strip_prefix('-') {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit()) => format!("-n{digits}"),
        _ => arg.clone(),
    };
    args.iter().map(long).collect()
}

/// `head [-n COUNT] [-c BYTES] [FILE...]`
pub(super) async fn head(call: Call<'_>) -> Ended {
    let args = counted(call.args);
    let call = Call { args: &args, ..call };
    let given = call.options(Known {
        flags: "q",
        valued: "nc",
        ..Known::default()
    })?;
    if given.operands.len() > 1 {
        return Err(Failure::Told("one file at a time here".to_owned()));
    }
    if let Some(bytes) = given.number::<usize>('c')? {
        let all = call.read_all(&given.operands).await?;
        call.print(all.slice(..bytes.min(all.len()))).await?;
        return Ok(0);
    }
    let count = given.number('n')?.unwrap_or(10);
    if given.operands.is_empty() {
        // No more than is needed: whoever writes may never end.
        for _ in 0..count {
            let Some(line) = call.streams.stdin.line().await else { break };
            call.print(line).await?;
        }
        return Ok(0);
    }
    let all = call.read_all(&given.operands).await?;
    for line in all.split_inclusive(|byte| *byte == b'\n').take(count) {
        call.print(line.to_vec()).await?;
    }
    Ok(0)
}

/// `tail [-n [+]COUNT] [-c BYTES] [-fF] [FILE]`
pub(super) async fn tail(call: Call<'_>) -> Ended {
    let args = counted(call.args);
    let call = Call { args: &args, ..call };
    let given = call.options(Known {
        flags: "fFq",
        valued: "nc",
        ..Known::default()
    })?;
    if given.operands.len() > 1 {
        return Err(Failure::Told("one file at a time here".to_owned()));
    }
    let all = call.read_all(&given.operands).await?;
    let mut seen = all.len();
    let count = given.value('n').unwrap_or("10");
    let parse = |text: &str| text.parse::<usize>().map_err(|_| format!("invalid number '{text}'"));
    if let Some(bytes) = given.number::<usize>('c')? {
        call.print(all.slice(all.len().saturating_sub(bytes)..)).await?;
    } else {
        let lines: Vec<&[u8]> = all.split_inclusive(|byte| *byte == b'\n').collect();
        let from = match count.strip_prefix('+') {
            Some(first) => parse(first)?.saturating_sub(1),
            None => lines.len().saturating_sub(parse(count.trim_start_matches('-'))?),
        };
        for line in lines.into_iter().skip(from) {
            call.print(line.to_vec()).await?;
        }
    }
    let follows = given.has('f') || given.has('F');
    let file = given.operands.first().filter(|_| follows);
    let Some(file) = file else { return Ok(0) };
    if file == "/dev/null" {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(LOOK).await;
        let now = call.context.files.read(&call.path(file)).unwrap_or_default();
        if now.len() < seen {
            seen = 0;
        }
        call.print(now.slice(seen..)).await?;
        seen = now.len();
    }
}

/// `uniq [-cdu] [FILE]`
pub(super) async fn uniq(call: Call<'_>) -> Ended {
    let given = call.flags("cdu")?;
    let all = call.read_all(&given.operands).await?;
    let mut runs: Vec<(usize, String)> = Vec::new();
    for line in lines_of(&all) {
        match runs.last_mut() {
            Some((count, last)) if *last == line => *count += 1,
            _ => runs.push((1, line)),
        }
    }
    for (count, line) in runs {
        if (given.has('d') && count == 1) || (given.has('u') && count > 1) {
            continue;
        }
        call.line(if given.has('c') { format!("{count:>7} {line}") } else { line }).await?;
    }
    Ok(0)
}

/// `wc [-lwc] [FILE...]`
pub(super) async fn wc(call: Call<'_>) -> Ended {
    let given = call.flags("lwc")?;
    let none = !['l', 'w', 'c'].into_iter().any(|letter| given.has(letter));
    let files = if given.operands.is_empty() {
        vec!["-".to_owned()]
    } else {
        given.operands.clone()
    };
    for file in &files {
        let all = call.read(file).await?;
        let words = String::from_utf8_lossy(&all).split_whitespace().count();
        let counts = [
            ('l', all.iter().filter(|byte| **byte == b'\n').count()),
            ('w', words),
            ('c', all.len()),
        ];
        let shown: Vec<String> = counts
            .into_iter()
            .filter(|(letter, _)| none || given.has(*letter))
            .map(|(_, count)| count.to_string())
            .collect();
        // Several numbers stand in columns.
        let text = match shown.as_slice() {
            [one] => one.clone(),
            many => many.iter().map(|count| format!("{count:>9}")).collect::<Vec<_>>().join(" "),
        };
        call.line(if file == "-" { text } else { format!("{text} {file}") }).await?;
    }
    Ok(0)
}
