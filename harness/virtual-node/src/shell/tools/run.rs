//! `env`, `timeout`, `xargs`: tools that run others.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::options::Known;
use super::time::duration;
use super::{Call, Ended, Failure};
use crate::program::ContainerContext;
use crate::shell::{Input, Shell, Streams};

/// Runs a command as a process of its own.
async fn run(call: &Call<'_>, env: BTreeMap<String, String>, words: &[String], streams: Streams) -> Ended {
    let context = ContainerContext {
        env: Arc::new(env),
        working_dir: call.shell.cwd.clone(),
        ..call.context.clone()
    };
    let mut streams = streams;
    let child = Shell::new(context, call.shell.programs.clone());
    match Box::pin(child.run_as(words, &mut streams)).await {
        Some(code) => Ok(code),
        None => Err(Failure::Code(
            127,
            format!("can't execute '{}': No such file or directory", words[0]),
        )),
    }
}

/// `env [-i] [-u NAME] [NAME=VALUE...] [COMMAND [ARGUMENT...]]`
pub(super) async fn env(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "i",
        valued: "u",
        leading: true,
        ..Known::default()
    })?;
    let mut env = if given.has('i') { BTreeMap::new() } else { call.shell.env() };
    for name in given.values('u') {
        env.remove(name);
    }
    let mut words = given.operands.as_slice();
    while let [first, rest @ ..] = words {
        let Some((name, value)) = first.split_once('=') else { break };
        env.insert(name.to_owned(), value.to_owned());
        words = rest;
    }
    if !words.is_empty() {
        return run(&call, env, words, call.streams.clone()).await;
    }
    for (name, value) in &env {
        call.line(format!("{name}={value}")).await?;
    }
    Ok(0)
}

/// `timeout [-s SIGNAL] SECONDS COMMAND [ARGUMENT...]`
pub(super) async fn timeout(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        valued: "s",
        leading: true,
        ..Known::default()
    })?;
    let signal = match given.value('s') {
        None => 15,
        Some(name) => crate::shell::interp::signal(name).ok_or_else(|| format!("bad signal name '{name}'"))?,
    };
    let [seconds, words @ ..] = given.operands.as_slice() else {
        return Err(Failure::Told("a time is needed".to_owned()));
    };
    if words.is_empty() {
        return Err(Failure::Told("a command is needed".to_owned()));
    }
    let limit = async {
        match duration(seconds) {
            Ok(Some(limit)) => {
                tokio::time::sleep(limit).await;
                Ok(128 + signal)
            }
            Ok(None) => std::future::pending().await,
            Err(failure) => Err(failure),
        }
    };
    tokio::select! {
        biased;
        ended = run(&call, call.shell.env(), words, call.streams.clone()) => ended,
        over = limit => over,
    }
}

/// `xargs [-r] [-0] [-n COUNT] [-I TEXT] [COMMAND [ARGUMENT...]]`
pub(super) async fn xargs(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "r0t",
        valued: "nI",
        leading: true,
        ..Known::default()
    })?;
    let input = String::from_utf8_lossy(&call.streams.stdin.all().await).into_owned();
    let items: Vec<String> = match (given.has('0'), given.value('I')) {
        (true, _) => input.split('\0').filter(|item| !item.is_empty()).map(str::to_owned).collect(),
        (false, Some(_)) => input
            .lines()
            .map(|line| line.trim_start().to_owned())
            .filter(|line| !line.is_empty())
            .collect(),
        (false, None) => unquoted(&input),
    };
    let command = if given.operands.is_empty() {
        vec!["echo".to_owned()]
    } else {
        given.operands.clone()
    };
    let calls: Vec<Vec<String>> = match (given.value('I'), given.number::<usize>('n')?) {
        (Some(text), _) => items
            .iter()
            .map(|item| command.iter().map(|word| word.replace(text, item)).collect())
            .collect(),
        (None, _) if items.is_empty() => {
            if given.has('r') {
                Vec::new()
            } else {
                vec![command]
            }
        }
        (None, count) => {
            let chunks = items.chunks(count.unwrap_or(items.len()).max(1));
            chunks.map(|items| command.iter().chain(items).cloned().collect()).collect()
        }
    };
    let mut failed = 0;
    for words in calls {
        if given.has('t') {
            call.complain(&words.join(" ")).await;
        }
        let streams = Streams {
            stdin: Input::null(),
            ..call.streams.clone()
        };
        if run(&call, call.shell.env(), &words, streams).await? != 0 {
            failed = 123;
        }
    }
    Ok(failed)
}

/// Words between blanks; quotes and backslashes keep blanks.
fn unquoted(text: &str) -> Vec<String> {
    let (mut items, mut open, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match (next, quote) {
            (next, Some(end)) if next == end => quote = None,
            (next, Some(_)) => open.get_or_insert_default().push(next),
            ('\'' | '"', None) => {
                quote = Some(next);
                open.get_or_insert_default();
            }
            ('\\', None) => open.get_or_insert_default().extend(rest.next()),
            (next, None) if next.is_whitespace() => items.extend(open.take()),
            (next, None) => open.get_or_insert_default().push(next),
        }
    }
    items.extend(open);
    items
}
