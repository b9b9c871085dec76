//! Go's syntax of regular expressions, written anew for the crate `regex`.
//!
//! Both come from RE2, but `\d`, `\w`, `\s` and `\b` know only ASCII in Go, any mark may be escaped, a lone `{` is itself,
//! classes have no operators, and some repetitions are refused.

use std::iter::Peekable;
use std::str::CharIndices;

/// The most that a repetition may count to.
const MOST: u32 = 1000;

/// The expression in the other syntax.
///
/// # Errors
/// Go's words for what it refuses.
pub(super) fn translated(source: &str) -> Result<String, String> {
    let mut reader = Reader {
        source,
        chars: source.char_indices().peekable(),
        out: String::new(),
        open: 0,
        operand: false,
        repeated: None,
    };
    reader.run()?;
    Ok(reader.out)
}

struct Reader<'s> {
    source: &'s str,
    chars: Peekable<CharIndices<'s>>,
    out: String,
    open: usize,
    /// Something stands here that can be repeated.
    operand: bool,
    /// Where the repetition that ends here began.
    repeated: Option<usize>,
}

impl Reader<'_> {
    fn at(&mut self) -> usize {
        self.chars.peek().map_or(self.source.len(), |(at, _)| *at)
    }

    fn rest(&mut self) -> &str {
        let at = self.at();
        &self.source[at..]
    }

    fn skip(&mut self, bytes: usize) {
        let end = self.at() + bytes;
        while self.chars.next_if(|(at, _)| *at < end).is_some() {}
    }

    fn take(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.skip(text.len());
        }
        found
    }

    fn literal(&mut self, c: char) {
        let mut buffer = [0; 4];
        self.out.push_str(&regex::escape(c.encode_utf8(&mut buffer)));
        self.operand = true;
    }

    fn run(&mut self) -> Result<(), String> {
        while let Some((at, c)) = self.chars.next() {
            let repeated = self.repeated.take();
            match c {
                '*' | '+' | '?' => self.repetition(at, repeated, &c.to_string())?,
                '{' => match counts(&self.source[at..]) {
                    Some((text, least, most)) => {
                        self.skip(text.len() - 1);
                        if least > MOST || most.is_some_and(|most| most > MOST || most < least) {
                            return Err(format!("invalid repeat count: `{text}`"));
                        }
                        self.repetition(at, repeated, text)?;
                    }
                    None => self.literal('{'),
                },
                '(' => self.group(at)?,
                ')' => {
                    if self.open == 0 {
                        return Err(format!("unexpected ): `{}`", self.source));
                    }
                    self.open -= 1;
                    self.out.push(')');
                    self.operand = true;
                }
                '|' => {
                    self.out.push('|');
                    self.operand = false;
                }
                '[' => self.class(at)?,
                '\\' => self.escape(at)?,
                '^' | '$' | '.' => {
                    self.out.push(c);
                    self.operand = true;
                }
                c => self.literal(c),
            }
        }
        if self.open > 0 {
            return Err(format!("missing closing ): `{}`", self.source));
        }
        Ok(())
    }

    fn repetition(&mut self, at: usize, repeated: Option<usize>, text: &str) -> Result<(), String> {
        let lazy = if self.take("?") { "?" } else { "" };
        if !self.operand {
            return Err(format!("missing argument to repetition operator: `{text}{lazy}`"));
        }
        self.out.push_str(text);
        self.out.push_str(lazy);
        if let Some(start) = repeated {
            let end = self.at();
            return Err(format!("invalid nested repetition operator: `{}`", &self.source[start..end]));
        }
        self.repeated = Some(at);
        Ok(())
    }

    fn group(&mut self, at: usize) -> Result<(), String> {
        self.operand = false;
        if !self.take("?") {
            self.open += 1;
            self.out.push('(');
            return Ok(());
        }
        let source = self.source;
        let head = &source[at + 2..];
        let name = head
            .strip_prefix("P<")
            .or_else(|| head.strip_prefix('<').filter(|rest| !rest.starts_with(['=', '!'])));
        if let Some(name) = name {
            let Some((name, _)) = name.split_once('>') else {
                return Err(format!("invalid named capture: `{}`", &source[at..]));
            };
            if name.is_empty() || !name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric()) {
                return Err(format!(
                    "invalid named capture: `{}`",
                    &source[at..=at + source[at..].find('>').unwrap_or(0)]
                ));
            }
            self.take("P");
            self.skip(name.len() + 2);
            self.open += 1;
            self.out.push_str(&format!("(?P<{name}>"));
            return Ok(());
        }
        let (mut end, mut negative, mut any) = (at + 2, false, false);
        for c in head.chars() {
            end += c.len_utf8();
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !negative => (negative, any) = (true, false),
                ':' | ')' if any || !negative => {
                    self.out.push_str(&source[at..end]);
                    self.open += usize::from(c == ':');
                    self.skip(end - at - 2);
                    return Ok(());
                }
                _ => break,
            }
        }
        Err(format!("invalid or unsupported Perl syntax: `{}`", &source[at..end]))
    }

    fn escape(&mut self, at: usize) -> Result<(), String> {
        let Some((_, c)) = self.chars.next() else {
            return Err("trailing backslash at end of expression: ``".into());
        };
        self.operand = true;
        match c {
            'Q' => {
                let (text, closed) = match self.rest().split_once("\\E") {
                    Some((text, _)) => (text.to_owned(), 2),
                    None => (self.rest().to_owned(), 0),
                };
                self.skip(text.len() + closed);
                text.chars().for_each(|c| self.literal(c));
            }
            'E' => self.operand = false,
            'A' | 'z' => self.out.push_str(&format!("\\{c}")),
            'b' => self.out.push_str("(?-u:\\b)"),
            'B' => self.out.push_str("\\B"),
            'p' | 'P' => {
                let property = self.property(at)?;
                self.out.push_str(&property);
            }
            c => match perl(c) {
                Some((set, true)) => self.out.push_str(&format!("[{set}]")),
                Some((set, false)) => self.out.push_str(&format!("[^{set}]")),
                None => {
                    let c = self.character(at, c)?;
                    self.literal(c);
                }
            },
        }
        Ok(())
    }

    /// `\pL` or `\p{Greek}`, behind its first letter.
    fn property(&mut self, at: usize) -> Result<String, String> {
        if self.rest().starts_with('{') {
            let length = self.rest().find('}').map(|end| end + 1);
            let length = length.ok_or_else(|| format!("invalid character class range: `{}`", &self.source[at..]))?;
            self.skip(length);
        } else {
            self.chars.next();
        }
        let end = self.at();
        let text = &self.source[at..end];
        // `\p{^L}` is `\P{L}`.
        let written = match text.split_once("{^") {
            Some((head, name)) => format!("{}{{{name}", if head == "\\p" { "\\P" } else { "\\p" }),
            None => text.to_owned(),
        };
        match regex::Regex::new(&written) {
            Ok(_) => Ok(written),
            Err(_) => Err(format!("invalid character class range: `{text}`")),
        }
    }

    /// The character that an escape stands for, behind its first letter.
    fn character(&mut self, at: usize, c: char) -> Result<char, String> {
        let found = match c {
            'a' => Some('\u{7}'),
            'f' => Some('\u{c}'),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            'v' => Some('\u{b}'),
            'x' => self.hexadecimal(),
            '0'..='7' => self.octal(c),
            c if c.is_ascii_punctuation() => Some(c),
            _ => None,
        };
        let end = self.at();
        found.ok_or_else(|| format!("invalid escape sequence: `{}`", &self.source[at..end]))
    }

    fn hexadecimal(&mut self) -> Option<char> {
        let rest = self.rest();
        let (digits, length) = match rest.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map(|(digits, _)| (digits, digits.len() + 2))?,
            None => (rest.get(..2)?, 2),
        };
        let code = digits
            .bytes()
            .all(|b| b.is_ascii_hexdigit())
            .then(|| u32::from_str_radix(digits, 16).ok())??;
        self.skip(length);
        char::from_u32(code)
    }

    /// `\0` with up to two more digits, or `\12`; a single other digit would refer back.
    fn octal(&mut self, first: char) -> Option<char> {
        let more = self.rest().bytes().take(2).take_while(|b| (b'0'..=b'7').contains(b)).count();
        if first != '0' && more == 0 {
            return None;
        }
        let digits = format!("{first}{}", &self.rest()[..more]);
        self.skip(more);
        char::from_u32(u32::from_str_radix(&digits, 8).ok()?)
    }

    fn class(&mut self, at: usize) -> Result<(), String> {
        let source = self.source;
        self.out.push('[');
        if self.take("^") {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let start = self.at();
            let Some((_, c)) = self.chars.next() else {
                return Err(format!("missing closing ]: `{}`", &source[at..]));
            };
            if c == ']' && !first {
                break;
            }
            first = false;
            let end = self.rest().strip_prefix(':').and_then(|rest| rest.find(":]"));
            if let Some(end) = end.filter(|_| c == '[') {
                let name = &source[start..start + end + 4];
                if regex::Regex::new(&format!("[{name}]")).is_err() || !posix(name) {
                    return Err(format!("invalid character class range: `{name}`"));
                }
                self.out.push_str(name);
                self.skip(end + 3);
                continue;
            }
            if c == '\\' {
                match self.rest().chars().next() {
                    Some('p' | 'P') => {
                        self.chars.next();
                        let property = self.property(start)?;
                        self.out.push_str(&property);
                        continue;
                    }
                    Some(letter) if perl(letter).is_some() => {
                        self.chars.next();
                        let (set, positive) = perl(letter).unwrap_or_default();
                        self.out.push_str(&if positive { set.to_owned() } else { format!("[^{set}]") });
                        continue;
                    }
                    _ => {}
                }
            }
            let low = self.bound(start, c)?;
            let range = self.rest().starts_with('-') && !self.rest().starts_with("-]") && self.rest().len() > 1;
            let high = if range {
                self.take("-");
                let from = self.at();
                match self.chars.next() {
                    Some((_, c)) => self.bound(from, c)?,
                    None => return Err(format!("missing closing ]: `{}`", &source[at..])),
                }
            } else {
                low
            };
            if high < low {
                let end = self.at();
                return Err(format!("invalid character class range: `{}`", &source[start..end]));
            }
            self.out.push_str(&format!("\\x{{{:x}}}-\\x{{{:x}}}", low as u32, high as u32));
        }
        self.out.push(']');
        self.operand = true;
        Ok(())
    }

    /// One end of a range in a class.
    fn bound(&mut self, at: usize, c: char) -> Result<char, String> {
        if c != '\\' {
            return Ok(c);
        }
        match self.chars.next() {
            Some((_, c)) => self.character(at, c),
            None => Err("trailing backslash at end of expression: ``".into()),
        }
    }
}

/// Perl's classes: what they hold, and whether they hold it or all else.
fn perl(c: char) -> Option<(&'static str, bool)> {
    let set = match c.to_ascii_lowercase() {
        'd' => "0-9",
        's' => r"\t\n\x0c\r ",
        'w' => "0-9A-Za-z_",
        _ => return None,
    };
    Some((set, c.is_ascii_lowercase()))
}

/// The names that POSIX has.
fn posix(name: &str) -> bool {
    const NAMES: [&str; 14] = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit",
    ];
    NAMES.contains(&name.trim_start_matches("[:").trim_start_matches('^').trim_end_matches(":]"))
}

/// `{2}`, `{2,}` or `{2,3}`: the text, the least and the most.
fn counts(rest: &str) -> Option<(&str, u32, Option<u32>)> {
    let (inner, _) = rest.strip_prefix('{')?.split_once('}')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse().unwrap_or(u32::MAX))
    };
    let (least, most) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    Some((&rest[..inner.len() + 2], least, most))
}
