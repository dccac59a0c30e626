//! Limits on the memory of this process below that of the machine: `ulimit -v`, and the control groups of jobs and
//! containers. Linux only: other systems have no limits that can be read from files.

use std::fs;
use std::path::{Path, PathBuf};

/// Mount points of control groups: version 2, and the memory controller of version 1.
const GROUPS: [(&str, &str, &str); 2] = [
    ("/sys/fs/cgroup", "memory.max", "memory.current"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
];
/// Prefixes of the lines in `memory.stat` for file pages, which the system reclaims.
const FILE_PAGES: [&str; 2] = ["inactive_file ", "total_inactive_file "];

/// Returns the memory that this process may still allocate, bytes; `None` without a limit.
pub(super) fn remaining_bytes() -> Option<u64> {
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let of_process = remaining_address_space(&read("limits"), &read("status"));
    let folders = group_folders(&read("cgroup"));
    let of_groups = folders.iter().filter_map(|(folder, limit, used)| group(folder, limit, used));
    of_process.into_iter().chain(of_groups).min()
}

/// Whether `ulimit -v` limits this process.
pub(super) fn has_address_limit() -> bool {
    let read = |name: &str| fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    remaining_address_space(&read("limits"), &read("status")).is_some()
}

/// Returns the remaining address space from the texts of `/proc/self/limits` and `/proc/self/status`, bytes.
fn remaining_address_space(limits: &str, status: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    // Not a number: "unlimited".
    let most: u64 = line.split_whitespace().next()?.parse().ok()?;
    let size = status.lines().find_map(|line| line.strip_prefix("VmSize:"))?;
    let kibibytes: u64 = size.split_whitespace().next()?.parse().ok()?;
    Some(most.saturating_sub(kibibytes << 10))
}

/// Returns the folders of this process's control groups and their ancestors, with the file names of limit and usage,
/// from the text of `/proc/self/cgroup`.
fn group_folders(groups: &str) -> Vec<(PathBuf, &'static str, &'static str)> {
    let mut folders = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (mount, limit, used) = match controllers {
            "" => GROUPS[0],
            list if list.split(',').any(|name| name == "memory") => GROUPS[1],
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        folders.extend(path.ancestors().map(|above| (Path::new(mount).join(above), limit, used)));
    }
    folders
}

/// Returns the remaining memory of a group, bytes.
fn group(folder: &Path, limit: &str, used: &str) -> Option<u64> {
    let number = |name: &str| -> Option<u64> {
        fs::read_to_string(folder.join(name)).ok()?.trim().parse().ok()
    };
    let stat = fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
    let of_files = FILE_PAGES.iter().filter_map(|name| {
        stat.lines().find_map(|line| line.strip_prefix(name))?.trim().parse::<u64>().ok()
    });
    let taken = number(used)?.saturating_sub(of_files.max().unwrap_or(0));
    // An absent limit is "max", or a number larger than any machine's memory.
    Some(number(limit)?.saturating_sub(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_space_is_limit_less_size() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max address space         1536000000           unlimited            bytes     \n";
        let status = "Name:\tapical\nVmSize:\t  500000 kB\nVmRSS:\t 4 kB\n";
        assert_eq!(remaining_address_space(limits, status), Some(1_536_000_000 - 512_000_000));
        assert_eq!(
            remaining_address_space(&limits.replace("1536000000", "unlimited "), status),
            None
        );
        assert_eq!(
            remaining_address_space(&limits.replace("1536000000", "1000000   "), status),
            Some(0)
        );
        assert_eq!(remaining_address_space("", ""), None);
    }

    #[test]
    fn groups_above_count_too() {
        let paths = |text: &str| -> Vec<String> {
            let folders = group_folders(text).into_iter();
            folders.map(|(folder, limit, _)| folder.join(limit).display().to_string()).collect()
        };
        let expected = [
            "/sys/fs/cgroup/slurm/job_1/memory.max",
            "/sys/fs/cgroup/slurm/memory.max",
            "/sys/fs/cgroup/memory.max",
        ];
        assert_eq!(paths("0::/slurm/job_1\n"), expected);
        let expected = [
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
        ];
        assert_eq!(paths("5:cpu,cpuacct:/x\n4:memory:/a\nnonsense\n"), expected);
    }

    #[test]
    fn group_has_what_its_files_leave() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        assert_eq!(group(folder.path(), GROUPS[0].1, GROUPS[0].2), None);
        write("memory.max", "1000\n");
        write("memory.current", "700\n");
        write("memory.stat", "anon 300\ninactive_file 400\n");
        assert_eq!(group(folder.path(), GROUPS[0].1, GROUPS[0].2), Some(700));
        write("memory.max", "max\n");
        assert_eq!(group(folder.path(), GROUPS[0].1, GROUPS[0].2), None);
    }
}
