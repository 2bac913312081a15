//! `rjit-inspect`: shows what the compiler inside a running Python process is doing.
//!
//! It reads the page that the process keeps, reads its stacks and samples it, and neither stops nor changes it. Reading the page is
//! `rjit-telemetry`'s, stacks and samples are `rjit-sampling`'s; [`source`] puts both together, for a live process or a
//! recording. What to make of it is [`model`]'s, what keys do is [`app`]'s, and only [`view`] and [`screen`] know
//! of a terminal. [`commands`] are what the program does besides.

mod app;
mod args;
mod commands;
mod failure;
mod format;
mod model;
mod report;
#[cfg(test)]
mod sample;
mod screen;
mod source;
mod theme;
mod view;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::args::Args;

fn main() -> ExitCode {
    match commands::run(Args::parse()) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("rjit-inspect: {failure}");
            failure.exit_code()
        }
    }
}
