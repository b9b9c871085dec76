//! Strings: which style they may have, and each style.

use serde_json::Value;

use super::{Emitter, Style};
use crate::scalar::Rules;

/// Where go-yaml starts to fold.
const WIDTH: usize = 80;

/// What stands in a string, as far as it restricts the styles.
struct Analysis {
    plain: bool,
    single: bool,
    block: bool,
}

impl Emitter {
    /// A string in value position; continuation lines start at `indent`.
    pub(super) fn text(&mut self, text: &str, indent: usize) {
        let analysis = analyse(text);
        let fold = (self.style == Style::Plain).then_some(indent);
        if text.contains('\n') && analysis.block {
            self.literal(text, indent);
        } else if text.contains('\n') || misread(text) {
            self.double(text, fold);
        } else if analysis.plain {
            self.plain(text, fold);
        } else if analysis.single {
            self.single(text, fold);
        } else {
            self.double(text, fold);
        }
    }

    /// A mapping key on one line.
    pub(super) fn simple_key(&mut self, text: &str) {
        let analysis = analyse(text);
        if misread(text) {
            self.double(text, None);
        } else if analysis.plain {
            self.plain(text, None);
        } else if analysis.single {
            self.single(text, None);
        } else {
            self.double(text, None);
        }
    }

    fn plain(&mut self, text: &str, fold: Option<usize>) {
        let mut spaces = false;
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match fold {
                Some(indent) if c == ' ' && !spaces && self.column > WIDTH && chars.peek() != Some(&' ') => self.line(indent),
                _ => self.put(c),
            }
            spaces = c == ' ';
        }
    }

    fn single(&mut self, text: &str, fold: Option<usize>) {
        self.put('\'');
        let mut spaces = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            let inner = i > 0 && next.is_some() && next != Some(' ');
            match fold {
                Some(indent) if c == ' ' && !spaces && inner && self.column > WIDTH => self.line(indent),
                _ => {
                    if c == '\'' {
                        self.put('\'');
                    }
                    self.put(c);
                }
            }
            spaces = c == ' ';
        }
        self.put('\'');
    }

    fn double(&mut self, text: &str, fold: Option<usize>) {
        self.put('"');
        let mut spaces = false;
        let mut chars = text.chars().enumerate().peekable();
        while let Some((i, c)) = chars.next() {
            let next = chars.peek().map(|(_, next)| *next);
            match fold {
                Some(indent) if c == ' ' && !spaces && i > 0 && next.is_some() && self.column > WIDTH => {
                    self.line(indent);
                    if next == Some(' ') {
                        self.put('\\');
                    }
                }
                _ if printable(c) && !is_break(c) && !matches!(c, '"' | '\\' | '\u{feff}') => self.put(c),
                _ => self.escape(c),
            }
            spaces = c == ' ';
        }
        self.put('"');
    }

    fn escape(&mut self, c: char) {
        let text = match c {
            '\0' => "\\0".to_owned(),
            '\x07' => "\\a".to_owned(),
            '\x08' => "\\b".to_owned(),
            '\t' => "\\t".to_owned(),
            '\n' => "\\n".to_owned(),
            '\x0b' => "\\v".to_owned(),
            '\x0c' => "\\f".to_owned(),
            '\r' => "\\r".to_owned(),
            '\x1b' => "\\e".to_owned(),
            '"' | '\\' => format!("\\{c}"),
            '\u{85}' => "\\N".to_owned(),
            '\u{a0}' => "\\_".to_owned(),
            '\u{2028}' => "\\L".to_owned(),
            '\u{2029}' => "\\P".to_owned(),
            c => match u32::from(c) {
                code @ 0..=0xff => format!("\\x{code:02X}"),
                code @ 0x100..=0xffff => format!("\\u{code:04X}"),
                code => format!("\\U{code:08X}"),
            },
        };
        self.write(&text);
    }

    /// A `|` block: an indentation hint when it starts with white space, `-` without and `+` with several final breaks.
    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with([' ', '\n']) {
            self.put('2');
        }
        let body = text.strip_suffix('\n');
        match body {
            None => self.put('-'),
            Some(body) if body.is_empty() || body.ends_with('\n') => self.put('+'),
            Some(_) => {}
        }
        // The last line's break is the caller's, as for every other value.
        for line in body.unwrap_or(text).split('\n') {
            if line.is_empty() {
                self.out.push('\n');
                self.column = 0;
            } else {
                self.line(indent);
                self.write(line);
            }
        }
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }
}

/// Whether some reader would take the plain text for something else than this string: YAML 1.1 types, dates, base 60.
fn misread(text: &str) -> bool {
    !matches!(Rules::Kubernetes.resolve(text), Some(Value::String(_))) || timestamp(text) || base60(text)
}

/// `2024-1-2`, alone or with a time as `T15:4:5.9Z`, `t15:4:5+01:00` or ` 15:4:5`: what go-yaml resolves as a timestamp.
fn timestamp(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => (&text[..at], Some((text.as_bytes()[at], &text[at + 1..]))),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (Some(year), true) = (below(year, 10_000), year.len() == 4) else {
        return false;
    };
    let days = match below(month, 13) {
        Some(2) if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        Some(1..) => 31,
        _ => return false,
    };
    if month.len() > 2 || day.len() > 2 || !matches!(below(day, days + 1), Some(1..)) {
        return false;
    }
    match time {
        None => true,
        Some((b' ', time)) => clock(time),
        Some((_, time)) => match time.find(['Z', '+', '-']) {
            Some(at) if time[at..] == *"Z" => clock(&time[..at]),
            Some(at) => {
                clock(&time[..at])
                    && time[at + 1..]
                        .split_once(':')
                        .is_some_and(|(h, m)| below(h, 25).is_some() && below(m, 60).is_some())
            }
            None => false,
        },
    }
}

/// `15:4:5` with an optional fraction.
fn clock(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let parts: Vec<&str> = whole.split(':').collect();
    let [hour, minute, second] = parts[..] else { return false };
    let fits = |part: &str, limit| part.len() <= 2 && below(part, limit).is_some();
    fits(hour, 24) && fits(minute, 60) && fits(second, 60) && below(fraction, u32::MAX).is_some()
}

/// A number of digits only, below a limit.
fn below(digits: &str, limit: u32) -> Option<u32> {
    let number = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
    (number < limit).then_some(number)
}

/// `12:30`, `1:20:30.5`: numbers to base 60 in YAML 1.1.
fn base60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = unsigned.split_once(':') else {
        return false;
    };
    let (rest, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_');
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && rest.split(':').all(|part| match part.as_bytes() {
            [one] => one.is_ascii_digit(),
            [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
            _ => false,
        })
}

fn analyse(text: &str) -> Analysis {
    let chars: Vec<char> = text.chars().collect();
    let (Some(first), Some(last)) = (chars.first(), chars.last()) else {
        return Analysis {
            plain: false,
            single: true,
            block: false,
        };
    };
    let blank = |c: Option<&char>| c.is_none_or(|c| matches!(c, ' ' | '\t') || is_break(*c));
    let mut indicators = text.starts_with("---") || text.starts_with("...");
    indicators |= matches!(
        first,
        '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%' | '@' | '`'
    );
    indicators |= matches!(first, '-' | '?' | ':') && blank(chars.get(1));
    let mut special = false;
    let mut space_break = false;
    let mut break_space = false;
    for (i, c) in chars.iter().enumerate() {
        indicators |= i > 0 && *c == ':' && blank(chars.get(i + 1));
        indicators |= i > 0 && *c == '#' && blank(chars.get(i - 1));
        special |= !printable(*c);
        if i > 0 {
            space_break |= is_break(*c) && chars[i - 1] == ' ';
            break_space |= *c == ' ' && is_break(chars[i - 1]);
        }
    }
    let edge = |c: &char| *c == ' ' || is_break(*c);
    let broken = chars.iter().any(|c| is_break(*c));
    let unsafe_anywhere = space_break || special;
    Analysis {
        plain: !(indicators || edge(first) || edge(last) || broken || break_space || unsafe_anywhere),
        single: !(break_space || unsafe_anywhere),
        block: !(*last == ' ' || unsafe_anywhere),
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What go-yaml writes as it is: a tab and anything beyond the basic plane is not.
fn printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

/// Whether a text can be a key before `:`; others are written after `?`.
pub(super) fn is_simple_key(text: &str) -> bool {
    text.len() <= 128 && !text.contains(is_break)
}
