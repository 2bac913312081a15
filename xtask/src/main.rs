//! Project tasks: `cargo xtask python|build|demo|test|check|regrtest|fuzz|packages|matrix|bench|captures`.
//!
//! A fresh machine has Rust and a C linker, seldom CPython 3.15, so every task first sees to what it needs: the
//! interpreter, the tools that come as Python packages, the virtual environment. All of it lives under the target
//! directory; removing that directory undoes everything.

mod build;
mod check;
mod debian;
mod demo;
mod process;
mod project;
mod pypy;
mod python;
mod suites;
mod system;
mod test;
mod tools;
mod ui;
mod venv;

use anyhow::Result;
use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Tasks of the rjit project.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Print the path of a CPython 3.15 with headers: the one found, or else one provided under the target directory
    Python(python::Options),
    /// Build the extension and the inspector and install them into target/venv
    Build(build::Options),
    /// Run the examples interpreted and compiled, and look at one of them from outside
    Demo(demo::Options),
    /// Build, then run the Rust and the Python tests
    Test(test::Options),
    /// Check formatting and lints of the Rust and the Python code
    Check(check::Options),
    /// Run CPython's own tests interpreted and compiled, and show what differs
    Regrtest(suites::Options),
    /// Run random programs interpreted and compiled, and shrink those that differ
    Fuzz(suites::Options),
    /// Run the tests of well-known packages interpreted and compiled, and show what differs
    Packages(suites::Options),
    /// Have real tools look at a program interpreted and compiled, and show what each of them sees
    Matrix(suites::Options),
    /// Measure rjit and its peers side by side
    Bench(suites::Options),
    /// Make the pictures of the inspector's documentation anew
    Captures(suites::Options),
    /// Print the path of a PyPy: the one found, or else one provided under the target directory
    Pypy,
}

fn main() -> ExitCode {
    match run(Cli::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            ui::error(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<()> {
    match task {
        Task::Python(options) => python::main(&options),
        Task::Build(options) => build::main(&options),
        Task::Demo(options) => demo::main(&options),
        Task::Test(options) => test::main(&options),
        Task::Check(options) => check::main(&options),
        Task::Regrtest(options) => suites::main("regrtest", &options),
        Task::Fuzz(options) => suites::main("fuzz", &options),
        Task::Packages(options) => suites::main("packages", &options),
        Task::Matrix(options) => suites::main("matrix", &options),
        Task::Bench(options) => suites::main("bench", &options),
        Task::Captures(options) => suites::main("captures", &options),
        Task::Pypy => pypy::main(),
    }
}
