//! Address ranges: how many networks an engine can still make.
//!
//! An engine gives each new network the first range of its pools that overlaps no other network and no route of the machine. When none is
//! left, "all predefined address pools have been fully subnetted".

use serde::Serialize;
use serde_json::Value;

/// The pools of an engine that is not told otherwise, as `base/bits` and the bits of each network: moby's `ipamutils`, local scope.
const DEFAULT: [(&str, u8); 7] = [
    ("172.17.0.0/16", 16),
    ("172.18.0.0/16", 16),
    ("172.19.0.0/16", 16),
    ("172.20.0.0/14", 16),
    ("172.24.0.0/14", 16),
    ("172.28.0.0/14", 16),
    ("192.168.0.0/16", 20),
];

/// A range of IPv4 addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "String")]
pub struct Subnet {
    first: u32,
    bits: u8,
}

impl Subnet {
    /// `10.1.0.0/16`; `None` if it is none, or IPv6.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = text.split_once('/')?;
        let bits = bits.parse().ok().filter(|bits| *bits <= 32)?;
        let address: std::net::Ipv4Addr = address.parse().ok()?;
        Some(Self::of(address.into(), bits))
    }

    fn of(address: u32, bits: u8) -> Self {
        Self {
            first: address & mask(bits),
            bits,
        }
    }

    fn overlaps(self, other: Self) -> bool {
        let bits = self.bits.min(other.bits);
        self.first & mask(bits) == other.first & mask(bits)
    }

    /// The ranges of `bits` that it consists of.
    fn parts(self, bits: u8) -> impl Iterator<Item = Self> {
        let bits = bits.clamp(self.bits, 32);
        let step = 1_u64 << (32 - bits);
        let count = 1_u64 << (bits - self.bits);
        (0..count).map(move |index| Self {
            first: self.first | u32::try_from(index * step).unwrap_or_default(),
            bits,
        })
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        format!("{}/{}", std::net::Ipv4Addr::from(subnet.first), subnet.bits)
    }
}

fn mask(bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or_default()
}

/// Where an engine takes the ranges of its networks from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Pool {
    base: Subnet,
    bits: u8,
}

impl Pool {
    /// How many networks it is for.
    pub(super) fn ranges(&self) -> usize {
        self.base.parts(self.bits).count()
    }
}

/// The pools that `/info` tells of, or those of an engine that is not told otherwise.
pub(super) fn pools(info: &Value) -> Vec<Pool> {
    let told = info["DefaultAddressPools"].as_array().map_or(&[][..], Vec::as_slice);
    let told = told.iter().filter_map(|pool| {
        let bits = u8::try_from(pool["Size"].as_u64()?).ok()?;
        let base = Subnet::parse(pool["Base"].as_str()?)?;
        Some(Pool { base, bits })
    });
    let told: Vec<Pool> = told.collect();
    if !told.is_empty() {
        return told;
    }
    let default = DEFAULT.iter().filter_map(|(base, bits)| {
        let base = Subnet::parse(base)?;
        Some(Pool { base, bits: *bits })
    });
    default.collect()
}

/// The ranges of an engine's networks: its answer to `/networks`.
pub(super) fn networks(answer: &Value) -> Vec<Subnet> {
    let networks = answer.as_array().map_or(&[][..], Vec::as_slice).iter();
    let ranges = networks.flat_map(|network| network["IPAM"]["Config"].as_array().map_or(&[][..], Vec::as_slice));
    ranges.filter_map(|range| Subnet::parse(range["Subnet"].as_str()?)).collect()
}

/// The routes of `/proc/net/route`, but for the default one.
pub(super) fn routes(text: &str) -> Vec<Subnet> {
    let route = |line: &str| {
        let mut fields = line.split_whitespace();
        // The kernel writes addresses as the machine keeps them in memory.
        let mut number = |skip| u32::from_str_radix(fields.nth(skip)?, 16).ok().map(u32::swap_bytes);
        let (destination, mask) = (number(1)?, number(5)?);
        let bits = u8::try_from(mask.leading_ones()).ok()?;
        (bits > 0).then(|| Subnet::of(destination, bits))
    };
    text.lines().skip(1).filter_map(route).collect()
}

/// How many networks can still be made.
pub(super) fn free(pools: &[Pool], taken: &[Subnet]) -> usize {
    let ranges = pools.iter().flat_map(|pool| pool.base.parts(pool.bits));
    ranges.filter(|range| !taken.iter().any(|taken| taken.overlaps(*range))).count()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn taken(ranges: &[&str]) -> Vec<Subnet> {
        ranges.iter().map(|range| Subnet::parse(range).unwrap()).collect()
    }

    #[test]
    fn thirty_one_networks_unless_told_otherwise() {
        let default = pools(&json!({"DefaultAddressPools": null}));
        let free = |ranges: &[&str]| free(&default, &taken(ranges));
        assert_eq!(free(&[]), 31);
        assert_eq!(free(&["172.17.0.0/16"]), 30);
        // A small range takes the whole it lies in; a wide one, as a VPN routes it, many.
        assert_eq!(free(&["172.21.5.0/24", "192.168.1.0/24"]), 29);
        assert_eq!(free(&["172.16.0.0/12"]), 16);
        assert_eq!(free(&["172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"]), 0);
        let told = pools(&json!({"DefaultAddressPools": [{"Base": "10.10.0.0/16", "Size": 24}]}));
        assert_eq!(super::free(&told, &taken(&["10.10.3.0/24"])), 255);
    }

    #[test]
    fn what_is_taken_is_read_from_the_engine_and_the_kernel() {
        let answer = json!([
            {"Name": "bridge", "IPAM": {"Config": [{"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"}]}},
            {"Name": "six", "IPAM": {"Config": [{"Subnet": "fd00::/64"}]}},
            {"Name": "host", "IPAM": {"Config": null}},
        ]);
        assert_eq!(networks(&answer), taken(&["172.17.0.0/16"]));
        let text = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n\
                    eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n\
                    tun0\t0000100A\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0\n";
        assert_eq!(routes(text), taken(&["10.16.0.0/20"]));
    }
}
