//! Go's `fmt.Sprintf` and `fmt.Sprint` on template values.

mod number;
mod text;
mod verb;

use std::iter::Peekable;
use std::str::Chars;

use self::verb::{Verb, described};
use super::{Value, go_text};

pub(crate) use text::quoted;

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

/// `fmt.Sprintf`, with Go's notes on mistakes (`%!d(string=x)`).
pub(crate) fn sprintf(format: &str, args: &[Value]) -> String {
    let mut operands = Operands {
        args,
        next: 0,
        reordered: false,
        bad_index: false,
    };
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '%' {
            operands.directive(&mut chars, &mut out);
        } else {
            out.push(c);
        }
    }
    if !operands.reordered && operands.next < args.len() {
        let extra: Vec<String> = args[operands.next..].iter().map(described).collect();
        out.push_str(&format!("%!(EXTRA {})", extra.join(", ")));
    }
    out
}

/// The operands of one call.
struct Operands<'a> {
    args: &'a [Value],
    next: usize,
    /// An index such as `[2]` was used somewhere.
    reordered: bool,
    /// The directive's own index fits no operand.
    bad_index: bool,
}

impl Operands<'_> {
    fn directive(&mut self, chars: &mut Peekable<Chars<'_>>, out: &mut String) {
        let mut verb = Verb::default();
        self.bad_index = false;
        while let Some(flag) = chars.next_if(|c| "-+# 0".contains(*c)) {
            match flag {
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                '#' => verb.sharp = true,
                ' ' => verb.space = true,
                _ => verb.zero = true,
            }
        }
        let mut indexed = self.index(chars);
        if chars.next_if_eq(&'*').is_some() {
            match self.star() {
                Some(width) => {
                    verb.minus |= width < 0;
                    verb.width = usize::try_from(width.unsigned_abs()).ok();
                }
                None => out.push_str("%!(BADWIDTH)"),
            }
            indexed = false;
        } else {
            verb.width = number(chars);
            self.bad_index |= indexed && verb.width.is_some();
        }
        if chars.next_if_eq(&'.').is_some() {
            self.bad_index |= indexed;
            indexed = self.index(chars);
            if chars.next_if_eq(&'*').is_some() {
                match self.star() {
                    Some(precision) => verb.precision = usize::try_from(precision).ok(),
                    None => out.push_str("%!(BADPREC)"),
                }
                indexed = false;
            } else {
                verb.precision = Some(number(chars).unwrap_or(0));
            }
        }
        if !indexed {
            self.index(chars);
        }
        let Some(letter) = chars.next() else {
            out.push_str("%!(NOVERB)");
            return;
        };
        verb.letter = letter;
        match self.args.get(self.next) {
            _ if letter == '%' => out.push('%'),
            _ if self.bad_index => out.push_str(&format!("%!{letter}(BADINDEX)")),
            None => out.push_str(&format!("%!{letter}(MISSING)")),
            Some(arg) => {
                self.next += 1;
                verb.write(out, arg);
            }
        }
    }

    /// An index such as `[2]`; whether there was one.
    fn index(&mut self, chars: &mut Peekable<Chars<'_>>) -> bool {
        if chars.next_if_eq(&'[').is_none() {
            return false;
        }
        self.reordered = true;
        let digits: String = std::iter::from_fn(|| chars.next_if(|c| *c != ']')).collect();
        let closed = chars.next().is_some();
        match digits.parse::<usize>() {
            Ok(index) if closed && (1..=self.args.len()).contains(&index) => self.next = index - 1,
            _ => self.bad_index = true,
        }
        true
    }

    /// The operand that is a width or precision.
    fn star(&mut self) -> Option<i64> {
        let value = self
            .args
            .get(self.next)
            .and_then(Value::as_i64)
            .filter(|n| n.unsigned_abs() <= 1_000_000);
        self.next += usize::from(self.next < self.args.len());
        value
    }
}

fn number(chars: &mut Peekable<Chars<'_>>) -> Option<usize> {
    let digits: String = std::iter::from_fn(|| chars.next_if(char::is_ascii_digit)).collect();
    digits.parse().ok().filter(|n| *n <= 1_000_000)
}
