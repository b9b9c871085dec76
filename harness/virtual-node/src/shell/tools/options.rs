//! Command lines of tools: options and operands.

use super::{Call, Failure};

/// What a command line says.
#[derive(Debug, Default)]
pub(super) struct Given {
    options: Vec<(char, String)>,
    pub(super) operands: Vec<String>,
}

/// What a tool knows.
#[derive(Clone, Copy, Default)]
pub(super) struct Known {
    /// Letters of options without a value.
    pub(super) flags: &'static str,
    /// Letters of options with a value.
    pub(super) valued: &'static str,
    /// Long names, and the letters that they are the same as.
    pub(super) long: &'static [(&'static str, char)],
    /// The first operand ends the options.
    pub(super) leading: bool,
}

impl Given {
    pub(super) fn has(&self, letter: char) -> bool {
        self.options.iter().any(|(given, _)| *given == letter)
    }

    /// The last value of an option.
    pub(super) fn value(&self, letter: char) -> Option<&str> {
        self.values(letter).last()
    }

    /// All values of an option, in order.
    pub(super) fn values(&self, letter: char) -> impl Iterator<Item = &str> {
        self.options
            .iter()
            .filter(move |(given, _)| *given == letter)
            .map(|(_, value)| value.as_str())
    }

    /// An option's value as a number.
    pub(super) fn number<N: std::str::FromStr>(&self, letter: char) -> Result<Option<N>, Failure> {
        let parse = |text: &str| text.parse().map_err(|_| Failure::Told(format!("invalid number '{text}'")));
        self.value(letter).map(parse).transpose()
    }
}

impl Call<'_> {
    /// Options of these letters, without values.
    pub(super) fn flags(&self, flags: &'static str) -> Result<Given, Failure> {
        self.options(Known { flags, ..Known::default() })
    }

    /// The command line; an option that is not known is an error.
    pub(super) fn options(&self, known: Known) -> Result<Given, Failure> {
        let mut given = Given::default();
        let mut args = self.args.iter();
        while let Some(arg) = args.next() {
            if arg == "--" {
                break;
            }
            if let Some(name) = arg.strip_prefix("--") {
                let (name, value) = name.split_once('=').map_or((name, None), |(name, value)| (name, Some(value)));
                let Some((_, letter)) = known.long.iter().find(|(long, _)| *long == name) else {
                    return Err(unknown(&format!("--{name}")));
                };
                let value = match value {
                    _ if !known.valued.contains(*letter) => String::new(),
                    Some(value) => value.to_owned(),
                    None => args.next().cloned().ok_or_else(|| missing(*letter))?,
                };
                given.options.push((*letter, value));
                continue;
            }
            let letters = arg.strip_prefix('-').filter(|letters| !letters.is_empty());
            let Some(letters) = letters else {
                given.operands.push(arg.clone());
                if known.leading {
                    break;
                }
                continue;
            };
            let mut rest = letters.chars();
            while let Some(letter) = rest.next() {
                if known.valued.contains(letter) {
                    let attached = rest.as_str();
                    let value = match attached.is_empty() {
                        true => args.next().cloned().ok_or_else(|| missing(letter))?,
                        false => attached.to_owned(),
                    };
                    given.options.push((letter, value));
                    break;
                }
                if !known.flags.contains(letter) {
                    return Err(unknown(&letter.to_string()));
                }
                given.options.push((letter, String::new()));
            }
        }
        given.operands.extend(args.cloned());
        Ok(given)
    }
}

fn unknown(option: &str) -> Failure {
    Failure::Code(2, format!("unrecognized option: {option}"))
}

fn missing(letter: char) -> Failure {
    Failure::Code(2, format!("option requires an argument: {letter}"))
}
