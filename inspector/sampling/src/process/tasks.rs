//! The threads of a process as the kernel sees them.

use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

/// What a thread does, as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ThreadState {
    /// It runs, or would if it had a CPU.
    Running,
    /// It waits for something: the GIL, a lock, a socket, time.
    Sleeping,
    /// It waits for a device.
    Blocked,
    /// A signal or a debugger has stopped it.
    Stopped,
    /// It has ended, or is in a state of another name.
    Other,
}

/// A thread by its name and state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// The name it was given; the program's if none.
    pub name: String,
    /// What it does.
    pub state: ThreadState,
}

/// The threads of a process.
///
/// # Errors
/// When there is no such process, or `/proc` cannot be read.
pub fn tasks(pid: u32) -> io::Result<Vec<u32>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(format!("/proc/{pid}/task"))? {
        found.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(found)
}

/// Name and state of a thread, or `None` when it is gone.
pub fn task(pid: u32, tid: u32) -> Option<Task> {
    let stat = fs::read(format!("/proc/{pid}/task/{tid}/stat")).ok()?;
    parse(&String::from_utf8_lossy(&stat))
}

/// How long the threads of a process have been ready to run while no CPU had time for them, in nanoseconds. 0 where the kernel
/// does not say.
pub fn waited_ns(pid: u32) -> u64 {
    let waited = |tid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).ok()?;
        text.split_ascii_whitespace().nth(1)?.parse::<u64>().ok()
    };
    tasks(pid).unwrap_or_default().into_iter().filter_map(waited).sum()
}

/// The children of a process, of all its threads.
pub fn children(pid: u32) -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    for tid in tasks(pid).unwrap_or_default() {
        let text = fs::read_to_string(format!("/proc/{pid}/task/{tid}/children")).unwrap_or_default();
        found.extend(text.split_ascii_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
    }
    found.sort_unstable();
    found.dedup();
    found
}

fn parse(stat: &str) -> Option<Task> {
    // The name stands in parentheses and may itself contain blanks and parentheses.
    let (open, close) = (stat.find('(')?, stat.rfind(')')?);
    let state = match stat.get(close + 1..)?.trim_start().chars().next()? {
        'R' => ThreadState::Running,
        'S' | 'I' => ThreadState::Sleeping,
        'D' => ThreadState::Blocked,
        'T' | 't' => ThreadState::Stopped,
        _ => ThreadState::Other,
    };
    let name: String = stat.get(open + 1..close)?.chars().filter(|char| !char.is_control()).collect();
    Some(Task { name, state })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_odd_names() {
        let task = parse("12 (a) R (b\n) S 1 2").unwrap();
        assert_eq!((task.name.as_str(), task.state), ("a) R (b", ThreadState::Sleeping));
        assert_eq!(parse("1 (x) R 0").unwrap().state, ThreadState::Running);
        assert_eq!(parse("1 (x) Z 0").unwrap().state, ThreadState::Other);
        assert_eq!(parse("nonsense"), None);
        assert_eq!(parse(")("), None);
    }

    #[test]
    fn knows_itself() {
        let pid = std::process::id();
        assert!(tasks(pid).unwrap().contains(&pid));
        assert!(task(pid, pid).is_some());
        assert_eq!(task(pid, u32::MAX), None);
        assert!(tasks(u32::MAX).is_err());
    }
}
