//! `rjit-inspect`: shows what the compiler inside a running Python process is doing.
//!
//! It reads the page that the process keeps, and neither stops nor changes the process. Reading the page is
//! `rjit-telemetry`'s, what to make of it is [`model`]'s, what keys do is [`app`]'s, and only [`view`] and [`screen`] know
//! of a terminal.

mod app;
mod args;
mod failure;
mod format;
mod model;
mod report;
#[cfg(test)]
mod sample;
mod screen;
mod theme;
mod view;
mod words;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use rjit_telemetry::{PageView, command_line, list};

use crate::args::{Args, Command};
use crate::failure::Failure;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("rjit-inspect: {failure}");
            failure.exit_code()
        }
    }
}

fn run(args: &Args) -> Result<(), Failure> {
    match (&args.command, args.pid) {
        (Some(Command::List { json }), _) => show_list(*json),
        (None, Some(pid)) => show_process(args, pid),
        (None, None) => unreachable!("the parser asks for a process or a command"),
    }
}

fn show_process(args: &Args, pid: u32) -> Result<(), Failure> {
    let page = PageView::open(pid)?;
    if !args.json && !args.once {
        return screen::run(&page, args.interval);
    }
    let (snapshot, command) = (page.snapshot()?, command_line(pid));
    print(&if args.json { report::json(&snapshot, &command) } else { report::text(&snapshot, &command) })
}

fn show_list(json: bool) -> Result<(), Failure> {
    let listing = list();
    if !json {
        for (_, error) in &listing.unreadable {
            eprintln!("rjit-inspect: {error}");
        }
    }
    print(&if json { report::list_json(&listing) } else { report::list_text(&listing) })
}

/// Prints to standard output. A reader that has seen enough and closed it is no failure.
fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}
