//! A terminal between a client and a command: what Linux' line discipline does. A client with a terminal of its own leaves all of it to this one.

use bytes::Bytes;

const INTERRUPT: u8 = 0x03;
const END: u8 = 0x04;
const BACKSPACE: u8 = 0x08;
const KILL_LINE: u8 = 0x15;
const DELETE: u8 = 0x7f;
/// What takes the last character off the screen.
const ERASED: &[u8] = b"\x08 \x08";
/// Most bytes of a line; more are not taken, as with Linux.
const MAX_LINE: usize = 4096;

/// A terminal's line that is still being typed.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    line: Vec<u8>,
}

/// What comes of a few keys.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Typed {
    /// What the command may read: whole lines.
    pub(super) input: Vec<u8>,
    /// What the client sees of it.
    pub(super) echo: Vec<u8>,
    /// There is no more input, after this one.
    pub(super) end: bool,
    /// The command is to stop.
    pub(super) interrupt: bool,
}

impl Terminal {
    /// Takes what was typed.
    pub(super) fn typed(&mut self, keys: &[u8]) -> Typed {
        let mut typed = Typed::default();
        for key in keys {
            match *key {
                b'\r' | b'\n' => {
                    self.line.push(b'\n');
                    typed.input.append(&mut self.line);
                    typed.echo.extend_from_slice(b"\r\n");
                }
                END if self.line.is_empty() => {
                    typed.end = true;
                    return typed;
                }
                END => typed.input.append(&mut self.line),
                INTERRUPT => {
                    self.line.clear();
                    typed.echo.extend_from_slice(b"^C\r\n");
                    typed.interrupt = true;
                }
                BACKSPACE | DELETE => self.erase(&mut typed.echo),
                KILL_LINE => {
                    while !self.line.is_empty() {
                        self.erase(&mut typed.echo);
                    }
                }
                _ if self.line.len() >= MAX_LINE => {}
                key => {
                    self.line.push(key);
                    match key {
                        b'\t' => typed.echo.push(key),
                        key if key.is_ascii_control() => typed.echo.extend_from_slice(&[b'^', key ^ 0x40]),
                        key => typed.echo.push(key),
                    }
                }
            }
        }
        typed
    }

    /// Takes back the last character, of however many bytes.
    fn erase(&mut self, echo: &mut Vec<u8>) {
        let Some(mut last) = self.line.pop() else { return };
        echo.extend_from_slice(ERASED);
        if last.is_ascii_control() {
            // It was shown as two.
            echo.extend_from_slice(ERASED);
        }
        while last & 0xc0 == 0x80 {
            let Some(before) = self.line.pop() else { return };
            last = before;
        }
    }
}

/// Output as a terminal wants it: a new line begins at the left.
pub(super) fn shown(output: &[u8]) -> Bytes {
    let mut shown = Vec::with_capacity(output.len() + 16);
    for byte in output {
        if *byte == b'\n' {
            shown.push(b'\r');
        }
        shown.push(*byte);
    }
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::{Terminal, Typed, shown};

    #[test]
    fn lines_are_edited_before_they_are_read() {
        for (keys, input, echo) in [
            ("ls\r", "ls\n", "ls\r\n"),
            ("a\nb\r", "a\nb\n", "a\r\nb\r\n"),
            ("half", "", "half"),
            ("lx\x7fs\r", "ls\n", "lx\x08 \x08s\r\n"),
            ("\u{e9}\x7fe\r", "e\n", "\u{e9}\x08 \x08e\r\n"),
            ("\x7fx\r", "x\n", "x\r\n"),
            ("ab\x15c\r", "c\n", "ab\x08 \x08\x08 \x08c\r\n"),
            ("a\x1b[A", "", "a^[[A"),
            ("a\x01\x7f\r", "a\n", "a^A\x08 \x08\x08 \x08\r\n"),
            ("no line\x04", "no line", "no line"),
        ] {
            let typed = Terminal::default().typed(keys.as_bytes());
            let expected = Typed {
                input: input.into(),
                echo: echo.into(),
                ..Typed::default()
            };
            assert_eq!(typed, expected, "{keys:?}");
        }
    }

    #[test]
    fn control_keys_end_and_interrupt() {
        let mut terminal = Terminal::default();
        let typed = terminal.typed(b"lost\x03kept\r\x04after");
        assert_eq!(
            (typed.input.as_slice(), typed.end, typed.interrupt),
            (b"kept\n".as_slice(), true, true)
        );
        assert!(!terminal.typed(b"x\x04").end);
    }

    #[test]
    fn lines_have_a_most_and_begin_at_the_left() {
        let typed = Terminal::default().typed(&[vec![b'x'; 5000], vec![b'\r']].concat());
        assert_eq!(typed.input.len(), 4097);
        assert_eq!(shown(b"a\nb\n"), "a\r\nb\r\n");
    }
}
