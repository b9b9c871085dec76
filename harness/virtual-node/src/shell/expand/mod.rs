//! What becomes of words before a command runs: parameters, commands, arithmetic, fields, patterns.

mod arithmetic;
mod fields;
mod glob;
mod param;
mod pattern;

use futures::FutureExt;
use futures::future::BoxFuture;

pub(crate) use fields::Piece;
use fields::split;
pub(crate) use pattern::Pattern;

use super::interp::Shell;
use super::streams::{Streams, pipe};
use super::syntax::{List, Part, Word};

/// Why a word cannot be expanded. It ends the script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Problem(pub(crate) String);

type Pieces = Result<Vec<Piece>, Problem>;

impl Shell {
    /// The fields that words become.
    pub(super) async fn fields(&mut self, words: &[Word], streams: &Streams) -> Result<Vec<String>, Problem> {
        let mut all = Vec::new();
        for word in words {
            let pieces = self.pieces(word, streams).await?;
            let ifs = self.vars.get("IFS").unwrap_or(" \t\n").to_owned();
            for field in split(pieces, &ifs) {
                let paths = match glob::is_pattern(&field) && !self.options.noglob {
                    true => glob::paths(&self.context.files, &self.cwd, &field),
                    false => Vec::new(),
                };
                if paths.is_empty() {
                    all.push(field.into_iter().map(|(text, _)| text).collect());
                } else {
                    all.extend(paths);
                }
            }
        }
        Ok(all)
    }

    /// A word as one text, where nothing is split: assignments, redirections, `case`.
    pub(super) async fn text(&mut self, word: &Word, streams: &Streams) -> Result<String, Problem> {
        Ok(joined(&self.pieces(word, streams).await?))
    }

    /// A word as a pattern.
    pub(super) async fn pattern(&mut self, word: &Word, streams: &Streams) -> Result<Pattern, Problem> {
        let pieces = self.pieces(word, streams).await?;
        Ok(Pattern::new(pieces.iter().filter_map(|piece| match piece {
            Piece::Text { text, quoted, .. } => Some((text.as_str(), *quoted)),
            Piece::Break => None,
        })))
    }

    /// The pieces of a word.
    fn pieces<'a>(&'a mut self, word: &'a Word, streams: &'a Streams) -> BoxFuture<'a, Pieces> {
        async move {
            let mut pieces = Vec::new();
            for part in &word.0 {
                match part {
                    Part::Text(text) => pieces.push(Piece::Text {
                        text: text.clone(),
                        quoted: false,
                        splits: false,
                    }),
                    Part::Quoted(text) => pieces.push(Piece::Text {
                        text: text.clone(),
                        quoted: true,
                        splits: false,
                    }),
                    Part::Param { name, op, quoted } => pieces.extend(self.param(name, op, *quoted, streams).await?),
                    Part::Command { body, quoted } => {
                        let text = self.substituted(body, streams).await;
                        pieces.push(expanded(text, *quoted));
                    }
                    Part::Arithmetic { expression, quoted } => {
                        let text = self.text(expression, streams).await?;
                        let value = arithmetic::evaluate(&text, &mut self.vars).map_err(Problem)?;
                        pieces.push(expanded(value.to_string(), *quoted));
                    }
                }
            }
            Ok(pieces)
        }
        .boxed()
    }

    /// What a command in a word writes, without the line breaks at its end.
    async fn substituted(&mut self, body: &List, streams: &Streams) -> String {
        let (stdout, output) = pipe();
        let shell = self.subshell();
        let own = Streams { stdout, ..streams.clone() };
        let (status, output) = futures::join!(shell.alone(body, own), output.all());
        // `$?` stays what it was before the command that this is a part of.
        self.substituted = Some(status);
        String::from_utf8_lossy(&output).trim_end_matches('\n').to_owned()
    }
}

/// The text of an expansion.
pub(crate) fn expanded(text: String, quoted: bool) -> Piece {
    Piece::Text {
        text,
        quoted,
        splits: !quoted,
    }
}

fn joined(pieces: &[Piece]) -> String {
    let texts = pieces.iter().map(|piece| match piece {
        Piece::Text { text, .. } => text.as_str(),
        Piece::Break => " ",
    });
    texts.collect()
}
