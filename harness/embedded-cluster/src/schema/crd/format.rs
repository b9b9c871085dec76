//! String formats that Kubernetes checks.

use base64::Engine as _;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Formats a definition may name without a warning. Not all of them are checked: `None` from [`matches`] says so.
pub(super) const KNOWN: [&str; 25] = [
    "bsonobjectid",
    "byte",
    "cidr",
    "creditcard",
    "date",
    "date-time",
    "datetime",
    "double",
    "duration",
    "email",
    "float",
    "hexcolor",
    "hostname",
    "int32",
    "int64",
    "ipv4",
    "ipv6",
    "isbn",
    "isbn10",
    "isbn13",
    "mac",
    "password",
    "rgbcolor",
    "ssn",
    "uri",
];

/// Whether `text` is of the format; `None` for formats that are not checked.
pub(super) fn matches(format: &str, text: &str) -> Option<bool> {
    Some(match format {
        "date-time" | "datetime" => text.parse::<jiff::Timestamp>().is_ok(),
        "date" => text.parse::<jiff::civil::Date>().is_ok() && text.len() == 10,
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "byte" => base64::engine::general_purpose::STANDARD.decode(text).is_ok(),
        "uuid" | "uuid3" | "uuid4" | "uuid5" => is_uuid(format, text),
        "duration" => is_duration(text),
        "cidr" => text
            .split_once('/')
            .is_some_and(|(address, bits)| match address.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(_)) => bits.parse::<u8>().is_ok_and(|bits| bits <= 32),
                Ok(std::net::IpAddr::V6(_)) => bits.parse::<u8>().is_ok_and(|bits| bits <= 128),
                Err(_) => false,
            }),
        "email" => text
            .split_once('@')
            .is_some_and(|(user, host)| !user.is_empty() && is_hostname(host)),
        "hostname" => is_hostname(text),
        "uri" => text
            .parse::<http::Uri>()
            .is_ok_and(|uri| uri.scheme().is_some() || text.starts_with('/')),
        _ => return None,
    })
}

/// Whether a definition's format is one that Kubernetes knows.
pub(super) fn is_known(format: &str) -> bool {
    format.is_empty() || KNOWN.contains(&format) || format.starts_with("uuid") || format.starts_with("k8s-")
}

fn is_uuid(format: &str, text: &str) -> bool {
    uuid::Uuid::try_parse(text).is_ok_and(|uuid| {
        format
            .strip_prefix("uuid")
            .is_none_or(|version| version.is_empty() || uuid.get_version_num().to_string() == version)
    })
}

fn is_hostname(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text.split('.').all(|label| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// Go durations, `1h30m`, and numbers with a unit in words, `2 days`.
fn is_duration(text: &str) -> bool {
    const UNITS: [&str; 22] = [
        "ns", "us", "µs", "ms", "s", "m", "h", "d", "w", "nano", "micro", "milli", "sec", "second", "seconds", "min", "minute", "minutes",
        "hour", "hours", "day", "days",
    ];
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text).trim();
    if rest == "0" {
        return true;
    }
    let mut parts = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(digits);
        let tail = tail.trim_start();
        let letters = tail.find(|c: char| !c.is_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        if number.is_empty() || number.parse::<f64>().is_err() || !UNITS.contains(&unit) {
            return false;
        }
        rest = tail.trim_start();
        parts += 1;
    }
    parts > 0
}
