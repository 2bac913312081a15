//! Finds the process that is meant: by number, by name, or by starting it.

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rjit_telemetry::{OpenError, PageView, command_line, list};

use crate::args::Target;
use crate::commands::{launch, until_signal};
use crate::failure::Failure;

/// How often it is looked for while waiting.
const PATIENCE: Duration = Duration::from_millis(50);

/// The process that was found.
pub struct Attached {
    /// Its number.
    pub pid: u32,
}

/// Finds the process and does something with it. If it was started for this, its end is waited for, and its exit code is
/// passed on. `screen` says that standard output is drawn on meanwhile.
pub fn with(
    target: &Target,
    screen: bool,
    act: impl FnOnce(&Attached) -> Result<(), Failure>,
) -> Result<ExitCode, Failure> {
    if let Some((program, arguments)) = target.program.split_first() {
        return launch::run(program, arguments, target.program_output.as_deref(), screen, act);
    }
    let pid = match (&target.name, target.pid) {
        (Some(name), _) => find(name, target.wait)?,
        (None, Some(pid)) if target.wait => wait_for(|| ready(pid))?,
        (None, Some(pid)) => pid,
        (None, None) => unreachable!("the parser asks for a process"),
    };
    act(&Attached { pid })?;
    Ok(ExitCode::SUCCESS)
}

/// The one process with this in its command line.
fn find(name: &str, wait: bool) -> Result<u32, Failure> {
    let look = || match matching(name).as_slice() {
        [] => Ok(None),
        [(pid, _)] => Ok(Some(*pid)),
        several => Err(Failure::Ambiguous {
            name: name.into(),
            found: several.iter().map(|(pid, command)| format!("\n  {pid}  {command}")).collect(),
        }),
    };
    match look()? {
        Some(pid) => Ok(pid),
        None if wait => wait_for(look),
        None => Err(Failure::NoneNamed { name: name.into() }),
    }
}

fn matching(name: &str) -> Vec<(u32, String)> {
    let pids = list().views.into_iter().map(|view| view.identity().pid);
    let found = pids.map(|pid| (pid, command_line(pid)));
    found.filter(|(_, command)| command.contains(name)).collect()
}

/// The process if it has a page by now; an error if it never will.
fn ready(pid: u32) -> Result<Option<u32>, Failure> {
    match PageView::open(pid) {
        Ok(_) => Ok(Some(pid)),
        // It may start, enable rjit, or be another program soon.
        Err(
            OpenError::NoSuchProcess { .. }
            | OpenError::Ended { .. }
            | OpenError::NoPage { .. }
            | OpenError::Stale { .. },
        ) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn wait_for(mut look: impl FnMut() -> Result<Option<u32>, Failure>) -> Result<u32, Failure> {
    let ended = until_signal()?;
    loop {
        if let Some(pid) = look()? {
            return Ok(pid);
        }
        if ended.load(Ordering::Relaxed) {
            return Err(Failure::Interrupted);
        }
        std::thread::sleep(PATIENCE);
    }
}

/// Where a process is at home, for names of files that depend on it.
pub fn directory(pid: u32) -> Option<std::path::PathBuf> {
    std::fs::read_link(Path::new("/proc").join(pid.to_string()).join("cwd")).ok()
}
