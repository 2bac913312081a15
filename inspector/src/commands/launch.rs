//! Starts a program with rjit enabled, to be looked into from its first moment on.
//!
//! While the screen is drawn the program's output cannot go to the same terminal. It is kept in memory and follows when the
//! screen is closed, unless a file was named for it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rjit_telemetry::{OpenError, PageView};
use rustix::fs::MemfdFlags;

use crate::commands::print;
use crate::commands::target::Attached;
use crate::failure::Failure;

const PATIENCE: Duration = Duration::from_millis(10);
/// After that long it is said what is waited for.
const LONG: Duration = Duration::from_secs(10);
/// What a shell adds to the number of the signal that ended a program.
const SIGNALLED: i32 = 128;

/// Starts a program, does something with it, and waits for its end.
pub fn run(
    program: &OsStr,
    arguments: &[OsString],
    output: Option<&Path>,
    screen: bool,
    act: impl FnOnce(&Attached) -> Result<(), Failure>,
) -> Result<ExitCode, Failure> {
    let mut command = Command::new(program);
    command.args(arguments).env("RJIT", "1");
    let failed = |source: io::Error| Failure::Launch { program: program.to_string_lossy().into_owned(), source };
    let mut kept = None;
    match output {
        Some(path) => {
            let file = File::create(path).map_err(|source| Failure::File { path: path.into(), source })?;
            command.stdout(file.try_clone().map_err(failed)?).stderr(file);
        }
        None if screen => {
            let file = File::from(
                rustix::fs::memfd_create("output", MemfdFlags::CLOEXEC).map_err(io::Error::from).map_err(failed)?,
            );
            command.stdout(file.try_clone().map_err(failed)?).stderr(file.try_clone().map_err(failed)?);
            kept = Some(file);
        }
        // Standard output is for what was asked of us.
        None => {
            command.stdout(io::stderr());
        }
    }
    if screen {
        command.stdin(Stdio::null());
    }
    let mut child = command.spawn().map_err(failed)?;
    let outcome = match wait_for_page(&mut child) {
        Ok(pid) => act(&Attached { pid }),
        Err(failure) => Err(failure),
    };
    if screen && child.try_wait().map_err(Failure::Terminal)?.is_none() {
        eprintln!("rjit-inspect: process {} still runs, and its end is waited for; Ctrl-C ends it", child.id());
    }
    let status = follow(&mut child, kept)?;
    match outcome {
        // How a program has failed says more than that it was too short to look into.
        Err(failure @ Failure::Open(_)) if !status.success() => eprintln!("rjit-inspect: {failure}"),
        other => other?,
    }
    Ok(exit_code(status))
}

/// Waits until rjit is enabled in a program, which is when there is something to look at.
fn wait_for_page(child: &mut Child) -> Result<u32, Failure> {
    let (pid, start) = (child.id(), Instant::now());
    let mut told = false;
    loop {
        match PageView::open(pid) {
            Ok(_) => return Ok(pid),
            Err(
                error @ (OpenError::NoPage { .. }
                | OpenError::Stale { .. }
                | OpenError::NoSuchProcess { .. }
                | OpenError::Ended { .. }),
            ) => {
                if child.try_wait().map_err(Failure::Terminal)?.is_some() {
                    return Err(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
        if !told && start.elapsed() > LONG {
            told = true;
            eprintln!("rjit-inspect: waiting for rjit in process {pid}; is it installed in that Python?");
        }
        std::thread::sleep(PATIENCE);
    }
}

/// Waits for the end of a program, and passes on what it has printed and prints.
fn follow(child: &mut Child, kept: Option<File>) -> Result<ExitStatus, Failure> {
    let mut shown = 0;
    let mut bytes = vec![0; 1 << 16];
    loop {
        let status = child.try_wait().map_err(Failure::Terminal)?;
        if let Some(file) = &kept {
            // The program writes where the file's position is, so that must not be moved.
            let count = file.read_at(&mut bytes, shown).map_err(Failure::Output)?;
            shown += count as u64;
            print(&bytes[..count])?;
            if count > 0 {
                continue;
            }
        }
        if let Some(status) = status {
            return Ok(status);
        }
        std::thread::sleep(PATIENCE * 5);
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().unwrap_or_else(|| SIGNALLED + status.signal().unwrap_or(0));
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
