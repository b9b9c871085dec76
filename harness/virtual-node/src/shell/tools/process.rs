//! `env`, `hostname`, `pwd`, `date`, `sleep`: what a process knows of its surroundings.

use std::time::Duration;

use super::{Call, Ended, Failure};

/// `env`, or `printenv [NAME...]`
pub(super) async fn env(call: Call<'_>) -> Ended {
    let env = &call.context.env;
    if call.args.is_empty() {
        for (name, value) in &**env {
            call.streams.stdout.line(format!("{name}={value}")).await?;
        }
        return Ok(0);
    }
    if call.name == "env" {
        return Err(Failure::Told("a changed environment is not supported here".to_owned()));
    }
    let mut code = 0;
    for name in call.args {
        match env.get(name) {
            Some(value) => call.streams.stdout.line(value).await?,
            None => code = 1,
        }
    }
    Ok(code)
}

/// `hostname [-i]`
pub(super) async fn hostname(call: Call<'_>) -> Ended {
    let (letters, _) = call.options("i")?;
    let pod = &call.context.pod;
    call.streams
        .stdout
        .line(if letters.contains('i') { &pod.ip } else { &pod.name })
        .await?;
    Ok(0)
}

/// `pwd`
pub(super) async fn pwd(call: Call<'_>) -> Ended {
    call.streams.stdout.line("/").await?;
    Ok(0)
}

/// `date [-u] [+FORMAT]`, by the world's clock.
pub(super) async fn date(call: Call<'_>) -> Ended {
    let (_, operands) = call.options("u")?;
    let format = match operands.as_slice() {
        [] => "%a %b %e %H:%M:%S UTC %Y",
        [format] if format.starts_with('+') => &format[1..],
        [other, ..] => return Err(Failure::Told(format!("invalid date '{other}'"))),
    };
    let text = jiff::fmt::strtime::format(format, &call.context.clock.now().to_zoned(jiff::tz::TimeZone::UTC));
    call.streams.stdout.line(text.map_err(|error| error.to_string())?).await?;
    Ok(0)
}

/// `sleep SECONDS`, with `s`, `m`, `h` or `d` after the number; `infinity`.
pub(super) async fn sleep(call: Call<'_>) -> Ended {
    let mut total = Duration::ZERO;
    for word in call.args {
        if word == "infinity" {
            call.context.stop.cancelled().await;
            return Ok(143);
        }
        let (number, unit) = match word.char_indices().last() {
            Some((at, unit @ ('s' | 'm' | 'h' | 'd'))) => (&word[..at], unit),
            _ => (word.as_str(), 's'),
        };
        let seconds: f64 = number.parse().map_err(|_| format!("invalid number '{word}'"))?;
        let factor = match unit {
            'm' => 60.0,
            'h' => 3600.0,
            'd' => 86400.0,
            _ => 1.0,
        };
        total += Duration::try_from_secs_f64(seconds * factor).map_err(|_| format!("invalid number '{word}'"))?;
    }
    tokio::select! {
        biased;
        // SIGTERM ends it.
        () = call.context.stop.cancelled() => Ok(143),
        () = tokio::time::sleep(total) => Ok(0),
    }
}
