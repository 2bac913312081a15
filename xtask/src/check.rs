//! `cargo xtask check`: formatting and lints of the Rust and the Python code.
//!
//! Every check runs even when an earlier one failed: one run shows all that is to be done.

use crate::tools::Tools;
use crate::{process, project, ui};
use anyhow::{Result, bail};
use std::process::Command;

#[derive(clap::Args)]
pub struct Options {
    /// Format the code and correct what the linters can correct by themselves, instead of only reporting it
    #[arg(long)]
    fix: bool,
}

/// Runs the checks and fails if any of them did.
pub fn main(options: &Options) -> Result<()> {
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
    let clippy = ["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"];
    let (fmt, check, format): (&[&str], &[&str], &[&str]) = if options.fix {
        (&["fmt", "--all"], &["check", "--fix", "."], &["format", "."])
    } else {
        (&["fmt", "--all", "--check"], &["check", "."], &["format", "--check", "."])
    };
    let checks = [
        ("cargo fmt", cargo(fmt)),
        ("cargo clippy", cargo(&clippy)),
        ("ruff check", ruff(check)),
        ("ruff format", ruff(format)),
    ];
    let mut failed = Vec::new();
    for (name, mut check) in checks {
        ui::step(name);
        if !process::status(check.current_dir(project::root()))?.success() {
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {} (`cargo xtask check --fix` corrects what can be corrected by itself)", failed.join(", "));
    }
    Ok(())
}
