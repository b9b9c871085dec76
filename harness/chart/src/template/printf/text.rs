//! Strings and characters.

use super::verb::Verb;

pub(super) fn is_textual(letter: char) -> bool {
    matches!(letter, 's' | 'v' | 'q' | 'x' | 'X')
}

pub(super) fn string(verb: &Verb, out: &mut String, text: &str) {
    let cut: String = text.chars().take(verb.precision.unwrap_or(usize::MAX)).collect();
    match verb.letter {
        'v' if verb.sharp => verb.pad(out, &quoted(text)),
        'q' if verb.sharp
            && !cut
                .chars()
                .any(|c| c == '`' || c == '\u{7f}' || c == '\u{feff}' || (c < ' ' && c != '\t')) =>
        {
            verb.pad(out, &format!("`{cut}`"));
        }
        'q' => verb.pad(out, &escaped(&cut, '"', verb.plus)),
        'x' | 'X' => verb.pad(out, &hexadecimal(verb, text)),
        _ => verb.pad(out, &cut),
    }
}

fn hexadecimal(verb: &Verb, text: &str) -> String {
    let upper = verb.letter == 'X';
    let prefix = match (verb.sharp, upper) {
        (false, _) => "",
        (true, false) => "0x",
        (true, true) => "0X",
    };
    let bytes = text.bytes().take(verb.precision.unwrap_or(usize::MAX));
    let digits: Vec<String> = bytes.map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") }).collect();
    match (digits.is_empty(), verb.space) {
        (true, _) => String::new(),
        (false, true) => digits
            .iter()
            .map(|digits| format!("{prefix}{digits}"))
            .collect::<Vec<_>>()
            .join(" "),
        (false, false) => format!("{prefix}{}", digits.concat()),
    }
}

/// `strconv.Quote`.
pub(crate) fn quoted(text: &str) -> String {
    escaped(text, '"', false)
}

/// A text in quotes; `ascii`: with every other character escaped.
pub(super) fn escaped(text: &str, quote: char, ascii: bool) -> String {
    let mut out = String::from(quote);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == quote => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\u{b}' => out.push_str("\\v"),
            c if (c as u32) < 0x20 || c == '\u{7f}' => out.push_str(&format!("\\x{:02x}", c as u32)),
            c if c.is_ascii() || (!ascii && printable(c)) => out.push(c),
            c if c as u32 > 0xffff => out.push_str(&format!("\\U{:08x}", c as u32)),
            c => out.push_str(&format!("\\u{:04x}", c as u32)),
        }
    }
    out.push(quote);
    out
}

/// Go's `unicode.IsPrint`, as far as controls, blanks and marks without a shape go.
pub(super) fn printable(c: char) -> bool {
    let shapeless = matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    let unassigned = matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' | '\u{fffe}' | '\u{ffff}');
    !(c.is_control() || c.is_whitespace() || shapeless || unassigned)
}
