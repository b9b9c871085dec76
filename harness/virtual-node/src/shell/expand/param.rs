//! Parameters: variables, positional and special ones, and what is done to their values.

use super::{Piece, Problem, expanded, joined};
use crate::shell::interp::Shell;
use crate::shell::streams::Streams;
use crate::shell::syntax::{Op, Word, is_name};

impl Shell {
    /// A parameter's value; `None` if it is not set.
    pub(crate) fn value(&self, name: &str) -> Option<String> {
        match name {
            "?" => Some(self.status.to_string()),
            "#" => Some(self.params.len().to_string()),
            "$" => Some(self.pid.to_string()),
            "!" => self.jobs.last().map(|pid| pid.to_string()),
            "-" => Some(self.options.letters()),
            "0" => Some(self.name.clone()),
            "@" | "*" => (!self.params.is_empty()).then(|| self.params.join(&self.separator())),
            digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                let number: usize = digits.parse().ok()?;
                self.params.get(number.checked_sub(1)?).cloned()
            }
            name => self.vars.get(name).map(str::to_owned),
        }
    }

    /// What stands between the parameters in `"$*"`.
    fn separator(&self) -> String {
        let ifs = self.vars.get("IFS").unwrap_or(" ");
        ifs.chars().next().map(String::from).unwrap_or_default()
    }

    pub(super) async fn param(&mut self, name: &str, op: &Op, quoted: bool, streams: &Streams) -> Result<Vec<Piece>, Problem> {
        let value = self.value(name);
        let is = |colon: bool| value.as_ref().is_some_and(|value| !colon || !value.is_empty());
        match op {
            Op::Plain => match value {
                None if self.options.nounset && !matches!(name, "@" | "*") => Err(Problem(format!("{name}: parameter not set"))),
                value => Ok(self.plain(name, value, quoted)),
            },
            Op::Length => {
                let length = match name {
                    "@" | "*" => self.params.len(),
                    _ if value.is_none() && self.options.nounset => return Err(Problem(format!("{name}: parameter not set"))),
                    _ => value.unwrap_or_default().chars().count(),
                };
                Ok(vec![expanded(length.to_string(), quoted)])
            }
            Op::Default { colon, word } => match is(*colon) {
                true => Ok(self.plain(name, value, quoted)),
                false => self.operand(word, quoted, streams).await,
            },
            Op::Alternative { colon, word } => match is(*colon) {
                true => self.operand(word, quoted, streams).await,
                false => Ok(self.plain(name, Some(String::new()), quoted)),
            },
            Op::Assign { colon, word } => {
                if is(*colon) {
                    return Ok(self.plain(name, value, quoted));
                }
                if !is_name(name) {
                    return Err(Problem(format!("{name}: bad variable name")));
                }
                let text = joined(&self.pieces(word, streams).await?);
                self.vars.set(name, text.clone()).map_err(Problem)?;
                Ok(vec![expanded(text, quoted)])
            }
            Op::Require { colon, word } => {
                if is(*colon) {
                    return Ok(self.plain(name, value, quoted));
                }
                let text = joined(&self.pieces(word, streams).await?);
                let text = if text.is_empty() { "parameter not set".to_owned() } else { text };
                Err(Problem(format!("{name}: {text}")))
            }
            Op::Trim { .. } if matches!(name, "@" | "*") => Err(Problem(format!("${{{name}%...}}: not supported by this shell"))),
            Op::Trim { end, longest, pattern } => {
                if value.is_none() && self.options.nounset {
                    return Err(Problem(format!("{name}: parameter not set")));
                }
                let pattern = self.pattern(pattern, streams).await?;
                Ok(vec![expanded(pattern.trim(&value.unwrap_or_default(), *end, *longest), quoted)])
            }
        }
    }

    /// A value as it is; `$@` stays apart.
    fn plain(&self, name: &str, value: Option<String>, quoted: bool) -> Vec<Piece> {
        let apart = name == "@" || (name == "*" && !quoted);
        if !apart {
            return vec![expanded(value.unwrap_or_default(), quoted)];
        }
        let mut pieces = Vec::new();
        for param in &self.params {
            if !pieces.is_empty() {
                pieces.push(Piece::Break);
            }
            pieces.push(expanded(param.clone(), quoted));
        }
        pieces
    }

    /// The word that stands in for a value: its own quotes count, and the rest is split as the value would be.
    async fn operand(&mut self, word: &Word, quoted: bool, streams: &Streams) -> Result<Vec<Piece>, Problem> {
        let mut pieces = self.pieces(word, streams).await?;
        for piece in &mut pieces {
            if let Piece::Text { quoted: own, splits, .. } = piece {
                *splits = !quoted && !*own;
                *own |= quoted;
            }
        }
        if quoted && pieces.is_empty() {
            pieces.push(expanded(String::new(), true));
        }
        Ok(pieces)
    }
}
