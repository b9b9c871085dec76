//! Reading what the kernel writes.

use super::facts::FileLimit;

/// The soft and hard limit of open files in `/proc/self/limits`.
pub(super) fn open_files(limits: &str) -> Option<FileLimit> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut numbers = line.split_whitespace().map(|word| match word {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    });
    let (soft, hard) = (numbers.next()??, numbers.next()??);
    Some(FileLimit { soft, hard })
}

/// `MemAvailable` of `/proc/meminfo`, in bytes.
pub(super) fn available_memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// What a control group still allows. cgroup v1 writes an enormous number, v2 `max`, where there is no limit.
pub(super) fn allowed_memory(limit: &str, usage: &str) -> Option<u64> {
    let limit: u64 = limit.trim().parse().ok()?;
    let usage: u64 = usage.trim().parse().ok()?;
    (limit < 1 << 60).then(|| limit.saturating_sub(usage))
}

/// `net.ipv4.ip_local_port_range`.
pub(super) fn port_range(text: &str) -> Option<(u16, u16)> {
    let mut numbers = text.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// The local ports in a table like `/proc/net/tcp`.
pub(super) fn local_ports(table: &str) -> impl Iterator<Item = u16> {
    table.lines().skip(1).filter_map(|line| {
        let address = line.split_whitespace().nth(1)?;
        u16::from_str_radix(address.rsplit(':').next()?, 16).ok()
    })
}

/// `major.minor` of a version such as `6.1.0-13-amd64`, `1.41` or `v1.36`.
pub(super) fn major_minor(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.trim_start_matches('v').split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_own_formats() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max processes             96381                unlimited            processes \n\
                      Max open files            1024                 unlimited            files     \n";
        let unlimited = u64::MAX;
        assert_eq!(
            open_files(limits),
            Some(FileLimit {
                soft: 1024,
                hard: unlimited
            })
        );
        assert_eq!(open_files("nothing"), None);
        assert_eq!(available_memory("MemTotal: 9 kB\nMemAvailable:   2048 kB\n"), Some(2048 * 1024));
        assert_eq!(allowed_memory("max\n", "5\n"), None);
        assert_eq!(allowed_memory("9223372036854771712\n", "5\n"), None);
        assert_eq!(allowed_memory("1000\n", "400\n"), Some(600));
        assert_eq!(allowed_memory("1000\n", "4000\n"), Some(0));
        assert_eq!(port_range("32768\t60999\n"), Some((32768, 60999)));
        let tcp = "  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A\n   1: 00000000000000000000000001000000:0016 0:0 0A\n";
        assert_eq!(local_ports(tcp).collect::<Vec<_>>(), [8080, 22]);
        assert_eq!(major_minor("6.18.44-fc-v669"), Some((6, 18)));
        assert_eq!((major_minor("v1.37"), major_minor("rolling")), (Some((1, 37)), None));
    }
}
