//! Splitting what expansions give into fields.

/// A piece of an expanded word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text {
        text: String,
        /// Patterns mean nothing in it.
        quoted: bool,
        /// It comes from an expansion outside of quotes.
        splits: bool,
    },
    /// Between two of `$@`.
    Break,
}

/// Texts, and whether they are quoted.
pub(crate) type Field = Vec<(String, bool)>;

/// The fields of a word by the characters of `IFS`.
pub(crate) fn split(pieces: Vec<Piece>, ifs: &str) -> Vec<Field> {
    let mut splitter = Splitter::default();
    for piece in pieces {
        match piece {
            Piece::Break => splitter.close(),
            Piece::Text {
                text,
                quoted,
                splits: false,
            } => {
                if quoted || !text.is_empty() {
                    splitter.open.get_or_insert_default().push((text, quoted));
                    splitter.after_blank = false;
                }
            }
            Piece::Text { text, .. } => text.chars().for_each(|next| splitter.take(next, ifs)),
        }
    }
    splitter.close();
    splitter.fields
}

#[derive(Default)]
struct Splitter {
    fields: Vec<Field>,
    open: Option<Field>,
    /// A blank has just ended a field: another separator after it belongs to it.
    after_blank: bool,
}

impl Splitter {
    fn close(&mut self) {
        self.fields.extend(self.open.take());
    }

    fn take(&mut self, next: char, ifs: &str) {
        if !ifs.contains(next) {
            self.after_blank = false;
            let field = self.open.get_or_insert_default();
            match field.last_mut() {
                Some((text, false)) => text.push(next),
                _ => field.push((next.to_string(), false)),
            }
        } else if " \t\n".contains(next) {
            self.after_blank |= self.open.is_some();
            self.close();
        } else if self.open.is_some() {
            self.close();
        } else if self.after_blank {
            self.after_blank = false;
        } else {
            self.fields.push(Field::new());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Piece, split};

    #[test]
    fn fields_by_separators() {
        for (text, ifs, expected) in [
            (" a  b ", " \t\n", &["a", "b"][..]),
            ("a:b::c:", ":", &["a", "b", "", "c"]),
            ("a : b", " :", &["a", "b"]),
            (":a", ":", &["", "a"]),
            ("a b", "", &["a b"]),
            ("", " ", &[]),
        ] {
            let piece = Piece::Text {
                text: text.to_owned(),
                quoted: false,
                splits: true,
            };
            let fields: Vec<String> = split(vec![piece], ifs)
                .into_iter()
                .map(|field| field.into_iter().map(|(text, _)| text).collect())
                .collect();
            assert_eq!(fields, expected, "{text:?} by {ifs:?}");
        }
    }
}
