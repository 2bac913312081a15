//! `cargo xtask check`: formatting and lints of the Rust and the Python code.
//!
//! Every check runs even when an earlier one failed: one run shows all that is to be done.

use crate::tools::Tools;
use crate::{process, project, ui};
use anyhow::{Result, bail};
use std::process::Command;

/// Runs the checks and fails if any of them did.
pub fn main() -> Result<()> {
    let tools = Tools::provide()?;
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(arguments);
        cargo
    };
    let ruff = |arguments: &[&str]| {
        let mut ruff = tools.command("ruff");
        ruff.args(arguments);
        ruff
    };
    let checks = [
        ("cargo fmt", cargo(&["fmt", "--all", "--check"])),
        (
            "cargo clippy",
            cargo(&[
                "clippy",
                "--quiet",
                "--workspace",
                "--all-targets",
                "--",
                "-D",
                "warnings",
            ]),
        ),
        ("ruff check", ruff(&["check", "."])),
        ("ruff format", ruff(&["format", "--check", "."])),
    ];
    let mut failed = Vec::new();
    for (name, mut check) in checks {
        ui::step(name);
        if !process::status(check.current_dir(project::root()))?.success() {
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}
