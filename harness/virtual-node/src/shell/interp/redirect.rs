//! Redirections.

use super::Shell;
use crate::program::Files;
use crate::shell::expand::Problem;
use crate::shell::streams::{Input, Output, Streams};
use crate::shell::syntax::{Redirect, Stream, To};

/// Why a redirection failed.
pub(super) enum Failed {
    Word(Problem),
    /// The command does not run, and has failed.
    File(String),
}

impl From<Problem> for Failed {
    fn from(problem: Problem) -> Self {
        Self::Word(problem)
    }
}

impl Shell {
    /// The streams that redirections lead to, one after the other.
    pub(super) async fn redirected(&mut self, redirects: &[Redirect], streams: &Streams) -> Result<Streams, Failed> {
        let mut own = streams.clone();
        for Redirect { stream, to } in redirects {
            match to {
                To::Here(text) => {
                    if let Some(text) = text.get() {
                        own.stdin = Input::text(self.text(text, streams).await?);
                    }
                }
                To::Read(word) => {
                    let name = self.text(word, streams).await?;
                    if *stream != Stream::In {
                        return Err(Failed::File(format!("{name}: only standard input is read from a file here")));
                    }
                    own.stdin = self.input(&name, &own)?;
                }
                To::Write(word) | To::Append(word) => {
                    let name = self.text(word, streams).await?;
                    let output = self.output(&name, matches!(to, To::Append(_)), &own)?;
                    set(&mut own, *stream, output)?;
                }
                To::Copy(Stream::Out) => {
                    let output = own.stdout.clone();
                    set(&mut own, *stream, output)?;
                }
                To::Copy(Stream::Err) => {
                    let output = own.stderr.clone();
                    set(&mut own, *stream, output)?;
                }
                To::Copy(_) if *stream == Stream::In => {}
                To::Copy(_) => return Err(Failed::File("standard input cannot be written to here".to_owned())),
                To::Close if *stream == Stream::In => own.stdin = Input::null(),
                To::Close => set(&mut own, *stream, Output::Null)?,
            }
        }
        Ok(own)
    }

    fn input(&self, name: &str, streams: &Streams) -> Result<Input, Failed> {
        match name {
            "/dev/null" => return Ok(Input::null()),
            "/dev/stdin" => return Ok(streams.stdin.clone()),
            _ => {}
        }
        match self.context.files.read(&self.path(name)) {
            Ok(content) => Ok(Input::text(content)),
            Err(_) => Err(Failed::File(format!("can't open {name}: no such file"))),
        }
    }

    fn output(&self, name: &str, append: bool, streams: &Streams) -> Result<Output, Failed> {
        match name {
            "/dev/null" => return Ok(Output::Null),
            "/dev/stdout" => return Ok(streams.stdout.clone()),
            "/dev/stderr" => return Ok(streams.stderr.clone()),
            "/proc/1/fd/1" | "/proc/1/fd/2" => return Ok(Output::log(self.context.log.clone())),
            _ => {}
        }
        let (files, path): (&Files, _) = (&self.context.files, self.path(name));
        let failed = |why: &str| Failed::File(format!("can't create {name}: {why}"));
        if files.is_folder(&path) {
            return Err(failed("Is a directory"));
        }
        if !files.is_folder(parent(&path)) {
            return Err(failed("nonexistent directory"));
        }
        let opened = if append { files.append(&path, b"") } else { files.write(&path, "") };
        opened.map_err(|_| failed("Read-only file system"))?;
        Ok(Output::File(files.clone(), path))
    }
}

fn set(streams: &mut Streams, stream: Stream, output: Output) -> Result<(), Failed> {
    match stream {
        Stream::In => return Err(Failed::File("standard input cannot be written to here".to_owned())),
        Stream::Out => streams.stdout = output,
        Stream::Err => streams.stderr = output,
        Stream::OutAndErr => (streams.stdout, streams.stderr) = (output.clone(), output),
    }
    Ok(())
}

/// The folder of an absolute path.
pub(crate) fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}
