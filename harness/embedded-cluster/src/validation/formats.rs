//! Forms of texts other than names: addresses, ports, paths, percentages.

use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;

use super::names;

/// Nothing, or one fault.
fn unless(fine: bool, fault: &str) -> Vec<String> {
    if fine { vec![] } else { vec![fault.to_owned()] }
}

/// An address of either family.
pub(super) fn ip(text: &str) -> Vec<String> {
    let detail = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
    unless(IpAddr::from_str(text).is_ok(), detail)
}

/// A range of addresses.
pub(super) fn cidr(text: &str) -> Vec<String> {
    let detail = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
    unless(parse_cidr(text).is_some(), detail)
}

/// An address and the length of its prefix.
pub(super) fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let address = IpAddr::from_str(address).ok()?;
    let length: u8 = length.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    (length <= most).then_some((address, length))
}

/// Why endpoints may not have this address.
pub(super) fn endpoint_ip(text: &str) -> Vec<String> {
    let Ok(address) = IpAddr::from_str(text) else {
        return vec!["must be a valid IP address".to_owned()];
    };
    let mut faults = vec![];
    let mut refuse = |bad: bool, fault: &str| {
        if bad {
            faults.push(fault.to_owned());
        }
    };
    let four = match address {
        IpAddr::V4(four) => four,
        IpAddr::V6(_) => Ipv4Addr::new(10, 0, 0, 1),
    };
    let six = |mask: u16, value: u16| matches!(address, IpAddr::V6(a) if a.segments()[0] & mask == value);
    refuse(address.is_unspecified(), &format!("may not be unspecified ({text})"));
    refuse(address.is_loopback(), "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    refuse(
        four.is_link_local() || six(0xffc0, 0xfe80),
        "may not be in the link-local range (169.254.0.0/16, fe80::/10)",
    );
    let local = four.octets()[..3] == [224, 0, 0] || six(0xff0f, 0xff02);
    refuse(local, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    faults
}

/// The name of a port (an IANA service name).
pub(super) fn port_name(text: &str) -> Vec<String> {
    let mut faults = vec![];
    if text.len() > 15 {
        faults.push("must be no more than 15 characters".to_owned());
    }
    if text.is_empty() || !text.bytes().all(|b| b == b'-' || b.is_ascii_lowercase() || b.is_ascii_digit()) {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        faults.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        faults.push("must not begin or end with a hyphen".to_owned());
    }
    faults
}

/// The name of an environment variable.
pub(super) fn env_name(text: &str) -> Vec<String> {
    let detail = "a valid environment variable name must consist only of printable ASCII characters other than '='";
    unless(text.bytes().all(|b| (b' '..=b'~').contains(&b) && b != b'='), detail)
}

/// The name of an HTTP header.
pub(super) fn header_name(text: &str) -> Vec<String> {
    let detail = "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is \
                  '[-A-Za-z0-9]+')";
    unless(
        !text.is_empty() && text.bytes().all(|b| b == b'-' || b.is_ascii_alphanumeric()),
        detail,
    )
}

/// A path from the root.
pub(super) fn absolute_path(text: &str) -> Vec<String> {
    unless(text.starts_with('/'), "must be an absolute path")
}

/// A path that does not climb.
pub(super) fn no_backsteps(text: &str) -> Vec<String> {
    unless(!text.split('/').any(|part| part == ".."), "must not contain '..'")
}

/// A path below some directory.
pub(super) fn local_path(text: &str) -> Vec<String> {
    let mut faults = unless(!text.starts_with('/'), "must be a relative path");
    faults.extend(no_backsteps(text));
    faults
}

/// A path below some directory whose first name Kubernetes does not use itself.
pub(super) fn own_path(text: &str) -> Vec<String> {
    let mut faults = local_path(text);
    if text.starts_with("..") && !text.starts_with("../") {
        faults.push("must not start with '..'".to_owned());
    }
    faults
}

/// `domain/path`.
pub(super) fn domain_path(text: &str) -> Vec<String> {
    let segments = text.split_once('/').filter(|(host, path)| !host.is_empty() && !path.is_empty());
    let Some((host, path)) = segments else {
        return vec!["must be a domain-prefixed path (such as \"acme.io/foo\")".to_owned()];
    };
    let mut faults: Vec<String> = names::subdomain(host);
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/-._~%!$&'()*+,;=:".contains(c);
    if !path.chars().all(allowed) {
        faults.push("Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')".to_owned());
    }
    faults
}

/// `1%`.
pub(super) fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or_default();
    let detail = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for \
                  validation is '[0-9]+%')";
    unless(!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()), detail)
}

/// Whether all addresses of a range are in another, which has more.
pub(super) fn is_strictly_within(part: &str, whole: &str) -> bool {
    let (Some((inner, long)), Some((outer, short))) = (parse_cidr(part), parse_cidr(whole)) else {
        return false;
    };
    let bits = |address: IpAddr| match address {
        IpAddr::V4(four) => u128::from(four.to_bits()) << 96,
        IpAddr::V6(six) => six.to_bits(),
    };
    let mask = u128::MAX.checked_shl(128 - u32::from(short)).unwrap_or(0);
    inner.is_ipv4() == outer.is_ipv4() && long > short && bits(inner) & mask == bits(outer) & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        assert!(ip("10.0.0.1").is_empty() && ip("::1").is_empty() && cidr("10.0.0.0/8").is_empty());
        assert_eq!(cidr("10.0.0.0/33").len(), 1);
        assert!(port_name("http-2").is_empty() && percent("10%").is_empty() && domain_path("a.io/b").is_empty());
        assert_eq!(port_name("80"), ["must contain at least one letter (a-z)"]);
        assert_eq!(own_path("../a"), ["must not contain '..'"]);
        assert_eq!(own_path("..a"), ["must not start with '..'"]);
        assert_eq!(percent("%").len() + domain_path("x").len() + env_name("a=b").len(), 3);
    }

    #[test]
    fn ranges() {
        assert!(is_strictly_within("10.1.0.0/16", "10.0.0.0/8"));
        assert!(!is_strictly_within("11.0.0.0/16", "10.0.0.0/8"));
        assert!(!is_strictly_within("10.0.0.0/8", "10.0.0.0/8"));
        assert!(is_strictly_within("10.0.0.0/8", "0.0.0.0/0"));
        assert_eq!(endpoint_ip("127.0.0.1").len(), 1);
    }
}
