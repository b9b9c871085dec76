//! Blocks, branches and loops.

use futures::FutureExt;
use futures::future::BoxFuture;

use super::redirect::Failed;
use super::{Flow, Jump, Shell};
use crate::shell::expand::Problem;
use crate::shell::streams::Streams;
use crate::shell::syntax::{Command, Compound, Item, List, Word};

impl Shell {
    /// Runs one command.
    pub(super) fn command<'a>(&'a mut self, command: &'a Command, streams: &'a mut Streams) -> BoxFuture<'a, Flow> {
        match command {
            Command::Simple(simple) => self.simple(simple, streams).boxed(),
            Command::Function { name, body } => {
                self.functions.insert(name.clone(), body.clone());
                self.status = 0;
                async { Ok(()) }.boxed()
            }
            Command::Compound(compound, redirects) => async move {
                self.sink(streams).await?;
                let flow = match redirects.is_empty() {
                    true => self.compound(compound, streams).await,
                    false => match self.redirected(redirects, streams).await {
                        Ok(mut own) => self.compound(compound, &mut own).await,
                        Err(failed) => self.not_redirected(failed, streams).await,
                    },
                };
                self.rise();
                flow
            }
            .boxed(),
        }
    }

    /// A redirection that failed is a command that failed.
    pub(super) async fn not_redirected(&mut self, failed: Failed, streams: &Streams) -> Flow {
        match failed {
            Failed::Word(problem) => self.abort(&problem, streams).await,
            Failed::File(message) => {
                self.complain(streams, &message).await;
                self.status = 1;
                self.check()
            }
        }
    }

    async fn compound(&mut self, compound: &Compound, streams: &mut Streams) -> Flow {
        match compound {
            Compound::Braces(body) => self.list(body, streams).await,
            Compound::Subshell(body) => {
                let status = self.subshell().alone(body, streams.clone()).await;
                self.status = status;
                self.check()
            }
            Compound::If { arms, otherwise } => self.branches(arms, otherwise, streams).await,
            Compound::Loop { until, condition, body } => self.repeat(*until, condition, body, streams).await,
            Compound::For { name, words, body } => self.each(name, words.as_deref(), body, streams).await,
            Compound::Case { word, arms } => match self.chosen(word, arms, streams).await {
                Ok(Some(body)) => {
                    self.status = 0;
                    self.list(body, streams).await
                }
                Ok(None) => {
                    self.status = 0;
                    Ok(())
                }
                Err(problem) => self.abort(&problem, streams).await,
            },
        }
    }

    async fn branches(&mut self, arms: &[(List, List)], otherwise: &[Item], streams: &mut Streams) -> Flow {
        for (condition, body) in arms {
            if self.condition(condition, streams).await? {
                return self.list(body, streams).await;
            }
        }
        self.status = 0;
        self.list(otherwise, streams).await
    }

    async fn repeat(&mut self, until: bool, condition: &[Item], body: &[Item], streams: &mut Streams) -> Flow {
        let mut status = 0;
        loop {
            self.loops += 1;
            let holds = self.condition(condition, streams).await;
            self.loops -= 1;
            let holds = match holds {
                Ok(holds) => holds != until,
                Err(jump) => match jumped(jump)? {
                    true => continue,
                    false => break,
                },
            };
            if !holds {
                break;
            }
            let goes_on = self.round(body, streams).await;
            status = self.status;
            if !goes_on? {
                break;
            }
        }
        self.status = status;
        Ok(())
    }

    async fn each(&mut self, name: &str, words: Option<&[Word]>, body: &[Item], streams: &mut Streams) -> Flow {
        let values = match words {
            None => Ok(self.params.clone()),
            Some(words) => self.fields(words, streams).await,
        };
        let values = match values {
            Ok(values) => values,
            Err(problem) => return self.abort(&problem, streams).await,
        };
        self.status = 0;
        for value in values {
            if let Err(message) = self.vars.set(name, value) {
                return self.abort(&Problem(message), streams).await;
            }
            if !self.round(body, streams).await? {
                break;
            }
        }
        Ok(())
    }

    /// One round of a loop; whether there may be another.
    async fn round(&mut self, body: &[Item], streams: &mut Streams) -> Result<bool, Jump> {
        self.loops += 1;
        let flow = self.list(body, streams).await;
        self.loops -= 1;
        let clock = self.context.clock.clone();
        self.pace.round(&clock).await;
        match flow {
            Ok(()) => Ok(true),
            Err(jump) => jumped(jump),
        }
    }

    /// The first list whose pattern matches.
    async fn chosen<'a>(&mut self, word: &Word, arms: &'a [(Vec<Word>, List)], streams: &Streams) -> Result<Option<&'a List>, Problem> {
        let text = self.text(word, streams).await?;
        for (patterns, body) in arms {
            for pattern in patterns {
                if self.pattern(pattern, streams).await?.matches(&text) {
                    return Ok(Some(body));
                }
            }
        }
        Ok(None)
    }
}

/// What a jump means to the loop that it arrives at: whether there is another round.
fn jumped(jump: Jump) -> Result<bool, Jump> {
    match jump {
        Jump::Break(0 | 1) => Ok(false),
        Jump::Continue(0 | 1) => Ok(true),
        Jump::Break(more) => Err(Jump::Break(more - 1)),
        Jump::Continue(more) => Err(Jump::Continue(more - 1)),
        jump => Err(jump),
    }
}
