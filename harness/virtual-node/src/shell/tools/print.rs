//! `echo`, `printf`, `seq`, `yes`

use super::{Call, Ended, Failure};
use crate::shell::interp::Pace;

/// `echo [-neE] TEXT...`
pub(super) async fn echo(call: Call<'_>) -> Ended {
    let (mut end, mut escapes, mut words) = ("\n", false, call.args);
    while let [first, rest @ ..] = words {
        let letters = first.strip_prefix('-').unwrap_or_default();
        if letters.is_empty() || !letters.chars().all(|letter| "neE".contains(letter)) {
            break;
        }
        for letter in letters.chars() {
            match letter {
                'n' => end = "",
                letter => escapes = letter == 'e',
            }
        }
        words = rest;
    }
    let mut text = words.join(" ");
    if escapes {
        let (unescaped, stops) = unescaped(&text);
        text = unescaped;
        if stops {
            end = "";
        }
    }
    call.print(format!("{text}{end}")).await?;
    Ok(0)
}

/// A text with its escapes done, and whether `\c` ends all output.
pub(super) fn unescaped(text: &str) -> (String, bool) {
    let (mut done, mut rest) = (String::new(), text.chars().peekable());
    while let Some(next) = rest.next() {
        if next != '\\' {
            done.push(next);
            continue;
        }
        let octal = |rest: &mut std::iter::Peekable<std::str::Chars<'_>>, first: u32| {
            let mut value = first;
            for _ in 0..3 {
                let Some(digit) = rest.next_if(|digit| digit.is_digit(8)).and_then(|digit| digit.to_digit(8)) else {
                    break;
                };
                value = value * 8 + digit;
            }
            char::from_u32(value & 0xff).unwrap_or_default()
        };
        match rest.next() {
            Some('n') => done.push('\n'),
            Some('t') => done.push('\t'),
            Some('r') => done.push('\r'),
            Some('a') => done.push('\x07'),
            Some('b') => done.push('\x08'),
            Some('f') => done.push('\x0c'),
            Some('v') => done.push('\x0b'),
            Some('e') => done.push('\x1b'),
            Some('\\') => done.push('\\'),
            Some('c') => return (done, true),
            Some('0') => done.push(octal(&mut rest, 0)),
            Some(digit) if digit.is_digit(8) => {
                let first = digit.to_digit(8).unwrap_or_default();
                done.push(octal(&mut rest, first));
            }
            Some('x') => {
                let mut value = 0;
                for _ in 0..2 {
                    let Some(digit) = rest.next_if(char::is_ascii_hexdigit).and_then(|digit| digit.to_digit(16)) else {
                        break;
                    };
                    value = value * 16 + digit;
                }
                done.extend(char::from_u32(value));
            }
            Some(other) => done.extend(['\\', other]),
            None => done.push('\\'),
        }
    }
    (done, false)
}

/// `printf FORMAT [ARGUMENT...]`
pub(super) async fn printf(call: Call<'_>) -> Ended {
    let Some((format, args)) = call.args.split_first() else {
        return Err(Failure::Told("a format is needed".to_owned()));
    };
    let (format, args) = if format == "--" {
        args.split_first().unwrap_or((format, args))
    } else {
        (format, args)
    };
    let (mut text, mut rest, mut code) = (String::new(), args.iter(), 0);
    loop {
        let before = rest.len();
        let stops = formatted(format, &mut rest, &mut text, &mut code)?;
        if stops || rest.len() == 0 || rest.len() == before {
            break;
        }
    }
    call.print(text).await?;
    if code != 0 {
        call.complain("invalid number").await;
    }
    Ok(code)
}

/// One pass of a format over the arguments that are left; whether `\c` ends all output.
fn formatted(format: &str, args: &mut std::slice::Iter<'_, String>, text: &mut String, code: &mut i32) -> Result<bool, Failure> {
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (done, stops) = unescaped(&rest[..at]);
        text.push_str(&done);
        if stops {
            return Ok(true);
        }
        rest = &rest[at + 1..];
        let length = rest.find(|next: char| !"-+ #0123456789.*".contains(next)).unwrap_or(rest.len());
        let (spec, after) = rest.split_at(length);
        let Some(conversion) = after.chars().next() else {
            return Err(Failure::Told(format!("%{spec}: invalid format")));
        };
        rest = &after[conversion.len_utf8()..];
        if conversion == '%' {
            text.push('%');
            continue;
        }
        let mut spec = spec.to_owned();
        while spec.contains('*') {
            spec = spec.replacen('*', args.next().map_or("0", String::as_str), 1);
        }
        let arg = args.next().map(String::as_str).unwrap_or_default();
        let mut number = || {
            let parsed = match arg.strip_prefix(['\'', '"']) {
                Some(quoted) => Some(quoted.chars().next().map_or(0, |next| i64::from(u32::from(next)))),
                None => integer(arg),
            };
            parsed.unwrap_or_else(|| {
                *code = 1;
                0
            })
        };
        let value = match conversion {
            's' => arg.to_owned(),
            'b' => {
                let (done, stops) = unescaped(arg);
                if stops {
                    text.push_str(&done);
                    return Ok(true);
                }
                done
            }
            'c' => arg.chars().take(1).collect(),
            'd' | 'i' | 'u' => number().to_string(),
            'x' => format!("{:x}", number()),
            'X' => format!("{:X}", number()),
            'o' => format!("{:o}", number()),
            'f' => {
                let digits = spec.split_once('.').map_or(6, |(_, digits)| digits.parse().unwrap_or(0));
                format!("{:.*}", digits, arg.parse::<f64>().unwrap_or_default())
            }
            other => return Err(Failure::Told(format!("%{other}: invalid format"))),
        };
        text.push_str(&padded(&spec, conversion, &value));
    }
    let (done, stops) = unescaped(rest);
    text.push_str(&done);
    Ok(stops)
}

fn integer(text: &str) -> Option<i64> {
    if text.is_empty() {
        return Some(0);
    }
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let value = match digits.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16),
        None if digits.len() > 1 && digits.starts_with('0') => i64::from_str_radix(digits, 8),
        None => digits.parse(),
    };
    value.ok().map(|value| value * sign)
}

fn padded(spec: &str, conversion: char, value: &str) -> String {
    let flags: String = spec.chars().take_while(|next| "-+ #0".contains(*next)).collect();
    let (width, precision) = spec[flags.len()..]
        .split_once('.')
        .map_or((&spec[flags.len()..], None), |(width, precision)| (width, Some(precision)));
    let width: usize = width.parse().unwrap_or_default();
    let text: String = match precision {
        Some(most) if "sb".contains(conversion) => value.chars().take(most.parse().unwrap_or_default()).collect(),
        _ if flags.contains('+') && "di".contains(conversion) && !value.starts_with('-') => format!("+{value}"),
        _ => value.to_owned(),
    };
    match () {
        () if flags.contains('-') => format!("{text:<width$}"),
        () if flags.contains('0') && !"sbc".contains(conversion) => match text.strip_prefix('-') {
            Some(digits) => format!("-{digits:0>width$}", width = width.saturating_sub(1)),
            None => format!("{text:0>width$}"),
        },
        () => format!("{text:>width$}"),
    }
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
    let (mut next, mut pace) = (first, Pace::default());
    while if step > 0 { next <= last } else { next >= last } {
        call.line(next.to_string()).await?;
        let Some(after) = next.checked_add(step) else { break };
        next = after;
        if next % 1024 == 0 {
            pace.round(&call.context.clock).await;
        }
    }
    Ok(0)
}

/// `yes [TEXT...]`
pub(super) async fn yes(call: Call<'_>) -> Ended {
    let line = if call.args.is_empty() {
        "y".to_owned()
    } else {
        call.args.join(" ")
    };
    let block = format!("{line}\n").repeat(64);
    let mut pace = Pace::default();
    loop {
        call.print(block.clone()).await?;
        pace.round(&call.context.clock).await;
    }
}
