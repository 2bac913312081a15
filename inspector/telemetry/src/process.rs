//! What `/proc` says about a process: whether it is there, since when, and whose it is.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The start time of a live process in clock ticks since boot, or `None` when there is no such process any more.
/// A process that has ended but was not yet waited for counts as gone.
pub fn start_ticks(pid: u32) -> Option<u64> {
    parse_stat(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Whether the process that started at `start` still lives: its pid may belong to another by now.
pub fn is_alive(pid: u32, start: u64) -> bool {
    start_ticks(pid) == Some(start)
}

/// The command line of a process, its arguments separated by blanks; empty when it cannot be read.
pub fn command_line(pid: u32) -> String {
    let raw = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let arguments = raw.split(|&byte| byte == 0).filter(|argument| !argument.is_empty());
    arguments.map(crate::text::load).collect::<Vec<_>>().join(" ")
}

/// The user a process runs as.
pub(crate) fn owner(pid: u32) -> io::Result<u32> {
    Ok(fs::metadata(format!("/proc/{pid}"))?.uid())
}

/// `XDG_RUNTIME_DIR` as the process was started with, which need not be ours.
pub(crate) fn runtime_dir(pid: u32) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    let environ = fs::read(format!("/proc/{pid}/environ")).ok()?;
    let value = environ.split(|&byte| byte == 0).find_map(|entry| entry.strip_prefix(b"XDG_RUNTIME_DIR="))?;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(value)))
}

/// Whether the process maps the file with this inode, or `None` when it does not let us see.
pub(crate) fn maps_inode(pid: u32, inode: u64) -> Option<bool> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).ok()?;
    let inode = inode.to_string();
    Some(maps.lines().any(|line| line.split_ascii_whitespace().nth(4) == Some(&inode)))
}

fn parse_stat(stat: &str) -> Option<u64> {
    // The command name stands in parentheses and may itself contain blanks and parentheses.
    let mut fields = stat[stat.rfind(')')? + 1..].split_ascii_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_start_time_behind_an_odd_name() {
        let tail = (4..=22).map(|field| field.to_string()).collect::<Vec<_>>().join(" ");
        assert_eq!(parse_stat(&format!("1 (a) R (b) S {tail} 23 24\n")), Some(22));
        assert_eq!(parse_stat(&format!("1 (gone) Z {tail} 23\n")), None);
        assert_eq!(parse_stat("nonsense"), None);
        assert_eq!(parse_stat("1 (short) S 1 2"), None);
    }

    #[test]
    fn knows_itself() {
        let pid = std::process::id();
        let start = start_ticks(pid).unwrap();
        assert!(is_alive(pid, start));
        assert!(!is_alive(pid, start + 1));
        assert!(!command_line(pid).is_empty());
        assert_eq!(owner(pid).unwrap(), rustix::process::geteuid().as_raw());
        assert_eq!(start_ticks(u32::MAX), None);
    }
}
