//! `cargo xtask test`: the Rust unit tests, then the Python tests against the installed extension.
//!
//! The runners write to the terminal themselves, so that their closing lines are what the user sees last.

use crate::build::{self, Built};
use crate::system::{self, CXX, GDB, OBJDUMP, PERF, TMUX};
use crate::{process, project, ui};
use anyhow::{Result, bail};
use std::process::Command;

#[derive(clap::Args)]
pub struct Options {
    /// Run the Python tests only
    #[arg(long, conflicts_with = "rust_only")]
    python_only: bool,
    /// Run the Rust tests only
    #[arg(long)]
    rust_only: bool,
    /// Build the extension without optimization
    #[arg(long)]
    debug: bool,
    /// Passed on to the runner: to pytest, or with --rust-only to cargo's. With arguments for pytest the Rust tests
    /// are left out
    #[arg(last = true)]
    arguments: Vec<String>,
}

impl Options {
    fn rust(&self) -> bool {
        self.rust_only || (!self.python_only && self.arguments.is_empty())
    }

    fn python(&self) -> bool {
        !self.rust_only
    }
}

/// Runs the chosen tests, all of them even if the first ones fail.
pub fn main(options: &Options) -> Result<()> {
    let mut failed = Vec::new();
    if options.rust() && !rust_tests(&options.arguments)? {
        failed.push("the Rust tests");
    }
    if options.python() && !python_tests(&build::build(options.debug)?, &options.arguments)? {
        failed.push("the Python tests");
    }
    if !failed.is_empty() {
        bail!("{} failed", failed.join(" and "));
    }
    Ok(())
}

fn rust_tests(arguments: &[String]) -> Result<bool> {
    // Those of jitdumps record with it.
    system::provide(&[PERF]);
    ui::step("Rust tests");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(project::root());
    cargo.args(["test", "--workspace"]);
    Ok(process::status(cargo.args(arguments))?.success())
}

fn python_tests(built: &Built, arguments: &[String]) -> Result<bool> {
    let tests = project::root().join("tests");
    built.venv.install_requirements(&built.tools, &tests.join("requirements.txt"))?;
    system::provide(&[PERF, GDB, TMUX, CXX, OBJDUMP]);
    ui::step("Python tests");
    let mut pytest = built.venv.command("python");
    pytest.current_dir(project::root()).args(["-m", "pytest"]).args(arguments);
    pytest.env("RJIT_TEST_PYTHON", built.venv.python());
    Ok(process::status(&mut pytest)?.success())
}

#[cfg(test)]
mod tests {
    use super::Options;
    use clap::Parser;

    #[derive(Parser)]
    struct Cli {
        #[command(flatten)]
        options: Options,
    }

    fn chosen(arguments: &[&str]) -> (bool, bool) {
        let options = Cli::try_parse_from([&["test"], arguments].concat()).unwrap().options;
        (options.rust(), options.python())
    }

    #[test]
    fn both_run_unless_something_is_chosen() {
        assert_eq!(chosen(&[]), (true, true));
        assert_eq!(chosen(&["--rust-only"]), (true, false));
        assert_eq!(chosen(&["--python-only"]), (false, true));
    }

    #[test]
    fn arguments_are_for_pytest_unless_told_otherwise() {
        assert_eq!(chosen(&["--", "-k", "nbody"]), (false, true));
        assert_eq!(chosen(&["--rust-only", "--", "decode"]), (true, false));
    }
}
