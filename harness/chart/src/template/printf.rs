//! Go's `fmt.Sprintf` and `fmt.Sprint` on template values.

use super::{Value, float_text, go_text};

/// `fmt.Sprint`: blanks only between operands of which neither is a string.
pub(crate) fn sprint(args: &[Value]) -> String {
    let mut out = String::new();
    for (i, arg) in args.iter().enumerate() {
        let text = |v: &Value| matches!(v, Value::Str(_));
        if i > 0 && !text(arg) && !text(&args[i - 1]) {
            out.push(' ');
        }
        out.push_str(&go_text(arg));
    }
    out
}

/// `strconv.Quote`.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            '\u{feff}' => out.push_str("\\ufeff"),
            c if c.is_control() || (c.is_whitespace() && c != ' ') => {
                out.push_str(&format!("\\u{:04x}", c as u32));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[derive(Default)]
struct Verb {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
    letter: char,
}

/// `fmt.Sprintf`, with Go's notes on mistakes (`%!d(string=x)`).
pub(crate) fn sprintf(format: &str, args: &[Value]) -> String {
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    let mut next = 0;
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut verb = Verb::default();
        while let Some(flag) = chars.next_if(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                '#' => verb.sharp = true,
                ' ' => verb.space = true,
                _ => verb.zero = true,
            }
        }
        verb.width = number(&mut chars, args, &mut next);
        if chars.next_if_eq(&'.').is_some() {
            verb.precision = Some(number(&mut chars, args, &mut next).unwrap_or(0));
        }
        let Some(letter) = chars.next() else {
            out.push_str("%!(NOVERB)");
            break;
        };
        verb.letter = letter;
        if letter == '%' {
            out.push('%');
            continue;
        }
        match args.get(next) {
            Some(arg) => verb.write(&mut out, arg),
            None => out.push_str(&format!("%!{letter}(MISSING)")),
        }
        next += 1;
    }
    if next < args.len() {
        let extra: Vec<String> = args[next..].iter().map(described).collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

fn number(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, args: &[Value], next: &mut usize) -> Option<usize> {
    if chars.next_if_eq(&'*').is_some() {
        let value = args.get(*next).and_then(Value::as_i64);
        *next += 1;
        return value.and_then(|n| usize::try_from(n).ok());
    }
    let mut digits = String::new();
    while let Some(digit) = chars.next_if(char::is_ascii_digit) {
        digits.push(digit);
    }
    digits.parse().ok()
}

fn described(value: &Value) -> String {
    match value {
        Value::Nil => "<nil>".into(),
        other => format!("{}={}", other.type_name(), go_text(other)),
    }
}

impl Verb {
    fn write(&self, out: &mut String, arg: &Value) {
        let numeric = matches!(arg, Value::Int(_) | Value::Int64(_) | Value::Float(_));
        let text = self.format(arg);
        let count = text.chars().count();
        let fill = self.width.unwrap_or(0).saturating_sub(count);
        if self.minus {
            out.push_str(&text);
            (0..fill).for_each(|_| out.push(' '));
        } else if self.zero && numeric {
            let split = usize::from(text.starts_with(['-', '+']));
            out.push_str(&text[..split]);
            (0..fill).for_each(|_| out.push('0'));
            out.push_str(&text[split..]);
        } else {
            (0..fill).for_each(|_| out.push(if self.zero { '0' } else { ' ' }));
            out.push_str(&text);
        }
    }

    fn format(&self, arg: &Value) -> String {
        match (self.letter, arg) {
            ('v', Value::Str(s)) if self.sharp => quoted(s),
            ('v', Value::Float(_)) if self.precision.is_some() => self.float(arg).unwrap_or_default(),
            ('v', value) => self.signed(value, go_text(value)),
            ('T', value) => value.type_name().into(),
            ('t', Value::Bool(b)) => b.to_string(),
            ('s' | 'q' | 'x' | 'X', Value::Str(s)) => self.string(s),
            ('d', Value::Int(n) | Value::Int64(n)) => self.signed(arg, n.to_string()),
            ('b', Value::Int(n) | Value::Int64(n)) => format!("{n:b}"),
            ('o', Value::Int(n) | Value::Int64(n)) => format!("{n:o}"),
            ('x', Value::Int(n) | Value::Int64(n)) => format!("{}{n:x}", if self.sharp { "0x" } else { "" }),
            ('X', Value::Int(n) | Value::Int64(n)) => format!("{}{n:X}", if self.sharp { "0X" } else { "" }),
            ('c', Value::Int(n) | Value::Int64(n)) => u32::try_from(*n).ok().and_then(char::from_u32).unwrap_or('\u{fffd}').to_string(),
            ('e' | 'f' | 'F' | 'g' | 'E' | 'G', Value::Float(_)) => self.float(arg).unwrap_or_default(),
            ('s' | 'd' | 'q', Value::List(items)) => {
                let items: Vec<String> = items.iter().map(|v| self.format(v)).collect();
                format!("[{}]", items.join(" "))
            }
            ('s' | 'd' | 'q', Value::Map(map)) => {
                let key = |k: &std::rc::Rc<str>| self.format(&Value::Str(std::rc::Rc::clone(k)));
                let entries: Vec<String> = map.borrow().iter().map(|(k, v)| format!("{}:{}", key(k), self.format(v))).collect();
                format!("map[{}]", entries.join(" "))
            }
            ('s', Value::Object(object)) => object.text(),
            (letter, Value::Nil) => format!("%!{letter}(<nil>)"),
            (letter, value) => format!("%!{letter}({})", described(value)),
        }
    }

    fn signed(&self, value: &Value, text: String) -> String {
        let numeric = matches!(value, Value::Int(_) | Value::Int64(_) | Value::Float(_));
        match text.starts_with('-') || !numeric {
            false if self.plus => format!("+{text}"),
            false if self.space => format!(" {text}"),
            _ => text,
        }
    }

    fn string(&self, s: &str) -> String {
        let cut = |s: &str| s.chars().take(self.precision.unwrap_or(usize::MAX)).collect::<String>();
        match self.letter {
            'q' => quoted(&cut(s)),
            'x' => s.bytes().map(|b| format!("{b:02x}")).collect(),
            'X' => s.bytes().map(|b| format!("{b:02X}")).collect(),
            _ => cut(s),
        }
    }

    fn float(&self, arg: &Value) -> Option<String> {
        let Value::Float(f) = arg else { return None };
        let text = match self.letter {
            'f' | 'F' => format!("{f:.*}", self.precision.unwrap_or(6)),
            'e' | 'E' => {
                let text = format!("{f:.*e}", self.precision.unwrap_or(6));
                let (mantissa, exponent) = text.split_once('e')?;
                let exponent: i32 = exponent.parse().ok()?;
                let sign = if exponent < 0 { '-' } else { '+' };
                format!("{mantissa}e{sign}{:02}", exponent.abs())
            }
            // Go's %g with a precision counts significant digits.
            _ => match self.precision {
                Some(p) => {
                    let rounded: f64 = format!("{f:.*e}", p.max(1) - 1).parse().ok()?;
                    float_text(rounded)
                }
                None => float_text(*f),
            },
        };
        let text = if matches!(self.letter, 'E' | 'G') {
            text.to_uppercase()
        } else {
            text
        };
        Some(self.signed(arg, text))
    }
}
