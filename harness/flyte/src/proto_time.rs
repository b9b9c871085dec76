//! Times between jiff and protocol buffers.

use jiff::{SignedDuration, Timestamp as Instant};
use prost_types::{Duration, Timestamp};

pub(crate) fn timestamp(instant: Instant) -> Timestamp {
    Timestamp {
        seconds: instant.as_second(),
        nanos: instant.subsec_nanosecond(),
    }
}

/// `later - earlier`, zero where a value is missing or out of range.
pub(crate) fn between(earlier: Option<&Timestamp>, later: Option<&Timestamp>) -> Duration {
    let instant = |time: &Timestamp| Instant::new(time.seconds, time.nanos).ok();
    let elapsed = match (earlier.and_then(instant), later.and_then(instant)) {
        (Some(earlier), Some(later)) => later.duration_since(earlier),
        _ => SignedDuration::ZERO,
    };
    Duration {
        seconds: elapsed.as_secs(),
        nanos: elapsed.subsec_nanos(),
    }
}
