//! Programs of the system that the tests and the demo use.

use crate::{process, ui};
use std::process::Command;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(600);

/// A program and the Debian package it comes in.
#[derive(Clone, Copy)]
pub struct Program {
    pub name: &'static str,
    package: &'static str,
}

/// Samples a process by its native stacks.
pub const PERF: Program = Program { name: "perf", package: "linux-perf" };

/// Debugs a live process.
pub const GDB: Program = Program { name: "gdb", package: "gdb" };

/// A terminal without a screen, in which the inspector is tested.
pub const TMUX: Program = Program { name: "tmux", package: "tmux" };

/// Compiles the native library of the tests that unwind.
pub const CXX: Program = Program { name: "c++", package: "g++" };

/// Reads dumped machine code.
pub const OBJDUMP: Program = Program { name: "objdump", package: "binutils" };

/// Sees to `programs`, installing the missing ones where this process may. Returns those that are still missing, after
/// saying how to get them.
pub fn provide(programs: &[Program]) -> Vec<Program> {
    let missing = missing(programs);
    if missing.is_empty() {
        return missing;
    }
    let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
    let command = format!("apt-get install {}", packages.join(" "));
    if !may_install() {
        ui::note(format!("missing: {}; to have them, run as root: {command}", names(&missing)));
        return missing;
    }
    ui::step(format!("Installing {}", packages.join(", ")));
    if let Err(error) = install(&packages) {
        ui::note(format!("{error:#}"));
    }
    let missing = self::missing(programs);
    if !missing.is_empty() {
        ui::note(format!("still missing: {}; try: {command}", names(&missing)));
    }
    missing
}

fn missing(programs: &[Program]) -> Vec<Program> {
    programs.iter().copied().filter(|program| which::which(program.name).is_err()).collect()
}

fn names(programs: &[Program]) -> String {
    programs.iter().map(|program| program.name).collect::<Vec<_>>().join(", ")
}

fn may_install() -> bool {
    let root = process::capture(Command::new("id").arg("-u")).is_ok_and(|id| id == "0");
    root && which::which("apt-get").is_ok()
}

fn install(packages: &[&str]) -> anyhow::Result<()> {
    let folder = crate::project::target();
    let log = folder.join("apt-install.log");
    let apt = || {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").arg("-q");
        apt
    };
    // The lists may be there and out of date, or not be there at all.
    process::logged(apt().arg("update"), &log, LIMIT)?;
    process::logged(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages), &log, LIMIT)
}
