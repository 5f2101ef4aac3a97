//! What the kernel counts for this process.

use std::{fs::read_to_string, time::Duration};

/// Processor time of all threads so far.
pub(super) fn cpu_time() -> Duration {
    let stat = read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may hold spaces, and ends with the last parenthesis; user and system time are the 12th and 13th after
    // it.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    // A hundredth of a second on every Linux that is in use.
    Duration::from_millis(ticks * 10)
}

/// Resident memory now; 0 where the system does not count it.
pub(super) fn resident_megabytes() -> u64 {
    megabytes("VmRSS:")
}

/// Most resident memory so far; 0 where the system does not count it.
pub(super) fn peak_megabytes() -> u64 {
    megabytes("VmHWM:")
}

fn megabytes(name: &str) -> u64 {
    let status = read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or_default() / 1024
}
