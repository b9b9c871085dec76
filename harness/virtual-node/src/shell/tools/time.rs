//! `date`, `sleep`

use std::time::Duration;

use jiff::Timestamp;

use super::options::Known;
use super::{Call, Ended, Failure};

/// `date [-u] [-d @SECONDS] [+FORMAT]`, by the world's clock.
pub(super) async fn date(call: Call<'_>) -> Ended {
    let given = call.options(Known {
        flags: "u",
        valued: "d",
        long: &[("utc", 'u'), ("date", 'd')],
        ..Known::default()
    })?;
    let time = match given.value('d') {
        None => call.context.clock.now(),
        Some(text) => moment(text).ok_or_else(|| format!("invalid date '{text}'"))?,
    };
    let format = match given.operands.as_slice() {
        [] => "%a %b %e %H:%M:%S UTC %Y",
        [format] if format.starts_with('+') => &format[1..],
        [other, ..] => return Err(Failure::Told(format!("invalid date '{other}'"))),
    };
    let text = jiff::fmt::strtime::format(format, &time.to_zoned(jiff::tz::TimeZone::UTC));
    call.line(text.map_err(|error| error.to_string())?).await?;
    Ok(0)
}

/// `@SECONDS`, or a time as RFC 3339 has it.
fn moment(text: &str) -> Option<Timestamp> {
    match text.strip_prefix('@') {
        Some(seconds) => Timestamp::from_second(seconds.parse().ok()?).ok(),
        None => text.parse().ok(),
    }
}

/// A number of seconds, with `s`, `m`, `h` or `d` after it. `None`: for ever.
pub(super) fn duration(word: &str) -> Result<Option<Duration>, Failure> {
    if word == "infinity" || word == "inf" {
        return Ok(None);
    }
    let invalid = || Failure::Told(format!("invalid number '{word}'"));
    let (number, factor) = match word.char_indices().last() {
        Some((at, 's')) => (&word[..at], 1.0),
        Some((at, 'm')) => (&word[..at], 60.0),
        Some((at, 'h')) => (&word[..at], 3600.0),
        Some((at, 'd')) => (&word[..at], 86400.0),
        _ => (word, 1.0),
    };
    let seconds: f64 = number.parse().map_err(|_| invalid())?;
    Duration::try_from_secs_f64(seconds * factor).map(Some).map_err(|_| invalid())
}

/// `sleep SECONDS...`; `infinity`. As a container's first process it does not hear SIGTERM, as in Linux.
pub(super) async fn sleep(call: Call<'_>) -> Ended {
    if call.args.is_empty() {
        return Err(Failure::Told("missing operand".to_owned()));
    }
    let mut total = Duration::ZERO;
    for word in call.args {
        match duration(word)? {
            Some(more) => total += more,
            None => return std::future::pending().await,
        }
    }
    tokio::time::sleep(total).await;
    Ok(0)
}
